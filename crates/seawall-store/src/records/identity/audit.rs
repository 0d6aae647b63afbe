//! The audit chain of a tenant: records numbered from 1, each sealed over itself and the seal of the one before.
//!
//! The key of the seals is not the store's: with each record comes a function that seals it, called once its place is known,
//! inside the change that writes it. So no two records take one place, and whoever can write to the store's file alone
//! cannot forge one.

use std::fmt;
use std::sync::Arc;

use crate::ids::TenantId;
use crate::records::identity::secret::Mac;
use crate::records::identity::text::{AuditAction, AuditObject, PrincipalName, RequestId};
use crate::time::Timestamp;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AuditOutcome {
    Succeeded,
    /// Not allowed, or the credentials were wrong.
    Denied,
    Failed,
}

impl AuditOutcome {
    pub const ALL: [Self; 3] = [Self::Succeeded, Self::Denied, Self::Failed];

    /// The name on the wire and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// What else is to be known: JSON, opaque here.
#[derive(Clone, PartialEq, Eq)]
pub struct AuditDetails(Arc<str>);

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the details of an audit record are {bytes} bytes, and at most {} are kept",
    AuditDetails::MAX_BYTES
)]
pub struct AuditDetailsError {
    bytes: usize,
}

impl AuditDetails {
    pub const MAX_BYTES: usize = 4096;

    /// # Errors
    /// When `json` is longer than [`Self::MAX_BYTES`].
    pub fn new(json: &str) -> Result<Self, AuditDetailsError> {
        if json.len() > Self::MAX_BYTES {
            return Err(AuditDetailsError { bytes: json.len() });
        }
        Ok(Self(Arc::from(json)))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for AuditDetails {
    fn default() -> Self {
        Self(Arc::from("{}"))
    }
}

impl fmt::Debug for AuditDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the caller says of an action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    pub actor: PrincipalName,
    pub action: AuditAction,
    pub object: Option<AuditObject>,
    pub outcome: AuditOutcome,
    pub request: Option<RequestId>,
    pub details: AuditDetails,
}

/// All that a seal covers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditBody {
    /// From 1, without a gap.
    pub seq: u64,
    /// The store's now. A clock that was set back shows: places tell the order, not times.
    pub at: Timestamp,
    pub entry: AuditEntry,
    /// The seal of the record before; [`Mac::ZERO`] before the first.
    pub previous: Mac,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditRecord {
    pub body: AuditBody,
    pub mac: Mac,
}

/// How far a chain goes: its last record's place and seal. A chain that ends before is cut off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuditHead {
    /// 0: there is none yet.
    pub seq: u64,
    pub mac: Mac,
}

impl AuditHead {
    pub const EMPTY: Self = Self { seq: 0, mac: Mac::ZERO };
}

type SealFn = dyn Fn(&TenantId, &AuditBody) -> Mac + Send + Sync;

/// Seals a record. It is called while the store is being written to: it computes and does nothing else, and it may be
/// called again for another place when a change has to be made anew.
#[derive(Clone)]
pub struct AuditSeal(Arc<SealFn>);

impl AuditSeal {
    pub fn new(seal: impl Fn(&TenantId, &AuditBody) -> Mac + Send + Sync + 'static) -> Self {
        Self(Arc::new(seal))
    }
}

impl fmt::Debug for AuditSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditSeal(..)")
    }
}

/// A record to be appended.
#[derive(Clone, Debug)]
pub struct NewAudit {
    pub entry: AuditEntry,
    pub seal: AuditSeal,
}

impl NewAudit {
    /// The record at the place after `head`.
    #[must_use]
    pub fn after(&self, head: AuditHead, tenant: &TenantId, at: Timestamp) -> AuditRecord {
        let body = AuditBody {
            seq: head.seq + 1,
            at,
            entry: self.entry.clone(),
            previous: head.mac,
        };
        let mac = (self.seal.0)(tenant, &body);
        AuditRecord { body, mac }
    }

    /// Bytes that wait in memory with it, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let entry = &self.entry;
        let object = entry.object.as_ref().map_or(0, |object| object.as_str().len());
        entry.details.as_str().len() + object + entry.actor.as_str().len()
    }
}

impl AuditRecord {
    /// Read in one go, at most.
    pub const MAX_READ: u32 = 1000;

    #[must_use]
    pub const fn head(&self) -> AuditHead {
        AuditHead {
            seq: self.body.seq,
            mac: self.mac,
        }
    }
}

/// Which records of a chain. Everything None: all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuditFilter {
    pub actor: Option<PrincipalName>,
    pub action: Option<AuditAction>,
    /// At this time or later.
    pub since: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_bounded() {
        assert!(AuditDetails::new(&"x".repeat(AuditDetails::MAX_BYTES)).is_ok());
        let refused = AuditDetails::new(&"x".repeat(AuditDetails::MAX_BYTES + 1)).expect_err("too long");
        assert_eq!(
            refused.to_string(),
            "the details of an audit record are 4097 bytes, and at most 4096 are kept"
        );
    }
}
