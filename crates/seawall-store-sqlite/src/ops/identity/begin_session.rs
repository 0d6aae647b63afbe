use rusqlite::params;
use seawall_store::{
    NewAudit, NewSession, NewToken, SessionBegun, SessionEndCause, SessionRecord, StoreError, TenantId,
};

use super::{audit, end_sessions, users};
use crate::error::OpError;
use crate::rows::{live_sessions, tenant_no_or_new, user_by_id};
use crate::writer::{Operation, Tx};

pub(crate) struct BeginSession {
    pub(crate) tenant: TenantId,
    pub(crate) new: NewSession,
    pub(crate) audit: Option<NewAudit>,
}

impl Operation for BeginSession {
    type Answer = SessionBegun;

    fn run(&self, tx: &Tx<'_>) -> Result<SessionBegun, OpError> {
        let new = &self.new;
        let id = new.id.uuid().into_bytes();
        let taken = tx.statement("SELECT 1 FROM sessions WHERE id = ?1")?.exists([id])?;
        if taken || is_known(tx, &new.token)? {
            return Err(StoreError::Exists.into());
        }
        let Some(mut user) = user_by_id(tx.conn(), &self.tenant, new.user)? else {
            return Ok(SessionBegun::Refused);
        };
        let record = &mut user.user.record;
        if !record.active || record.version != new.version {
            return Ok(SessionBegun::Refused);
        }
        record.attempts = 0;
        record.locked_until = None;
        record.last_login_at = Some(tx.now());
        users::write(tx, &user)?;
        let mut older = live_sessions(tx.conn(), &self.tenant, new.user, tx.now())?;
        older.truncate(older.len().saturating_sub(new.most.max(1) as usize - 1));
        for session in &mut older {
            end_sessions::end(tx, session, SessionEndCause::GaveWay)?;
        }
        let session = SessionRecord {
            id: new.id,
            user: new.user,
            created_at: tx.now(),
            rotated_at: tx.now(),
            expires_at: tx.now().saturating_add(new.lives),
            rotations: 0,
            ended: None,
        };
        let tenant_no = tenant_no_or_new(tx.conn(), &self.tenant)?;
        let session_no = tx
            .statement(include_str!("../../sql/insert_session.sql"))?
            .insert(params![
                id,
                tenant_no,
                new.user.uuid().as_bytes(),
                tx.now().as_millis(),
                session.expires_at.as_millis()
            ])?;
        bring_in(tx, session_no, &session, &new.token)?;
        audit::write(tx, &self.tenant, self.audit.as_ref())?;
        Ok(SessionBegun::Begun {
            session,
            user: user.user.record,
            ended: older.iter().map(|older| older.record.id).collect(),
        })
    }

    fn payload(&self) -> usize {
        audit::bytes(self.audit.as_ref())
    }
}

/// Whether a token of that hash ever came in.
pub(super) fn is_known(tx: &Tx<'_>, token: &NewToken) -> rusqlite::Result<bool> {
    tx.statement("SELECT 1 FROM session_tokens WHERE hash = ?1")?
        .exists([token.hash.as_bytes()])
}

pub(super) fn bring_in(
    tx: &Tx<'_>,
    session_no: i64,
    session: &SessionRecord,
    token: &NewToken,
) -> rusqlite::Result<()> {
    let expires_at = tx.now().saturating_add(token.lives).min(session.expires_at);
    tx.statement("INSERT INTO session_tokens (hash, session_no, expires_at) VALUES (?1, ?2, ?3)")?
        .execute(params![token.hash.as_bytes(), session_no, expires_at.as_millis()])?;
    Ok(())
}
