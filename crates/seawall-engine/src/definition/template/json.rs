//! From template values to JSON, within bounds: what is too large, too deep or no JSON value is an error before it is built.

use minijinja::value::ValueKind;
use serde_json::{Map, Number, Value};

/// The largest result of one template, in bytes of its JSON text.
pub(super) const MAX_RESULT: usize = 1024 * 1024;
/// The deepest nesting of a result. Readers of JSON give up at 128, and outputs stand inside events.
pub(super) const MAX_DEPTH: usize = 96;

/// Why a value was not taken over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Refused {
    TooLarge,
    Invalid(String),
}

impl From<String> for Refused {
    fn from(message: String) -> Self {
        Self::Invalid(message)
    }
}

/// What is left of the bound.
pub(super) struct Meter {
    left: usize,
}

impl Meter {
    pub(super) const fn new(bytes: usize) -> Self {
        Self { left: bytes }
    }

    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), Refused> {
        self.left = self.left.checked_sub(bytes).ok_or(Refused::TooLarge)?;
        Ok(())
    }

    fn spend_string(&mut self, text: &str) -> Result<(), Refused> {
        self.spend(text.len() + 2)?;
        let escaped = text.bytes().map(|b| match b {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 1,
            0..=0x1f => 5,
            _ => 0,
        });
        self.spend(escaped.sum())
    }

    /// Pays for a copy of `value`, `depth` levels down.
    pub(super) fn spend_value(&mut self, value: &Value, depth: usize) -> Result<(), Refused> {
        check_depth(depth)?;
        match value {
            Value::Null | Value::Bool(true) => self.spend(4),
            Value::Bool(false) => self.spend(5),
            Value::Number(_) => self.spend(8),
            Value::String(text) => self.spend_string(text),
            Value::Array(items) => {
                self.spend(items.len() + 2)?;
                items.iter().try_for_each(|item| self.spend_value(item, depth + 1))
            }
            Value::Object(fields) => {
                self.spend(2 * fields.len() + 2)?;
                for (name, value) in fields {
                    self.spend_string(name)?;
                    self.spend_value(value, depth + 1)?;
                }
                Ok(())
            }
        }
    }
}

fn check_depth(depth: usize) -> Result<(), Refused> {
    if depth > MAX_DEPTH {
        return Err(Refused::Invalid(format!("the value is nested deeper than {MAX_DEPTH}")));
    }
    Ok(())
}

/// The JSON of a template value, `depth` levels down.
pub(super) fn to_json(value: &minijinja::Value, meter: &mut Meter, depth: usize) -> Result<Value, Refused> {
    check_depth(depth)?;
    match value.kind() {
        ValueKind::None => meter.spend(4).map(|()| Value::Null),
        ValueKind::Bool => meter.spend(5).map(|()| Value::Bool(value.is_true())),
        ValueKind::Number => {
            meter.spend(8)?;
            number(value).map(Value::Number)
        }
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            meter.spend_string(text)?;
            Ok(Value::String(text.to_owned()))
        }
        ValueKind::Seq | ValueKind::Iterable => {
            meter.spend(2)?;
            let mut items = Vec::new();
            for item in value.try_iter().map_err(explain)? {
                meter.spend(1)?;
                items.push(to_json(&item, meter, depth + 1)?);
            }
            Ok(Value::Array(items))
        }
        ValueKind::Map => {
            meter.spend(2)?;
            let mut fields = Map::new();
            for key in value.try_iter().map_err(explain)? {
                let name = key.as_str().ok_or_else(|| {
                    Refused::Invalid(format!("the keys of an object are strings, not {}", key.kind()))
                })?;
                meter.spend(2)?;
                meter.spend_string(name)?;
                let entry = value.get_item(&key).map_err(explain)?;
                fields.insert(name.to_owned(), to_json(&entry, meter, depth + 1)?);
            }
            Ok(Value::Object(fields))
        }
        ValueKind::Undefined => Err(Refused::Invalid("the value is not defined".to_owned())),
        other => Err(Refused::Invalid(format!("{other} is no JSON value"))),
    }
}

/// The text of a value inside other text: strings as they are, everything else as compact JSON.
pub(super) fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn number(value: &minijinja::Value) -> Result<Number, Refused> {
    if value.is_integer() {
        return i64::try_from(value.clone())
            .map(Number::from)
            .or_else(|_| u64::try_from(value.clone()).map(Number::from))
            .map_err(|_| Refused::Invalid("the number has more than 64 bits".to_owned()));
    }
    f64::try_from(value.clone())
        .ok()
        .and_then(Number::from_f64)
        .ok_or_else(|| Refused::Invalid("the number is not finite".to_owned()))
}

/// An error of minijinja, for the author. Its positions speak of the translated text, so they are left out.
#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
pub(super) fn explain(error: minijinja::Error) -> Refused {
    use std::error::Error as _;

    let mut message = error
        .detail()
        .map_or_else(|| error.kind().to_string(), ToOwned::to_owned);
    let mut source = error.source();
    while let Some(cause) = source {
        message.push_str(": ");
        let cause_text = cause
            .downcast_ref::<minijinja::Error>()
            .and_then(minijinja::Error::detail)
            .map_or_else(|| cause.to_string(), ToOwned::to_owned);
        message.push_str(&cause_text);
        source = cause.source();
    }
    Refused::Invalid(message)
}
