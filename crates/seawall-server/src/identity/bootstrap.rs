use std::fmt;

use seawall_store::TenantId;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{Principal, Scopes};

/// The shortest and the longest `ADMIN_API_KEY`, in bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 8..=512;

/// From how many bytes on a key is none that can be guessed, if it is made by chance. Outside dev a shorter one is warned of.
pub const STRONG_KEY_BYTES: usize = 24;

/// A text that cannot be `ADMIN_API_KEY`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BootstrapKeyError {
    #[error("a key has {} to {} bytes", KEY_BYTES.start(), KEY_BYTES.end())]
    Length,
    #[error("a key is of visible ASCII characters")]
    Characters,
}

/// The key that the configuration gives, before there is any other: everything in the tenant `default`. Any text of visible
/// ASCII; kept as a hash, so that comparing it takes the same time whatever is presented.
#[derive(Clone)]
pub struct BootstrapKey {
    hash: [u8; 32],
    is_strong: bool,
    principal: Principal,
}

impl BootstrapKey {
    /// # Errors
    /// When it is too short for anything, or could not stand in a header.
    pub fn new(key: &SecretString) -> Result<Self, BootstrapKeyError> {
        let key = key.expose_secret();
        if !KEY_BYTES.contains(&key.len()) {
            return Err(BootstrapKeyError::Length);
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BootstrapKeyError::Characters);
        }
        Ok(Self {
            hash: Sha256::digest(key).into(),
            is_strong: key.len() >= STRONG_KEY_BYTES,
            principal: Principal::service(TenantId::default(), "bootstrap", Scopes::ALL),
        })
    }

    /// Whether it has [`STRONG_KEY_BYTES`].
    #[must_use]
    pub const fn is_strong(&self) -> bool {
        self.is_strong
    }

    /// The principal of it, if that is what was presented.
    #[must_use]
    pub fn check(&self, presented: &str) -> Option<Principal> {
        if presented.len() > *KEY_BYTES.end() {
            return None;
        }
        let hash: [u8; 32] = Sha256::digest(presented).into();
        let matches: bool = hash.ct_eq(&self.hash).into();
        matches.then(|| self.principal.clone())
    }
}

impl fmt::Debug for BootstrapKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BootstrapKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn only_the_very_key_is_the_bootstrap_key() {
        let text = "an-admin-key-of-many-letters";
        let key = BootstrapKey::new(&secret(text)).unwrap();
        assert!(key.is_strong());
        let principal = key.check(text).unwrap();
        assert_eq!(
            (&*principal.subject, principal.scopes),
            ("service:bootstrap", Scopes::ALL)
        );
        for wrong in [
            "",
            "an-admin-key-of-many-letter",
            "an-admin-key-of-many-letters ",
            "AN-ADMIN-KEY-OF-MANY-LETTERS",
        ] {
            assert!(key.check(wrong).is_none(), "{wrong}");
        }
        assert!(key.check(&"x".repeat(100_000)).is_none());
        assert_eq!(format!("{key:?}"), "BootstrapKey(…)");
    }

    #[test]
    fn a_key_that_is_weak_or_cannot_be_sent_is_refused() {
        let cases = [
            ("7 bytes".to_owned(), BootstrapKeyError::Length),
            ("x".repeat(513), BootstrapKeyError::Length),
            (
                "a key with blanks in its text".to_owned(),
                BootstrapKeyError::Characters,
            ),
            ("ä".repeat(20), BootstrapKeyError::Characters),
        ];
        for (text, error) in cases {
            assert_eq!(BootstrapKey::new(&secret(&text)).err(), Some(error), "{text}");
        }
        assert!(!BootstrapKey::new(&secret("an-admin-key")).unwrap().is_strong());
    }
}
