//! Operators as functions that are paid for.
//!
//! minijinja's own `*` repeats strings, `~` and `+` copy, and comparisons walk both sides, none of it counted by fuel. The
//! grammar writes these operators as calls to the functions here; authors cannot write their names.

#![expect(clippy::needless_pass_by_value, reason = "minijinja hands arguments over by value")]

use std::cmp::Ordering;

use minijinja::value::{Rest, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use super::allowance::{ENTRY, charge, charge_deep};
use super::json::{MAX_RESULT, Meter, Refused, text_of, to_json};

pub(super) fn install(environment: &mut Environment<'_>) {
    environment.add_function("__plus", plus);
    environment.add_function("__times", times);
    environment.add_function("__concat", concat);
    environment.add_function("__eq", |state: &mut State<'_, '_>, a: Value, b: Value| {
        equal(state, &a, &b)
    });
    environment.add_function("__ne", |state: &mut State<'_, '_>, a: Value, b: Value| {
        equal(state, &a, &b).map(|equal| !equal)
    });
    environment.add_function("__lt", |state: &mut State<'_, '_>, a: Value, b: Value| {
        order(state, &a, &b).map(Ordering::is_lt)
    });
    environment.add_function("__le", |state: &mut State<'_, '_>, a: Value, b: Value| {
        order(state, &a, &b).map(Ordering::is_le)
    });
    environment.add_function("__gt", |state: &mut State<'_, '_>, a: Value, b: Value| {
        order(state, &a, &b).map(Ordering::is_gt)
    });
    environment.add_function("__ge", |state: &mut State<'_, '_>, a: Value, b: Value| {
        order(state, &a, &b).map(Ordering::is_ge)
    });
    environment.add_function("__in", |state: &mut State<'_, '_>, a: Value, b: Value| {
        contains(state, &a, &b)
    });
    environment.add_function("range", range);
}

pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

fn defined(value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(Error::new(ErrorKind::UndefinedError, "a value is not defined"));
    }
    Ok(())
}

/// The text of a value as it stands inside other text, paid for.
pub(super) fn text(state: &mut State<'_, '_>, value: &Value) -> Result<String, Error> {
    defined(value)?;
    let text = match value.as_str() {
        Some(text) => text.to_owned(),
        None => {
            let mut meter = Meter::new(MAX_RESULT);
            let json = to_json(value, &mut meter, 0).map_err(|refused| match refused {
                Refused::TooLarge => invalid("the text would be larger than 1 MiB"),
                Refused::Invalid(message) => invalid(message),
            })?;
            text_of(json)
        }
    };
    charge(state, text.len())?;
    Ok(text)
}

/// Numbers are added, strings put together, lists joined.
fn plus(state: &mut State<'_, '_>, terms: Rest<Value>) -> Result<Value, Error> {
    let Some(first) = terms.first() else {
        return Err(invalid("`+` without terms"));
    };
    match first.kind() {
        ValueKind::Number => terms
            .iter()
            .skip(1)
            .try_fold(first.clone(), |sum, term| arithmetic('+', &sum, term)),
        ValueKind::String => {
            let mut whole = String::new();
            for term in terms.iter() {
                let part = term.as_str().ok_or_else(|| {
                    invalid(format!(
                        "`+` cannot add {} to a string; use `~` to put texts together",
                        term.kind()
                    ))
                })?;
                charge(state, part.len())?;
                whole.push_str(part);
            }
            Ok(Value::from(whole))
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let mut whole = Vec::new();
            for term in terms.iter() {
                if !matches!(term.kind(), ValueKind::Seq | ValueKind::Iterable) {
                    return Err(invalid(format!("`+` cannot add {} to a list", term.kind())));
                }
                for item in term.try_iter()? {
                    charge(state, ENTRY)?;
                    whole.push(item);
                }
            }
            Ok(Value::from(whole))
        }
        ValueKind::Undefined => defined(first).map(|()| Value::UNDEFINED),
        other => Err(invalid(format!("`+` cannot add to {other}"))),
    }
}

