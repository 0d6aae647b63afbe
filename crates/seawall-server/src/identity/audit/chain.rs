use std::fmt;

use subtle::ConstantTimeEq as _;

use super::{AuditRecord, canonical};
use crate::identity::{DerivedKey, KeyUse, MasterKey};

/// An HMAC-SHA-256. Compared in constant time.
#[derive(Clone, Copy, Eq)]
pub struct Seal([u8; 32]);

impl Seal {
    /// "Before" the first record of every chain.
    pub const BEGINNING: Self = Self([0; 32]);

    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for Seal {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&seawall_store::Digest::from_bytes(self.0).to_hex())
    }
}

/// How far a chain goes, as it is kept beside the records, written in the change that appends the last one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct End {
    /// The last record; 0 of an empty chain.
    pub seq: u64,
    /// That record's seal.
    pub last: Seal,
}

impl End {
    /// Of a chain without records.
    pub const EMPTY: Self = Self {
        seq: 0,
        last: Seal::BEGINNING,
    };
}

/// Seals records. The key is of this use alone.
#[derive(Debug)]
pub struct AuditChain {
    key: DerivedKey,
}

impl AuditChain {
    #[must_use]
    pub fn new(master: &MasterKey) -> Self {
        Self {
            key: master.derive(KeyUse::AuditChain),
        }
    }

    /// The seal of a record that follows the one that `previous` seals.
    #[must_use]
    pub fn seal(&self, record: &AuditRecord, previous: &Seal) -> Seal {
        Seal(self.key.mac(&[b"record", &previous.0, &canonical::bytes(record)]))
    }
}
