//! What is kept of secrets. None of it shows itself in `Debug`.

use std::fmt;
use std::sync::Arc;

use crate::records::identity::text::TextError;

/// The hash of a secret of 256 random bits, made by the caller: of an API key, a refresh token, a ticket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// To be compared in constant time by who was shown the secret.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

/// The hash of a password in the form that its algorithm gives it (PHC string), with all of its parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Arc<str>);

impl PasswordHash {
    pub const MAX_LEN: usize = 256;

    /// # Errors
    /// When `text` is empty, longer than [`Self::MAX_LEN`] bytes, or not of visible ASCII.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        if text.is_empty() || text.len() > Self::MAX_LEN || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(TextError::new("a password's hash", "1 to 256 visible ASCII characters"));
        }
        Ok(Self(Arc::from(text)))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// What seals a record of the audit chain: an HMAC whose key the store does not have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mac([u8; 32]);

impl Mac {
    /// Before the first record of a chain.
    pub const ZERO: Self = Self([0; 32]);

    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::ids::Digest::from_bytes(self.0).to_hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_secrets_does_not_show_itself() {
        let hash = SecretHash::from_bytes([0xab; 32]);
        let password = PasswordHash::parse("$argon2id$planted").expect("a hash");
        let text = format!("{hash:?} {password:?}");
        assert_eq!(text, "SecretHash(..) PasswordHash(..)");
        assert!(PasswordHash::parse(&"x".repeat(257)).is_err());
    }
}
