use std::fmt;
use std::hash::{Hash, Hasher};

use http::HeaderValue;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

const MAX_LEN: usize = 128;

/// The id of a request. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestId(Text);

/// One that was made lies in place: to share it would cost more than to copy it.
#[derive(Clone, Eq)]
enum Text {
    Made([u8; Hyphenated::LENGTH]),
    TakenOver(HeaderValue),
}

impl Text {
    fn as_str(&self) -> &str {
        let text = match self {
            Self::Made(text) => std::str::from_utf8(text).ok(),
            Self::TakenOver(value) => value.to_str().ok(),
        };
        text.expect("accepted and made ids are ASCII")
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl RequestId {
    /// A new id (UUIDv7: it sorts by time).
    #[must_use]
    pub fn generate() -> Self {
        let mut text = [0; Hyphenated::LENGTH];
        Uuid::now_v7().hyphenated().encode_lower(&mut text);
        Self(Text::Made(text))
    }

    /// The caller's own id, if it has an acceptable form.
    #[must_use]
    pub fn accept(value: &HeaderValue) -> Option<Self> {
        let bytes = value.as_bytes();
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let fits = (1..=MAX_LEN).contains(&bytes.len());
        (fits && bytes.iter().all(allowed)).then(|| Self(Text::TakenOver(value.clone())))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The id as a header's value.
    #[must_use]
    pub fn header_value(&self) -> HeaderValue {
        match &self.0 {
            Text::Made(text) => HeaderValue::from_bytes(text).expect("a UUID is ASCII"),
            Text::TakenOver(value) => value.clone(),
        }
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
        assert_eq!(RequestId::accept(&made.header_value()), Some(made));
    }
}
