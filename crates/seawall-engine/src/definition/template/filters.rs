//! The filters. minijinja's where they neither multiply their input nor walk it unpaid, our own where they would:
//! `format`, `indent`, `replace`, `batch` and `slice` are left out, `join`, `split`, `tojson` and `sum` are rewritten.

#![expect(clippy::needless_pass_by_value, reason = "minijinja hands arguments over by value")]

use std::collections::BTreeMap;

use minijinja::value::{Kwargs, Rest, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, State, Value, filters};

use super::allowance::{ENTRY, charge, charge_deep, charge_shallow};
use super::guarded::{arithmetic, invalid, text};
use super::json::{MAX_RESULT, Meter, Refused, to_json};

type Scope<'a, 'b> = State<'a, 'b>;

pub(super) fn install(environment: &mut Environment<'_>) {
    environment.add_filter("abs", filters::abs);
    environment.add_filter("bool", filters::bool);
    environment.add_filter("default", filters::default);
    environment.add_filter("d", filters::default);
    environment.add_filter("round", filters::round);
    environment.add_filter("first", first);
    environment.add_filter("last", last);
    environment.add_filter("length", length);
    environment.add_filter("count", length);
    environment.add_filter("int", int);
    environment.add_filter("float", float);
    environment.add_filter("string", string);
    environment.add_filter("tojson", tojson);
    environment.add_filter("fromjson", fromjson);
    install_texts(environment);
    install_lists(environment);
}

fn install_texts(environment: &mut Environment<'_>) {
    environment.add_filter("upper", |state: &mut Scope<'_, '_>, value: &Value| {
        text_filter(state, value, str::to_uppercase)
    });
    environment.add_filter("lower", |state: &mut Scope<'_, '_>, value: &Value| {
        text_filter(state, value, str::to_lowercase)
    });
    environment.add_filter("capitalize", |state: &mut Scope<'_, '_>, value: &Value| {
        text_filter(state, value, capitalize)
    });
    environment.add_filter("trim", trim);
    environment.add_filter("split", split);
    environment.add_filter("lines", lines);
    environment.add_filter("join", join);
}

fn install_lists(environment: &mut Environment<'_>) {
    environment.add_filter("list", list);
    environment.add_filter("reverse", reverse);
    environment.add_filter("items", items);
    environment.add_filter("keys", keys);
    environment.add_filter("values", values);
    environment.add_filter("sum", sum);
    environment.add_filter("min", |state: &mut Scope<'_, '_>, value: Value, kwargs: Kwargs| {
        charge_deep(state, &value)?;
        filters::min(state, value, kwargs)
    });
    environment.add_filter("max", |state: &mut Scope<'_, '_>, value: Value, kwargs: Kwargs| {
        charge_deep(state, &value)?;
        filters::max(state, value, kwargs)
    });
    environment.add_filter("sort", |state: &mut Scope<'_, '_>, value: Value, kwargs: Kwargs| {
        charge_deep(state, &value)?;
        filters::sort(state, value, kwargs)
    });
    environment.add_filter("unique", |state: &mut Scope<'_, '_>, value: Value, kwargs: Kwargs| {
        charge_deep(state, &value)?;
        filters::unique(state, value, kwargs)
    });
    environment.add_filter(
        "dictsort",
        |state: &mut Scope<'_, '_>, value: &Value, kwargs: Kwargs| {
            charge_deep(state, value)?;
            filters::dictsort(value, kwargs)
        },
    );
    environment.add_filter("groupby", groupby);
    environment.add_filter("map", map);
    environment.add_filter("select", select);
    environment.add_filter("reject", reject);
    environment.add_filter("selectattr", selectattr);
    environment.add_filter("rejectattr", rejectattr);
}

fn as_text<'v>(value: &'v Value, filter: &str) -> Result<&'v str, Error> {
    value
        .as_str()
        .ok_or_else(|| invalid(format!("`{filter}` needs a string, not {}", value.kind())))
}

fn text_filter(state: &mut Scope<'_, '_>, value: &Value, change: impl Fn(&str) -> String) -> Result<Value, Error> {
    let text = as_text(value, "this filter")?;
    // Changing the case can make a text up to three times as long.
    charge(state, ENTRY + 3 * text.len())?;
    Ok(Value::from(change(text)))
}

fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect()
    })
}

fn trim(state: &mut Scope<'_, '_>, value: &Value, characters: Option<&str>) -> Result<Value, Error> {
    text_filter(state, value, |text| match characters {
        Some(characters) => text.trim_matches(|c| characters.contains(c)).to_owned(),
        None => text.trim().to_owned(),
    })
}

