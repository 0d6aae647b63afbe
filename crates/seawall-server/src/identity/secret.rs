//! Secrets that the server makes: 256 random bits, written as 43 letters of base64url. They are kept as a hash only. A
//! plain one does: nobody guesses 256 bits, however fast they hash.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// How long a written secret is.
pub(super) const LENGTH: usize = 43;

pub(super) struct Secret(SecretBox<[u8; 32]>);

impl Secret {
    pub(super) fn generate() -> Self {
        Self(SecretBox::init_with_mut(|bytes: &mut [u8; 32]| rand::fill(bytes)))
    }

    /// Exactly [`LENGTH`] letters, whose last one has no stray bits: one secret has one text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut secret = None;
        let boxed = SecretBox::init_with_mut(|bytes: &mut [u8; 32]| {
            let read = BASE64_URL_SAFE_NO_PAD.decode_slice(text.as_bytes(), bytes);
            secret = (text.len() == LENGTH && read == Ok(32)).then_some(());
        });
        secret.map(|()| Self(boxed))
    }

    pub(super) fn write(&self, out: &mut String) {
        BASE64_URL_SAFE_NO_PAD.encode_string(self.0.expose_secret(), out);
    }

    /// Its text, behind what says which kind of secret it is.
    pub(super) fn reveal(&self, prefix: &str) -> SecretString {
        let mut text = String::with_capacity(prefix.len() + LENGTH);
        text.push_str(prefix);
        self.write(&mut text);
        SecretString::from(text)
    }

    /// What [`Secret::reveal`] gave, and nothing else.
    pub(super) fn revealed(text: &str, prefix: &str) -> Option<Self> {
        text.strip_prefix(prefix).and_then(Self::parse)
    }

    /// `context` keeps the hashes of different things apart.
    pub(super) fn hash(&self, context: &[&[u8]]) -> SecretHash {
        let mut hash = Sha256::new();
        for part in context {
            // The length keeps ("ab", "c") apart from ("a", "bc").
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(self.0.expose_secret());
        SecretHash(hash.finalize().into())
    }
}

/// What is kept of a secret. Compared in constant time.
#[derive(Clone, Copy, Eq)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// A hash that no secret has been found for, nor will be.
    pub(super) const OF_NOTHING: Self = Self([0; 32]);

    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_one_text_and_no_other_length_or_letter_is_one() {
        let mut text = String::new();
        Secret::generate().write(&mut text);
        assert_eq!(text.len(), LENGTH);
        let read = Secret::parse(&text).unwrap();
        let mut again = String::new();
        read.write(&mut again);
        assert_eq!(again, text);
        let zeros = "A".repeat(LENGTH);
        assert!(Secret::parse(&zeros).is_some());
        let wrong = [
            String::new(),
            "A".repeat(42),
            "A".repeat(44),
            // The same 256 bits with a stray one behind them.
            format!("{}B", "A".repeat(42)),
            format!("{}=", "A".repeat(42)),
            format!("{}+", "A".repeat(42)),
            format!("{}ä", "A".repeat(41)),
        ];
        for text in wrong {
            assert!(Secret::parse(&text).is_none(), "{text}");
        }
    }

    #[test]
    fn hashes_of_one_secret_differ_by_what_it_is_for() {
        let secret = Secret::generate();
        assert_eq!(secret.hash(&[b"a", b"b"]), secret.hash(&[b"a", b"b"]));
        assert_ne!(secret.hash(&[b"a", b"b"]), secret.hash(&[b"ab"]));
        assert_ne!(secret.hash(&[b"a"]), Secret::generate().hash(&[b"a"]));
    }
}
