use std::collections::BTreeMap;

use seawall_guard::redaction::redact;

use super::error::ConfigError;
use super::values::Parsed;

/// Reads typed values out of the map and collects what is wrong with them.
pub(super) struct Reader<'a> {
    map: &'a BTreeMap<String, String>,
    errors: Vec<ConfigError>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(map: &'a BTreeMap<String, String>) -> Self {
        Self {
            map,
            errors: Vec::new(),
        }
    }

    /// The value as it is written. An empty one counts as not set.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.map
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// The parsed value; the default where it is not set or not valid (an error is then kept).
    pub(super) fn value<T>(&mut self, name: &str, default: T, parse: impl FnOnce(&str) -> Parsed<T>) -> T {
        let Some(text) = self.text(name) else {
            return default;
        };
        match parse(text) {
            Ok(value) => value,
            Err(message) => {
                self.refuse(name, format!("{:?} is not valid: {}", shown(text), redact(&message)));
                default
            }
        }
    }

    pub(super) fn refuse(&mut self, variable: &str, message: impl Into<String>) {
        self.errors.push(ConfigError {
            variable: variable.to_owned(),
            message: message.into(),
        });
    }

    pub(super) fn into_errors(self) -> Vec<ConfigError> {
        self.errors
    }
}

/// A value as an error may repeat it: addresses may hold passwords, and keys in their queries.
fn shown(text: &str) -> String {
    let clean = redact(text);
    match clean.split_once('?') {
        Some((address, _)) => format!("{address}?…"),
        None => clean.into_owned(),
    }
}