/// At a separator, or at runs of white space.
fn split(
    state: &mut Scope<'_, '_>,
    value: &Value,
    separator: Option<&str>,
    most: Option<usize>,
) -> Result<Value, Error> {
    let text = as_text(value, "split")?;
    let most = most.map_or(usize::MAX, |splits| splits.saturating_add(1));
    match separator {
        Some("") => Err(invalid("`split` needs a separator that is not empty")),
        Some(separator) => collect_texts(state, text.splitn(most, separator)),
        None => collect_texts(state, text.split_whitespace().take(most)),
    }
}

fn lines(state: &mut Scope<'_, '_>, value: &Value) -> Result<Value, Error> {
    collect_texts(state, as_text(value, "lines")?.lines())
}

fn collect_texts<'t>(state: &mut Scope<'_, '_>, parts: impl Iterator<Item = &'t str>) -> Result<Value, Error> {
    let mut list = Vec::new();
    for part in parts {
        charge(state, part.len() + 2 * ENTRY)?;
        list.push(Value::from(part));
    }
    Ok(Value::from(list))
}

fn join(state: &mut Scope<'_, '_>, value: &Value, separator: Option<&str>) -> Result<Value, Error> {
    let separator = separator.unwrap_or_default();
    if !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return Err(invalid(format!("`join` needs a list, not {}", value.kind())));
    }
    let mut whole = String::new();
    for (at, item) in value.try_iter()?.enumerate() {
        if at > 0 {
            charge(state, separator.len())?;
            whole.push_str(separator);
        }
        charge(state, ENTRY)?;
        whole.push_str(&text(state, &item)?);
    }
    Ok(Value::from(whole))
}

fn string(state: &mut Scope<'_, '_>, value: &Value) -> Result<Value, Error> {
    text(state, value).map(Value::from)
}

fn tojson(state: &mut Scope<'_, '_>, value: &Value) -> Result<Value, Error> {
    let mut meter = Meter::new(MAX_RESULT);
    let json = to_json(value, &mut meter, 0).map_err(|refused| match refused {
        Refused::TooLarge => invalid("the JSON text would be larger than 1 MiB"),
        Refused::Invalid(message) => invalid(message),
    })?;
    let json = json.to_string();
    charge(state, json.len())?;
    Ok(Value::from(json))
}

/// What programs print is often JSON.
fn fromjson(state: &mut Scope<'_, '_>, value: &Value) -> Result<Value, Error> {
    let text = as_text(value, "fromjson")?;
    // An empty list takes two bytes of text and dozens in memory.
    charge(state, ENTRY + text.len().saturating_mul(16))?;
    let json: serde_json::Value =
        serde_json::from_str(text).map_err(|error| invalid(format!("`fromjson`: the text is no JSON: {error}")))?;
    Ok(Value::from(minijinja::value::Serde(&json)))
}

fn first(value: &Value) -> Result<Value, Error> {
    filters::first(value)
}

fn last(state: &mut Scope<'_, '_>, value: Value) -> Result<Value, Error> {
    if value.kind() == ValueKind::Iterable {
        charge_shallow(state, &value)?;
    }
    if let (ValueKind::Seq, Some(length)) = (value.kind(), value.len()) {
        return length
            .checked_sub(1)
            .map_or(Ok(Value::UNDEFINED), |last| value.get_item_by_index(last));
    }
    filters::last(value)
}

fn length(state: &mut Scope<'_, '_>, value: &Value) -> Result<usize, Error> {
    if value.kind() == ValueKind::String {
        charge_shallow(state, value)?;
    }
    filters::length(value)
}

fn int(
    state: &mut Scope<'_, '_>,
    value: &Value,
    default: Option<Value>,
    base: Option<u32>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    charge_shallow(state, value)?;
    filters::int(state, value, default, base, kwargs)
}

fn float(state: &mut Scope<'_, '_>, value: &Value, default: Option<Value>, kwargs: Kwargs) -> Result<Value, Error> {
    charge_shallow(state, value)?;
    filters::float(state, value, default, kwargs)
}

fn collect(state: &mut Scope<'_, '_>, value: &Value) -> Result<Vec<Value>, Error> {
    if value.is_undefined() {
        return Err(invalid("the value is not defined"));
    }
    let mut entries = Vec::new();
    for item in value.try_iter()? {
        charge(state, ENTRY)?;
        entries.push(item);
    }
    Ok(entries)
}

fn list(state: &mut Scope<'_, '_>, value: &Value) -> Result<Value, Error> {
    match value.as_str() {
        Some(text) => {
            charge(state, text.len().saturating_mul(2 * ENTRY))?;
            Ok(text.chars().map(Value::from).collect::<Vec<_>>().into())
        }
        None => collect(state, value).map(Value::from),
    }
}

fn reverse(state: &mut Scope<'_, '_>, value: &Value) -> Result<Value, Error> {
    if value.as_str().is_some() {
        return text_filter(state, value, |text| text.chars().rev().collect());
    }
    let mut entries = collect(state, value)?;
    entries.reverse();
    Ok(Value::from(entries))
}

