//! Reading a rendered `with`. Validation has seen its shape, but a template may still have given anything.

use seawall_engine::StepError;
use serde_json::{Map, Value};

/// The fields of a `with`. Messages name fields, never values: a value may hold a secret.
pub(crate) struct Fields<'a>(&'a Map<String, Value>);

pub(crate) fn invalid(message: impl Into<String>) -> StepError {
    StepError::permanent("invalid-request", message)
}

/// Strings, and what has one obvious text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl<'a> Fields<'a> {
    pub(crate) fn of(with: &'a Value) -> Result<Self, StepError> {
        with.as_object()
            .map(Self)
            .ok_or_else(|| invalid("`with` is not an object"))
    }

    /// The field, if it is there; null counts.
    pub(crate) fn any(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }

    /// The field, if it is there and not null.
    fn given(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, StepError> {
        let Some(value) = self.given(name) else {
            return Ok(None);
        };
        scalar(value)
            .map(Some)
            .ok_or_else(|| invalid(format!("`{name}` is not a string")))
    }

    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, StepError> {
        let Some(value) = self.given(name) else {
            return Ok(Vec::new());
        };
        let texts = value
            .as_array()
            .and_then(|items| items.iter().map(scalar).collect::<Option<Vec<_>>>());
        texts.ok_or_else(|| invalid(format!("`{name}` is not a list of strings")))
    }

    pub(crate) fn text_map(&self, name: &str) -> Result<Vec<(&'a str, String)>, StepError> {
        let Some(value) = self.given(name) else {
            return Ok(Vec::new());
        };
        let Some(entries) = value.as_object() else {
            return Err(invalid(format!("`{name}` is not an object")));
        };
        let read = |(key, value): (&'a String, &'a Value)| {
            let text = scalar(value).ok_or_else(|| invalid(format!("`{name}.{key}` is not a string")))?;
            Ok((key.as_str(), text))
        };
        entries.iter().map(read).collect()
    }

    pub(crate) fn integers(&self, name: &str) -> Result<Vec<u64>, StepError> {
        let Some(value) = self.given(name) else {
            return Ok(Vec::new());
        };
        let integers = value
            .as_array()
            .and_then(|items| items.iter().map(Value::as_u64).collect::<Option<Vec<_>>>());
        integers.ok_or_else(|| invalid(format!("`{name}` is not a list of whole numbers")))
    }
}
