use std::fmt::{self, Write as _};

use serde_path_to_error::Segment;

/// A JSON Pointer (RFC 6901). The empty one means the whole document.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pointer(String);

impl Pointer {
    #[must_use]
    pub const fn root() -> Self {
        Self(String::new())
    }

    /// A pointer that is already written, as another component gave it.
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// This pointer, one member further in.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.0.push('/');
        for character in key.chars() {
            match character {
                '~' => self.0.push_str("~0"),
                '/' => self.0.push_str("~1"),
                other => self.0.push(other),
            }
        }
        self
    }

    /// This pointer, one element further in.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "/{index}");
        self
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part, unescaped.
    #[must_use]
    pub fn last(&self) -> Option<String> {
        let (_, last) = self.0.rsplit_once('/')?;
        Some(last.replace("~1", "/").replace("~0", "~"))
    }

    pub(super) fn of_path(path: &serde_path_to_error::Path) -> Self {
        path.iter().fold(Self::root(), |pointer, segment| match segment {
            Segment::Seq { index } => pointer.index(*index),
            Segment::Map { key } => pointer.key(key),
            // A variant is not a level of the document; what is unknown cannot be pointed at.
            Segment::Enum { .. } | Segment::Unknown => pointer,
        })
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_escaped_and_read_back() {
        let pointer = Pointer::root().key("a/b~c").index(3).key("~1");
        assert_eq!(pointer.as_str(), "/a~1b~0c/3/~01");
        assert_eq!(pointer.last().as_deref(), Some("~1"));
        assert_eq!(Pointer::root().last(), None);
    }
}
