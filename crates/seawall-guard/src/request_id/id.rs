use std::fmt;

use http::HeaderValue;
use uuid::Uuid;

const MAX_LEN: usize = 128;

/// The id of a request. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// A new id (UUIDv7: it sorts by time).
    #[must_use]
    pub fn generate() -> Self {
        let mut buffer = Uuid::encode_buffer();
        let text = Uuid::now_v7().hyphenated().encode_lower(&mut buffer);
        Self(HeaderValue::from_str(text).expect("a UUID is ASCII"))
    }

    /// The caller's own id, if it has an acceptable form.
    #[must_use]
    pub fn accept(value: &HeaderValue) -> Option<Self> {
        let bytes = value.as_bytes();
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let fits = (1..=MAX_LEN).contains(&bytes.len());
        (fits && bytes.iter().all(allowed)).then(|| Self(value.clone()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().expect("accepted and made ids are ASCII")
    }

    /// The id as a header's value.
    #[must_use]
    pub const fn header_value(&self) -> &HeaderValue {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_plain_ids_are_taken_over() {
        let accept = |text: &str| RequestId::accept(&HeaderValue::from_bytes(text.as_bytes()).unwrap()).is_some();
        assert!(accept("a"));
        assert!(accept("Trace_1.2-3"));
        assert!(accept(&"x".repeat(128)));
        assert!(!accept(&"x".repeat(129)));
        for refused in ["", "a b", "a/b", "a\"b", "ä", "a,b"] {
            assert!(!accept(refused), "{refused:?}");
        }
    }

    #[test]
    fn a_made_id_would_be_accepted() {
        let made = RequestId::generate();
        assert_eq!(RequestId::accept(made.header_value()), Some(made));
    }
}
