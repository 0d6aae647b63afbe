//! Identifiers. What clients see are TypeIDs (`run_` and 26 characters of Crockford base32); what a backend indexes are
//! the 16 bytes underneath.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Why a text is not the identifier it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("expected an id that begins with `{expected}_`")]
    Prefix { expected: &'static str },
    #[error("the part after the prefix is not 26 characters of Crockford base32")]
    Suffix,
    #[error("a tenant is 1 to 63 characters of [a-z0-9_-]")]
    Tenant,
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const SUFFIX_LEN: usize = 26;

fn encode_suffix(uuid: Uuid, out: &mut String) {
    let bits = uuid.as_u128();
    for position in 0..SUFFIX_LEN {
        let shift = 5 * (SUFFIX_LEN - 1 - position);
        out.push(char::from(ALPHABET[((bits >> shift) & 31) as usize]));
    }
}

fn decode_suffix(text: &str) -> Option<Uuid> {
    let bytes = text.as_bytes();
    // 26 characters carry 130 bits: the first one may only use its lower three.
    if bytes.len() != SUFFIX_LEN || bytes[0] > b'7' {
        return None;
    }
    let mut bits = 0u128;
    for byte in bytes {
        let digit = ALPHABET.iter().position(|known| known == byte)?;
        bits = (bits << 5) | digit as u128;
    }
    Some(Uuid::from_u128(bits))
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            /// A new id that sorts by its time of making (UUIDv7).
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// An id that follows from what it names: the same parts give the same id after every crash.
            #[must_use]
            pub fn derived(parts: &[&[u8]]) -> Self {
                Self(derive_uuid($prefix, parts))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = String::with_capacity($prefix.len() + 1 + SUFFIX_LEN);
                text.push_str($prefix);
                text.push('_');
                encode_suffix(self.0, &mut text);
                f.write_str(&text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let suffix = text
                    .strip_prefix($prefix)
                    .and_then(|rest| rest.strip_prefix('_'))
                    .ok_or(IdError::Prefix { expected: $prefix })?;
                decode_suffix(suffix).map(Self).ok_or(IdError::Suffix)
            }
        }
    };
}

typed_id!(
    /// One execution of one version of a workflow.
    RunId,
    "run"
);
typed_id!(
    /// A workflow, over all its versions.
    WorkflowId,
    "wf"
);
typed_id!(
    /// A decision that a run asks a person for.
    ApprovalId,
    "appr"
);
typed_id!(
    /// One attempt of a step that a worker outside carries out.
    TaskId,
    "task"
);
typed_id!(
    /// A rule that makes runs by the clock.
    ScheduleId,
    "sched"
);
typed_id!(
    /// An API key. Public: it stands in the key's own text, beside the secret.
    KeyId,
    "key"
);
typed_id!(
    /// Somebody who logs in with an e-mail address.
    UserId,
    "usr"
);
typed_id!(
    /// A family of refresh tokens: what one login made. Access tokens carry it.
    SessionId,
    "sess"
);

fn derive_uuid(domain: &str, parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(domain.as_bytes());
    for part in parts {
        // The length keeps ("ab", "c") apart from ("a", "bc").
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Whose record it is. `default` until identity names another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(Arc<str>);

impl TenantId {
    /// # Errors
    /// When `text` is empty, longer than 63 characters, or has a character outside `[a-z0-9_-]`.
    pub fn new(text: &str) -> Result<Self, IdError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        if text.is_empty() || text.len() > 63 || !text.bytes().all(allowed) {
            return Err(IdError::Tenant);
        }
        Ok(Self(Arc::from(text)))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for TenantId {
    fn default() -> Self {
        Self(Arc::from("default"))
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One life of one process: new at every start, never used again after it was declared dead.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NodeId(Uuid);

impl NodeId {
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.simple())
    }
}

/// Fencing token of a run: how many times it has been claimed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Epoch(pub u64);

/// Place of an event in its run's journal, counted from 1. Zero is "before the first".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Seq(pub u64);

impl Seq {
    /// The place `count` events later.
    #[must_use]
    pub const fn plus(self, count: u32) -> Self {
        Self(self.0 + count as u64)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A backend's own short handle of a run, and its place in lists of runs (as a cursor). Means nothing to another backend.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RunKey(pub i64);

/// SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of several parts, each with its length, so that they cannot run into each other.
    #[must_use]
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        use fmt::Write as _;
        let mut text = String::with_capacity(64);
        for byte in self.0 {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// The digest that [`Digest::to_hex`] wrote.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0u8; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_was_written() {
        for _ in 0..100 {
            let id = RunId::generate();
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        let largest = RunId::from_uuid(Uuid::from_u128(u128::MAX));
        assert_eq!(largest.to_string().parse(), Ok(largest));
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let text = WorkflowId::generate().to_string();
        assert_eq!(text.parse::<RunId>(), Err(IdError::Prefix { expected: "run" }));
        assert_eq!("run_".parse::<RunId>(), Err(IdError::Suffix));
        assert_eq!("run_8zzzzzzzzzzzzzzzzzzzzzzzzz".parse::<RunId>(), Err(IdError::Suffix));
    }

    #[test]
    fn derived_ids_keep_their_parts_apart() {
        assert_eq!(RunId::derived(&[b"a", b"b"]), RunId::derived(&[b"a", b"b"]));
        assert_ne!(RunId::derived(&[b"ab", b"c"]), RunId::derived(&[b"a", b"bc"]));
        assert_ne!(RunId::derived(&[b"a"]).uuid(), ApprovalId::derived(&[b"a"]).uuid());
    }

    #[test]
    fn a_digest_reads_back_from_hex() {
        let digest = Digest::of(b"seawall");
        assert_eq!(Digest::from_hex(&digest.to_hex()), Some(digest));
        assert_eq!(Digest::from_hex("zz"), None);
    }
}
