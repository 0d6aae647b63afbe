//! Serde's errors as field errors. Serde tells what is wrong only in its message, whose beginnings are stable.

use crate::problem::{FieldError, Pointer};

/// The error at `path`. A missing field is pointed at as if it were there.
pub(super) fn field_error(path: &serde_path_to_error::Path, message: &str) -> FieldError {
    let message = without_position(message);
    let mut pointer = Pointer::of_path(path);
    let code = code(message);
    if let Some(name) = quoted(message) {
        let is_below = match code {
            // Noticed when the object is looked at as a whole.
            "required" | "duplicate-field" => true,
            // Noticed at the field itself, but for those of query strings.
            "unknown-field" => pointer.last().as_deref() != Some(name),
            _ => false,
        };
        if is_below {
            pointer = pointer.key(name);
        }
    }
    FieldError::new(&pointer, code, in_plain_words(message))
}

/// Serde names the Rust type that it was filling; who sends JSON knows objects and lists.
fn in_plain_words(message: &str) -> String {
    match message.rsplit_once(", expected struct ") {
        Some((text, _)) => format!("{text}, expected an object"),
        None => message.to_owned(),
    }
}

fn code(message: &str) -> &'static str {
    let known = [
        ("missing field", "required"),
        ("unknown field", "unknown-field"),
        ("unknown variant", "unknown-value"),
        ("duplicate field", "duplicate-field"),
        ("invalid type", "invalid-type"),
        ("invalid length", "invalid-length"),
    ];
    known
        .iter()
        .find(|(beginning, _)| message.starts_with(beginning))
        .map_or("invalid-value", |(_, code)| code)
}

fn quoted(message: &str) -> Option<&str> {
    message.split('`').nth(1)
}

fn without_position(message: &str) -> &str {
    // serde_json appends " at line L column C"; in a value that is sound JSON the pointer says more.
    message.rsplit_once(" at line ").map_or(message, |(text, _)| text)
}
