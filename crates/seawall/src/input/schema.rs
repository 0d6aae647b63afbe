//! What an input schema says of one property: as much as the command line needs.

use serde_json::Value;

/// The input schema of a definition.
#[derive(Clone, Copy)]
pub(super) struct Schema<'a>(Option<&'a Value>);

impl<'a> Schema<'a> {
    pub(super) const fn new(schema: Option<&'a Value>) -> Self {
        Self(schema)
    }

    /// The declared properties.
    pub(super) fn names(self) -> impl Iterator<Item = &'a str> {
        let properties = self
            .0
            .and_then(|schema| schema.get("properties"))
            .and_then(Value::as_object);
        properties
            .into_iter()
            .flat_map(|properties| properties.keys().map(String::as_str))
    }

    /// Whether a property of that name can be judged unknown: other names are not described by patterns.
    pub(super) fn is_unknown(self, name: &str) -> bool {
        let patterns = self.0.is_some_and(|schema| schema.get("patternProperties").is_some());
        let mut names = self.names().peekable();
        names.peek().is_some() && !patterns && names.all(|known| known != name)
    }

    /// Whether unknown properties are refused.
    pub(super) fn is_closed(self) -> bool {
        let more = self.0.and_then(|schema| schema.get("additionalProperties"));
        more == Some(&Value::Bool(false))
    }

    /// The schema of a property, through one local reference.
    pub(super) fn property(self, name: &str) -> Option<&'a Value> {
        let root = self.0?;
        let found = root.get("properties")?.get(name)?;
        match found.get("$ref").and_then(Value::as_str) {
            Some(reference) => reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer)),
            None => Some(found),
        }
    }
}

/// The types that a property may have, narrowest first; empty if the schema does not say.
pub(super) fn types(property: &Value) -> Vec<&str> {
    const ORDER: [&str; 7] = ["null", "boolean", "integer", "number", "array", "object", "string"];
    let mut named: Vec<&str> = match property.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => ["anyOf", "oneOf"]
            .iter()
            .filter_map(|word| property.get(word)?.as_array())
            .flatten()
            .flat_map(types)
            .collect(),
    };
    named.sort_by_key(|name| ORDER.iter().position(|known| known == name));
    named.dedup();
    named
}
