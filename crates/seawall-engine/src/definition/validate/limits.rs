//! Bounds that hold before anything is looked at: size, depth, and the length of keys.

use serde_json::Value;

use crate::definition::parse::{MAX_KEY_BYTES, MAX_NESTING, MAX_SOURCE_BYTES};
use crate::definition::place::Place;
use crate::definition::report::Report;

/// The canonical text of a definition that is small enough to be looked at. A definition that is not is refused as a whole:
/// pointers into it would be as large as it is.
pub(super) fn canonical(value: &Value, report: &mut Report) -> Option<String> {
    if depth_exceeds(value, MAX_NESTING) {
        let message = format!("arrays and objects nest at most {MAX_NESTING} deep");
        report.error(&Place::Root, "too-deep", message);
        return None;
    }
    if has_long_key(value) {
        let message = format!("a key is at most {MAX_KEY_BYTES} bytes long");
        report.error(&Place::Root, "key-too-long", message);
        return None;
    }
    let text = value.to_string();
    if text.len() > MAX_SOURCE_BYTES {
        report.error(&Place::Root, "too-large", "a definition is at most 256 KiB large");
        return None;
    }
    Some(text)
}

fn depth_exceeds(value: &Value, left: usize) -> bool {
    match value {
        Value::Array(items) => left == 0 || items.iter().any(|item| depth_exceeds(item, left - 1)),
        Value::Object(fields) => left == 0 || fields.values().any(|field| depth_exceeds(field, left - 1)),
        _ => false,
    }
}

fn has_long_key(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_long_key),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, field)| name.len() > MAX_KEY_BYTES || has_long_key(field)),
        _ => false,
    }
}