fn times(terms: Rest<Value>) -> Result<Value, Error> {
    let Some(first) = terms.first() else {
        return Err(invalid("`*` without factors"));
    };
    terms
        .iter()
        .skip(1)
        .try_fold(first.clone(), |product, term| arithmetic('*', &product, term))
}

/// Integers stay exact; what overflows 128 bits is an error.
pub(super) fn arithmetic(operator: char, a: &Value, b: &Value) -> Result<Value, Error> {
    for side in [a, b] {
        defined(side)?;
        if side.kind() != ValueKind::Number {
            return Err(invalid(format!("`{operator}` needs numbers here, not {}", side.kind())));
        }
    }
    if a.is_integer() && b.is_integer() {
        let (a, b) = (i128::try_from(a.clone())?, i128::try_from(b.clone())?);
        let result = if operator == '+' {
            a.checked_add(b)
        } else {
            a.checked_mul(b)
        };
        return result
            .map(Value::from)
            .ok_or_else(|| invalid(format!("the result of `{operator}` is too large")));
    }
    let (a, b) = (f64::try_from(a.clone())?, f64::try_from(b.clone())?);
    Ok(Value::from(if operator == '+' { a + b } else { a * b }))
}

fn concat(state: &mut State<'_, '_>, terms: Rest<Value>) -> Result<Value, Error> {
    let mut whole = String::new();
    for term in terms.iter() {
        whole.push_str(&text(state, term)?);
    }
    Ok(Value::from(whole))
}

pub(super) fn equal(state: &mut State<'_, '_>, a: &Value, b: &Value) -> Result<bool, Error> {
    defined(a)?;
    defined(b)?;
    charge_deep(state, a)?;
    charge_deep(state, b)?;
    Ok(a == b)
}

/// Numbers with numbers, strings with strings.
pub(super) fn order(state: &mut State<'_, '_>, a: &Value, b: &Value) -> Result<Ordering, Error> {
    defined(a)?;
    defined(b)?;
    if a.kind() != b.kind() || !matches!(a.kind(), ValueKind::Number | ValueKind::String) {
        return Err(invalid(format!("{} and {} have no order", a.kind(), b.kind())));
    }
    charge_deep(state, a)?;
    charge_deep(state, b)?;
    Ok(a.cmp(b))
}

/// An entry of a list, a key of an object, a part of a string.
pub(super) fn contains(state: &mut State<'_, '_>, needle: &Value, whole: &Value) -> Result<bool, Error> {
    defined(needle)?;
    defined(whole)?;
    charge_deep(state, needle)?;
    match whole.kind() {
        ValueKind::String => {
            charge_deep(state, whole)?;
            let part = needle
                .as_str()
                .ok_or_else(|| invalid(format!("a string contains strings, not {}", needle.kind())))?;
            Ok(whole.as_str().is_some_and(|whole| whole.contains(part)))
        }
        ValueKind::Map => Ok(!whole.get_item(needle)?.is_undefined()),
        ValueKind::Seq | ValueKind::Iterable => {
            for item in whole.try_iter()? {
                charge_deep(state, &item)?;
                if item == *needle {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        other => Err(invalid(format!("{other} contains nothing"))),
    }
}

/// `range(end)`, `range(start, end)`, `range(start, end, step)`: at most 10,000 numbers, what a map can take.
fn range(start: i64, end: Option<i64>, step: Option<i64>) -> Result<Value, Error> {
    const MOST: usize = 10_000;
    let (start, end) = end.map_or((0, start), |end| (start, end));
    let step = step.unwrap_or(1);
    let mut numbers = Vec::new();
    let mut next = i128::from(start);
    while step != 0
        && if step > 0 {
            next < i128::from(end)
        } else {
            next > i128::from(end)
        }
    {
        if numbers.len() == MOST {
            return Err(invalid(format!("a range has at most {MOST} numbers")));
        }
        numbers.push(Value::from(next));
        next += i128::from(step);
    }
    if step == 0 {
        return Err(invalid("the step of a range is not 0"));
    }
    Ok(Value::from(numbers))
}
