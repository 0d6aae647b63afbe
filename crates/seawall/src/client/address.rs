//! Parts of request targets, encoded.

use std::fmt::Write as _;

/// One segment of a path, or one value of a query.
pub(crate) fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// A query string.
#[derive(Default)]
pub(crate) struct Query(String);

impl Query {
    /// Adds a parameter, if it has a value.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.0.push(if self.0.is_empty() { '?' } else { '&' });
            self.0.push_str(name);
            self.0.push('=');
            self.0.push_str(&segment(&value.to_string()));
        }
        self
    }

    pub(crate) fn of(self, path: &str) -> String {
        format!("{path}{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_types_cannot_leave_its_segment() {
        assert_eq!(segment("counts[3]"), "counts%5B3%5D");
        assert_eq!(segment("../x?y#z/ü"), "..%2Fx%3Fy%23z%2F%C3%BC");
        let query = Query::default()
            .with("status", Some("a&b"))
            .with("cursor", None::<&str>)
            .with("limit", Some(5));
        assert_eq!(query.of("/runs"), "/runs?status=a%26b&limit=5");
    }
}
