//! A JSON value that many places hold: inputs, outputs, map items.

use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use serde_json::Value;

struct Inner {
    json: Value,
    template: OnceLock<minijinja::Value>,
}

/// A shared, immutable JSON value. Cloning is cheap. Its form for templates is made on first use and kept, so that a big
/// output that no template looks at is never converted.
#[derive(Clone)]
pub struct Datum(Arc<Inner>);

impl Datum {
    #[must_use]
    pub fn new(json: Value) -> Self {
        Self(Arc::new(Inner {
            json,
            template: OnceLock::new(),
        }))
    }

    #[must_use]
    pub fn null() -> Self {
        static NULL: LazyLock<Datum> = LazyLock::new(|| Datum::new(Value::Null));
        NULL.clone()
    }

    #[must_use]
    pub fn json(&self) -> &Value {
        &self.0.json
    }

    /// About how many bytes it is as JSON text, without writing it.
    #[must_use]
    pub fn weight(&self) -> usize {
        weight(self.json())
    }

    /// The value as templates see it.
    #[must_use]
    pub fn template(&self) -> minijinja::Value {
        self.0
            .template
            .get_or_init(|| minijinja::Value::from(minijinja::value::Serde(&self.0.json)))
            .clone()
    }
}

impl From<Value> for Datum {
    fn from(json: Value) -> Self {
        Self::new(json)
    }
}

impl PartialEq for Datum {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.json == other.0.json
    }
}

impl fmt::Debug for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.json, f)
    }
}

/// About how many bytes a value is as JSON text, without writing it.
#[must_use]
pub(crate) fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(|item| weight(item) + 1).sum::<usize>(),
        Value::Object(fields) => {
            2 + fields
                .iter()
                .map(|(key, item)| key.len() + 4 + weight(item))
                .sum::<usize>()
        }
    }
}

/// Bytes of JSON, about: the input of a run, the output of a step, the payload of a signal.
pub(crate) const MAX_VALUE: usize = 1024 * 1024;
/// Levels. Templates put a value into others, up to 32 levels more, and the journal reads back no more than 100.
pub(crate) const MAX_DEPTH: usize = 64;

/// Why a value is refused: its code and a message.
pub(crate) fn excess(value: &Value) -> Option<(&'static str, &'static str)> {
    if weight(value) > MAX_VALUE {
        return Some(("too-large", "is more than 1 MiB of JSON"));
    }
    deeper_than(value, MAX_DEPTH).then_some(("too-deep", "is nested more than 64 levels deep"))
}

/// Whether a value is nested more than `levels` deep.
pub(crate) fn deeper_than(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(|item| deeper_than(item, levels - 1)),
        Value::Object(fields) => levels == 0 || fields.values().any(|field| deeper_than(field, levels - 1)),
        _ => false,
    }
}
