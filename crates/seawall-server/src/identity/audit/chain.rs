use std::fmt;

use seawall_store::TenantId;
use subtle::ConstantTimeEq as _;

use super::{AuditRecord, canonical};
use crate::identity::{DerivedKey, KeyUse, MasterKey};

/// An HMAC-SHA-256. Compared in constant time.
#[derive(Clone, Copy, Eq)]
pub struct Seal([u8; 32]);

impl Seal {
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

/// How far a chain goes. Written in the change that appends its last record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// The last record; 0 of an empty chain.
    pub seq: u64,
    /// That record's seal; of an empty chain, where it begins.
    pub last: Seal,
    /// Over both. Without it, a shorter chain with a head to fit would be as good.
    pub seal: Seal,
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

    /// Where a tenant's chain begins: the seal "before" its first record. Chains of two tenants have nothing in common.
    #[must_use]
    pub fn beginning(&self, tenant: &TenantId) -> Seal {
        Seal(self.key.mac(&[b"beginning", tenant.as_str().as_bytes()]))
    }

    /// The seal of a record that follows the one that `previous` seals.
    #[must_use]
    pub fn seal(&self, record: &AuditRecord, previous: &Seal) -> Seal {
        Seal(self.key.mac(&[b"record", &previous.0, &canonical::bytes(record)]))
    }

    /// The head of a chain whose last record is number `seq`, sealed by `last`.
    #[must_use]
    pub fn head(&self, tenant: &TenantId, seq: u64, last: Seal) -> Head {
        let parts: [&[u8]; 4] = [b"head", &seq.to_be_bytes(), &last.0, tenant.as_str().as_bytes()];
        Head {
            seq,
            last,
            seal: Seal(self.key.mac(&parts)),
        }
    }
}
