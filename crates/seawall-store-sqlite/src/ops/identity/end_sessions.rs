use rusqlite::params;
use seawall_store::{
    NewAudit, Revoked, SessionEnd, SessionEndCause, SessionId, SessionRevoked, StoreError, TenantId, UserId,
};

use super::{audit, revoked, users};
use crate::error::OpError;
use crate::identity_codec::cause_code;
use crate::rows::{NumberedSession, live_sessions, session_by_id};
use crate::writer::{Operation, Tx};

pub(crate) struct RevokeSession {
    pub(crate) tenant: TenantId,
    pub(crate) id: SessionId,
    pub(crate) audit: Option<NewAudit>,
}

impl Operation for RevokeSession {
    type Answer = SessionRevoked;

    fn run(&self, tx: &Tx<'_>) -> Result<SessionRevoked, OpError> {
        let found = session_by_id(tx.conn(), &self.tenant, self.id)?;
        let mut found = found.ok_or(StoreError::NotFound)?;
        if found.record.ended.is_some() {
            return Ok(SessionRevoked::Before(found.record));
        }
        end(tx, &mut found, SessionEndCause::Revoked)?;
        audit::write(tx, &self.tenant, self.audit.as_ref())?;
        Ok(SessionRevoked::Now(found.record))
    }

    fn payload(&self) -> usize {
        audit::bytes(self.audit.as_ref())
    }
}

pub(crate) struct RevokeSessionsOf {
    pub(crate) tenant: TenantId,
    pub(crate) user: UserId,
    pub(crate) audit: Option<NewAudit>,
}

impl Operation for RevokeSessionsOf {
    type Answer = u32;

    fn run(&self, tx: &Tx<'_>) -> Result<u32, OpError> {
        users::require(tx, &self.tenant, self.user)?;
        let ended = end_all(tx, &self.tenant, self.user, SessionEndCause::Revoked)?;
        if ended > 0 {
            audit::write(tx, &self.tenant, self.audit.as_ref())?;
        }
        Ok(ended)
    }

    fn payload(&self) -> usize {
        audit::bytes(self.audit.as_ref())
    }
}

/// What the user's logins rested on is no longer so.
pub(super) fn of_changed(tx: &Tx<'_>, tenant: &TenantId, user: UserId) -> rusqlite::Result<()> {
    end_all(tx, tenant, user, SessionEndCause::UserChanged).map(|_| ())
}

fn end_all(tx: &Tx<'_>, tenant: &TenantId, user: UserId, cause: SessionEndCause) -> rusqlite::Result<u32> {
    let mut ended = 0;
    for mut session in live_sessions(tx.conn(), tenant, user, tx.now())? {
        end(tx, &mut session, cause)?;
        ended += 1;
    }
    Ok(ended)
}

/// Ends a session that has not ended.
pub(super) fn end(tx: &Tx<'_>, found: &mut NumberedSession, cause: SessionEndCause) -> rusqlite::Result<()> {
    tx.statement("UPDATE sessions SET ended_at = ?2, ended_cause = ?3 WHERE session_no = ?1")?
        .execute(params![found.session_no, tx.now().as_millis(), cause_code(cause)])?;
    if found.record.counts_at(tx.now()) {
        revoked::tell(tx, Revoked::Session(found.record.id))?;
    }
    found.record.ended = Some(SessionEnd { at: tx.now(), cause });
    Ok(())
}