fn pairs(state: &mut Scope<'_, '_>, value: &Value, filter: &str) -> Result<BTreeMap<Value, Value>, Error> {
    if value.kind() != ValueKind::Map {
        return Err(invalid(format!("`{filter}` needs an object, not {}", value.kind())));
    }
    let mut pairs = BTreeMap::new();
    for key in value.try_iter()? {
        charge(state, 3 * ENTRY)?;
        let entry = value.get_item(&key)?;
        pairs.insert(key, entry);
    }
    Ok(pairs)
}

fn items(state: &mut Scope<'_, '_>, value: &Value) -> Result<Value, Error> {
    let pairs = pairs(state, value, "items")?;
    Ok(pairs
        .into_iter()
        .map(|(key, entry)| Value::from(vec![key, entry]))
        .collect::<Vec<_>>()
        .into())
}

fn keys(state: &mut Scope<'_, '_>, value: &Value) -> Result<Value, Error> {
    Ok(pairs(state, value, "keys")?.into_keys().collect::<Vec<_>>().into())
}

fn values(state: &mut Scope<'_, '_>, value: &Value) -> Result<Value, Error> {
    Ok(pairs(state, value, "values")?.into_values().collect::<Vec<_>>().into())
}

/// Of numbers only. `attribute` as in minijinja; `start` is 0.
fn sum(state: &mut Scope<'_, '_>, value: Value, attribute: Option<&str>, kwargs: Kwargs) -> Result<Value, Error> {
    let attribute = match attribute {
        Some(attribute) => Some(attribute),
        None => kwargs.get::<Option<&str>>("attribute")?,
    };
    kwargs.assert_all_used()?;
    let entries = match attribute {
        Some(attribute) => {
            charge_shallow(state, &value)?;
            let by_attribute = Kwargs::from_iter([("attribute", Value::from(attribute))]);
            filters::map(state, value, Rest(vec![ValueOrKwargs::from(Value::from(by_attribute))]))?
        }
        None => collect(state, &value)?,
    };
    entries
        .iter()
        .try_fold(Value::from(0), |sum, entry| arithmetic('+', &sum, entry))
}

/// A list of `{key, items}`, ordered by key.
fn groupby(state: &mut Scope<'_, '_>, value: Value, attribute: &str) -> Result<Value, Error> {
    charge_deep(state, &value)?;
    let mut groups: BTreeMap<Value, Vec<Value>> = BTreeMap::new();
    let by_attribute = Kwargs::from_iter([("attribute", Value::from(attribute))]);
    let keys = filters::map(
        state,
        value.clone(),
        Rest(vec![ValueOrKwargs::from(Value::from(by_attribute))]),
    )?;
    for (key, item) in keys.into_iter().zip(value.try_iter()?) {
        if key.is_undefined() {
            return Err(invalid(format!("`groupby`: an entry has no `{attribute}`")));
        }
        groups.entry(key).or_default().push(item);
    }
    Ok(groups
        .into_iter()
        .map(|(key, items)| Value::from_pairs([("key", key), ("items", Value::from(items))]))
        .collect::<Vec<_>>()
        .into())
}

fn map(state: &mut Scope<'_, '_>, value: Value, arguments: Rest<ValueOrKwargs>) -> Result<Vec<Value>, Error> {
    charge_shallow(state, &value)?;
    filters::map(state, value, arguments)
}

type TestName = Option<String>;

fn select(
    state: &mut Scope<'_, '_>,
    value: Value,
    test: TestName,
    arguments: Rest<ValueOrKwargs>,
) -> Result<Vec<Value>, Error> {
    charge_shallow(state, &value)?;
    filters::select(state, value, test.map(Into::into), arguments)
}

fn reject(
    state: &mut Scope<'_, '_>,
    value: Value,
    test: TestName,
    arguments: Rest<ValueOrKwargs>,
) -> Result<Vec<Value>, Error> {
    charge_shallow(state, &value)?;
    filters::reject(state, value, test.map(Into::into), arguments)
}

fn selectattr(
    state: &mut Scope<'_, '_>,
    value: Value,
    attribute: String,
    test: TestName,
    arguments: Rest<ValueOrKwargs>,
) -> Result<Vec<Value>, Error> {
    charge_shallow(state, &value)?;
    filters::selectattr(state, value, attribute.into(), test.map(Into::into), arguments)
}

fn rejectattr(
    state: &mut Scope<'_, '_>,
    value: Value,
    attribute: String,
    test: TestName,
    arguments: Rest<ValueOrKwargs>,
) -> Result<Vec<Value>, Error> {
    charge_shallow(state, &value)?;
    filters::rejectattr(state, value, attribute.into(), test.map(Into::into), arguments)
}
