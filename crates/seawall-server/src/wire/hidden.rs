use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A text that is shown to nobody: a password, a token, an address. Its errors do not quote it either, as serde's would quote
/// a number that stands in its place.
#[derive(Clone)]
pub(crate) struct Hidden(SecretString);

impl Hidden {
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub(crate) fn into_secret(self) -> SecretString {
        self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(…)")
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(SecretString::from(text))),
            _ => Err(serde::de::Error::custom("invalid type: expected a string")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_quoted_nowhere() {
        let hidden: Hidden = serde_json::from_str("\"planted\"").unwrap();
        assert_eq!(
            (hidden.expose(), format!("{hidden:?}").as_str()),
            ("planted", "Hidden(…)")
        );
        for wrong in ["4711", "true", "[\"planted\"]", "{\"a\": \"planted\"}", "null"] {
            let error = serde_json::from_str::<Hidden>(wrong).unwrap_err().to_string();
            assert!(error.starts_with("invalid type: expected a string"), "{error}");
            assert!(!error.contains("4711") && !error.contains("planted"), "{error}");
        }
    }
}
