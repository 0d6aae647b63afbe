//! One secret, many keys. Each use has a key of its own (HKDF-SHA-256, RFC 5869), so that what one of them signs means
//! nothing to another.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use sha2::Sha256;

use super::secret::Secret;

/// The shortest `SECRET_KEY`, in bytes: as long as what is derived from it.
pub const MIN_SECRET_BYTES: usize = 32;

const SALT: &[u8] = b"seawall/secret-key/v1";

/// What a derived key is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyUse {
    AccessTokens,
    AuditChain,
    Tickets,
    /// Fingerprints of requests under idempotency keys.
    Requests,
}

impl KeyUse {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::AccessTokens => b"access-tokens/hs256",
            Self::AuditChain => b"audit-chain/hmac-sha256",
            Self::Tickets => b"tickets/hmac-sha256",
            Self::Requests => b"requests/hmac-sha256",
        }
    }
}

/// `SECRET_KEY` is too short to derive keys from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("SECRET_KEY must have at least {MIN_SECRET_BYTES} bytes; `openssl rand -base64 48` makes one")]
pub struct SecretTooShort;

/// What all derived keys come from: the extracted `SECRET_KEY`.
pub struct MasterKey(SecretBox<[u8; 32]>);

impl MasterKey {
    /// # Errors
    /// When the secret has fewer than [`MIN_SECRET_BYTES`].
    pub fn new(secret: &SecretString) -> Result<Self, SecretTooShort> {
        let secret = secret.expose_secret().as_bytes();
        if secret.len() < MIN_SECRET_BYTES {
            return Err(SecretTooShort);
        }
        Ok(Self(SecretBox::new(Box::new(hmac(SALT, &[secret])))))
    }

    /// A secret that is long enough, by chance.
    #[must_use]
    pub fn generate() -> SecretString {
        Secret::generate().reveal("")
    }

    /// For a server that keeps nothing: everybody knows it.
    #[must_use]
    pub fn of_development() -> Self {
        Self(SecretBox::new(Box::new(hmac(SALT, &[b"seawall development"]))))
    }

    /// The key for one use. One block of HKDF's expansion: as long as a key of HMAC-SHA-256 should be.
    #[must_use]
    pub fn derive(&self, key_use: KeyUse) -> DerivedKey {
        let key = hmac(self.0.expose_secret(), &[key_use.label(), &[1]]);
        DerivedKey(SecretBox::new(Box::new(key)))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// A key of 256 bits for one use.
pub struct DerivedKey(SecretBox<[u8; 32]>);

impl DerivedKey {
    pub(super) fn bytes(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }

    /// HMAC-SHA-256, before any message: what is begun once serves for many.
    pub(super) fn begin_mac(&self) -> Hmac<Sha256> {
        begin(self.bytes())
    }

    /// HMAC-SHA-256 over `parts`, one behind the other: who calls it keeps them apart.
    pub(super) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        hmac(self.bytes(), parts)
    }
}

impl fmt::Debug for DerivedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DerivedKey(…)")
    }
}

fn begin(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = begin(key);
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master(secret: &str) -> MasterKey {
        MasterKey::new(&SecretString::from(secret)).unwrap()
    }

    #[test]
    fn each_use_and_each_secret_has_a_key_of_its_own() {
        let uses = [
            KeyUse::AccessTokens,
            KeyUse::AuditChain,
            KeyUse::Tickets,
            KeyUse::Requests,
        ];
        let mut keys: Vec<[u8; 32]> = Vec::new();
        for secret in ["a secret of at least 32 bytes .1", "a secret of at least 32 bytes .2"] {
            keys.extend(uses.map(|key_use| *master(secret).derive(key_use).bytes()));
            keys.extend(uses.map(|key_use| *master(secret).derive(key_use).bytes()));
        }
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 8);
    }

    #[test]
    fn extraction_and_expansion_are_those_of_rfc_5869() {
        // Test case 1: its output is longer than one block, so the first block is compared.
        let prk = hmac(&(0..=12).collect::<Vec<u8>>(), &[&[0x0b; 22]]);
        assert_eq!(
            hex(&prk),
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
        );
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let block = hmac(&prk, &[&info, &[1]]);
        assert_eq!(
            hex(&block),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
        );
    }

    #[test]
    fn a_short_secret_is_refused_and_none_is_printed() {
        let short = SecretString::from("x".repeat(31));
        assert_eq!(MasterKey::new(&short).err(), Some(SecretTooShort));
        let key = master("a secret of at least 32 bytes .1");
        assert_eq!(
            format!("{key:?} {:?}", key.derive(KeyUse::Tickets)),
            "MasterKey(…) DerivedKey(…)"
        );
    }

    fn hex(bytes: &[u8; 32]) -> String {
        seawall_store::Digest::from_bytes(*bytes).to_hex()
    }
}
