use std::collections::BTreeMap;
use std::time::Duration;

use crate::ids::{Digest, SessionId, TenantId};
use crate::memory::state::State;
use crate::records::{
    AuditRecord, AuthKey, ClaimId, Finish, LoginUser, NewAudit, Revocation, RevocationNo, Revoked, SecretHash,
    SessionRecord, TicketRecord,
};
use crate::time::Timestamp;

pub(super) struct SessionRow {
    pub(super) tenant: TenantId,
    pub(super) record: SessionRecord,
}

pub(super) struct TokenRow {
    pub(super) session: SessionId,
    pub(super) expires_at: Timestamp,
    /// The one that came in when this one was spent.
    pub(super) next: Option<SecretHash>,
}

pub(super) struct RequestRow {
    pub(super) fingerprint: Digest,
    pub(super) claim: ClaimId,
    pub(super) leased_until: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) finish: Option<Finish>,
}

#[derive(Default)]
pub(in crate::memory) struct IdentityRows {
    pub(super) keys: BTreeMap<i64, AuthKey>,
    pub(super) users: BTreeMap<i64, LoginUser>,
    pub(super) sessions: BTreeMap<i64, SessionRow>,
    pub(super) tokens: BTreeMap<SecretHash, TokenRow>,
    pub(super) revocations: Vec<Revocation>,
    pub(super) last_revocation: RevocationNo,
    pub(super) audit: BTreeMap<TenantId, Vec<AuditRecord>>,
    pub(super) requests: BTreeMap<(TenantId, Digest), RequestRow>,
    pub(super) tickets: BTreeMap<SecretHash, TicketRecord>,
}

impl State {
    /// Other nodes are to know.
    pub(super) fn tell_revoked(&mut self, what: Revoked, at: Timestamp) {
        let rows = &mut self.identity;
        let no = RevocationNo(rows.last_revocation.0 + 1);
        rows.last_revocation = no;
        rows.revocations.push(Revocation { no, what, at });
    }

    /// The record that belongs to a change, if one does.
    pub(super) fn audit(&mut self, tenant: &TenantId, audit: Option<&NewAudit>, now: Timestamp) {
        if let Some(new) = audit {
            self.append_audit(tenant, new, now);
        }
    }
}

/// What ended before this, ended longer ago than `kept_for`.
pub(super) fn before(now: Timestamp, kept_for: Duration) -> Timestamp {
    let age = i64::try_from(kept_for.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(now.as_millis().saturating_sub(age))
}

/// How many of something, as methods answer it.
pub(super) fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}
