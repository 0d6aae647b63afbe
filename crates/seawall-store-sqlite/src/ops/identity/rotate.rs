use rusqlite::{OptionalExtension as _, Row, params};
use seawall_store::{NewToken, Rotation, SecretHash, SessionEndCause, SessionRecord, StoreError, Timestamp};

use super::begin_session::{bring_in, is_known};
use super::end_sessions;
use crate::codec::time_at;
use crate::error::OpError;
use crate::identity_codec::maybe_hash_at;
use crate::rows::{session_by_no, user_by_id};
use crate::writer::{Operation, Tx};

pub(crate) struct RotateToken {
    pub(crate) presented: SecretHash,
    pub(crate) next: NewToken,
}

struct Token {
    session_no: i64,
    expires_at: Timestamp,
    next: Option<SecretHash>,
}

fn token(row: &Row<'_>) -> rusqlite::Result<Token> {
    Ok(Token {
        session_no: row.get(0)?,
        expires_at: time_at(row, 1)?,
        next: maybe_hash_at(row, 2)?,
    })
}

impl Operation for RotateToken {
    type Answer = Rotation;

    fn run(&self, tx: &Tx<'_>) -> Result<Rotation, OpError> {
        let presented = tx
            .statement("SELECT session_no, expires_at, next FROM session_tokens WHERE hash = ?1")?
            .query_row([self.presented.as_bytes()], token)
            .optional()?;
        let Some(presented) = presented else {
            return Ok(Rotation::Unknown);
        };
        let mut found = session_by_no(tx.conn(), presented.session_no)?;
        if found.record.ended.is_some() {
            return Ok(Rotation::Revoked);
        }
        if found.record.expires_at <= tx.now() {
            return Ok(Rotation::Expired);
        }
        let Some(user) = user_by_id(tx.conn(), &found.tenant, found.record.user)? else {
            return Ok(Rotation::Revoked);
        };
        if let Some(successor) = presented.next {
            if successor == self.next.hash && self.is_unspent(tx)? {
                return Ok(Rotation::Rotated {
                    tenant: found.tenant,
                    session: found.record,
                    user: user.user.record,
                });
            }
            end_sessions::end(tx, &mut found, SessionEndCause::Reused)?;
            return Ok(Rotation::Reused {
                tenant: found.tenant,
                session: found.record,
            });
        }
        if presented.expires_at <= tx.now() || found.record.rotations >= SessionRecord::MAX_ROTATIONS {
            return Ok(Rotation::Expired);
        }
        if is_known(tx, &self.next)? {
            return Err(StoreError::Exists.into());
        }
        self.spend(tx, presented.session_no, &found.record)?;
        found.record.rotations += 1;
        found.record.rotated_at = tx.now();
        Ok(Rotation::Rotated {
            tenant: found.tenant,
            session: found.record,
            user: user.user.record,
        })
    }
}

impl RotateToken {
    fn is_unspent(&self, tx: &Tx<'_>) -> rusqlite::Result<bool> {
        tx.statement("SELECT 1 FROM session_tokens WHERE hash = ?1 AND next IS NULL")?
            .exists([self.next.hash.as_bytes()])
    }

    fn spend(&self, tx: &Tx<'_>, session_no: i64, session: &SessionRecord) -> rusqlite::Result<()> {
        tx.statement("UPDATE session_tokens SET next = ?2 WHERE hash = ?1")?
            .execute(params![self.presented.as_bytes(), self.next.hash.as_bytes()])?;
        bring_in(tx, session_no, session, &self.next)?;
        tx.statement("UPDATE sessions SET rotations = rotations + 1, rotated_at = ?2 WHERE session_no = ?1")?
            .execute(params![session_no, tx.now().as_millis()])?;
        Ok(())
    }
}
