use futures_util::future::BoxFuture;

use super::rows::{SessionRow, TokenRow, count};
use crate::error::{StoreError, StoreResult};
use crate::ids::{SessionId, TenantId, UserId};
use crate::memory::fault::StoreOp;
use crate::memory::state::State;
use crate::memory::store::MemoryStore;
use crate::records::{
    NewAudit, NewSession, NewToken, Revoked, Rotation, SecretHash, SessionBegun, SessionEnd, SessionEndCause,
    SessionRecord, SessionRevoked,
};
use crate::roles::SessionStore;
use crate::time::Timestamp;

impl State {
    fn begin_session(&mut self, tenant: &TenantId, new: NewSession, now: Timestamp) -> StoreResult<SessionBegun> {
        let has_session = self.identity.sessions.values().any(|row| row.record.id == new.id);
        if has_session || self.identity.tokens.contains_key(&new.token.hash) {
            return Err(StoreError::Exists);
        }
        let Ok(row) = self.user_mut(tenant, new.user) else {
            return Ok(SessionBegun::Refused);
        };
        let user = &mut row.record;
        if !user.active || user.version != new.version {
            return Ok(SessionBegun::Refused);
        }
        user.attempts = 0;
        user.locked_until = None;
        user.last_login_at = Some(now);
        let user = user.clone();
        let mut ended = self.live_sessions(tenant, new.user, now);
        let stay = new.most.max(1) as usize - 1;
        ended.truncate(ended.len().saturating_sub(stay));
        for id in &ended {
            self.end_session(*id, SessionEndCause::GaveWay, now);
        }
        let session = SessionRecord {
            id: new.id,
            user: new.user,
            created_at: now,
            rotated_at: now,
            expires_at: now.saturating_add(new.lives),
            rotations: 0,
            ended: None,
        };
        let row = SessionRow {
            tenant: tenant.clone(),
            record: session.clone(),
        };
        let number = self.number();
        self.identity.sessions.insert(number, row);
        self.bring_in(&session, new.token, now);
        Ok(SessionBegun::Begun { session, user, ended })
    }

    fn bring_in(&mut self, session: &SessionRecord, token: NewToken, now: Timestamp) {
        let row = TokenRow {
            session: session.id,
            expires_at: now.saturating_add(token.lives).min(session.expires_at),
            next: None,
        };
        self.identity.tokens.insert(token.hash, row);
    }

    /// The user's sessions that count, the oldest first.
    fn live_sessions(&self, tenant: &TenantId, user: UserId, now: Timestamp) -> Vec<SessionId> {
        let rows = self.identity.sessions.values();
        rows.filter(|row| row.tenant == *tenant && row.record.user == user && row.record.counts_at(now))
            .map(|row| row.record.id)
            .collect()
    }

    fn session_row(&mut self, id: SessionId) -> Option<&mut SessionRow> {
        self.identity.sessions.values_mut().find(|row| row.record.id == id)
    }

    /// Ends a session that has not ended.
    fn end_session(&mut self, id: SessionId, cause: SessionEndCause, now: Timestamp) {
        let row = self.session_row(id).expect("the caller has looked the session up");
        let counted = row.record.counts_at(now);
        row.record.ended = Some(SessionEnd { at: now, cause });
        if counted {
            self.tell_revoked(Revoked::Session(id), now);
        }
    }

    fn end_sessions_of(&mut self, tenant: &TenantId, user: UserId, cause: SessionEndCause, now: Timestamp) -> u32 {
        let live = self.live_sessions(tenant, user, now);
        for id in &live {
            self.end_session(*id, cause, now);
        }
        count(live.len())
    }

    pub(super) fn end_sessions_of_changed(&mut self, tenant: &TenantId, user: UserId, now: Timestamp) {
        self.end_sessions_of(tenant, user, SessionEndCause::UserChanged, now);
    }

    fn rotate(&mut self, presented: SecretHash, next: NewToken, now: Timestamp) -> StoreResult<Rotation> {
        let Some(token) = self.identity.tokens.get(&presented) else {
            return Ok(Rotation::Unknown);
        };
        let (id, token_ends, spent_for) = (token.session, token.expires_at, token.next);
        let row = self.session_row(id).expect("tokens are forgotten before their session");
        let (tenant, session) = (row.tenant.clone(), row.record.clone());
        if session.ended.is_some() {
            return Ok(Rotation::Revoked);
        }
        if session.expires_at <= now {
            return Ok(Rotation::Expired);
        }
        let Ok(user) = self.user_mut(&tenant, session.user).map(|row| row.record.clone()) else {
            return Ok(Rotation::Revoked);
        };
        if let Some(successor) = spent_for {
            let unspent = self
                .identity
                .tokens
                .get(&successor)
                .is_some_and(|row| row.next.is_none());
            if successor == next.hash && unspent {
                return Ok(Rotation::Rotated { tenant, session, user });
            }
            self.end_session(id, SessionEndCause::Reused, now);
            let session = self.session_row(id).map_or(session, |row| row.record.clone());
            return Ok(Rotation::Reused { tenant, session });
        }
        if token_ends <= now || session.rotations >= SessionRecord::MAX_ROTATIONS {
            return Ok(Rotation::Expired);
        }
        if self.identity.tokens.contains_key(&next.hash) {
            return Err(StoreError::Exists);
        }
        if let Some(token) = self.identity.tokens.get_mut(&presented) {
            token.next = Some(next.hash);
        }
        self.bring_in(&session, next, now);
        let row = self.session_row(id).expect("it was there above");
        row.record.rotations += 1;
        row.record.rotated_at = now;
        let session = row.record.clone();
        Ok(Rotation::Rotated { tenant, session, user })
    }

    fn revoke_session(&mut self, tenant: &TenantId, id: SessionId, now: Timestamp) -> StoreResult<SessionRevoked> {
        let row = self.session_row(id).filter(|row| row.tenant == *tenant);
        let record = row.ok_or(StoreError::NotFound)?.record.clone();
        if record.ended.is_some() {
            return Ok(SessionRevoked::Before(record));
        }
        self.end_session(id, SessionEndCause::Revoked, now);
        let ended = self.session_row(id).map_or(record, |row| row.record.clone());
        Ok(SessionRevoked::Now(ended))
    }

    fn forget_sessions(&mut self, limit: u32, now: Timestamp) -> u32 {
        let rows = &mut self.identity;
        let mut over: Vec<(Timestamp, i64, SessionId)> = rows
            .sessions
            .iter()
            .filter(|(_, row)| row.record.expires_at <= now)
            .map(|(number, row)| (row.record.expires_at, *number, row.record.id))
            .collect();
        over.sort_unstable();
        let mut left = limit as usize;
        for (_, number, id) in over {
            let tokens = rows.tokens.iter().filter(|(_, row)| row.session == id);
            let tokens: Vec<SecretHash> = tokens.map(|(hash, _)| *hash).take(left).collect();
            for hash in &tokens {
                rows.tokens.remove(hash);
            }
            left -= tokens.len();
            if left == 0 {
                break;
            }
            rows.sessions.remove(&number);
            left -= 1;
        }
        limit - count(left)
    }
}

impl SessionStore for MemoryStore {
    fn begin_session<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewSession,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<SessionBegun>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                let begun = state.begin_session(tenant, new, now)?;
                if matches!(begun, SessionBegun::Begun { .. }) {
                    state.audit(tenant, audit.as_ref(), now);
                }
                Ok(begun)
            })
        })
    }

    fn rotate_token(&self, presented: SecretHash, next: NewToken) -> BoxFuture<'_, StoreResult<Rotation>> {
        Box::pin(async move { self.call(StoreOp::Identity, None, |state, now| state.rotate(presented, next, now)) })
    }

    fn session<'a>(&'a self, tenant: &'a TenantId, id: SessionId) -> BoxFuture<'a, StoreResult<Option<SessionRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let row = state.session_row(id).filter(|row| row.tenant == *tenant);
                Ok(row.map(|row| row.record.clone()))
            })
        })
    }

    fn revoke_session<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: SessionId,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<SessionRevoked>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                let revoked = state.revoke_session(tenant, id, now)?;
                if matches!(revoked, SessionRevoked::Now(_)) {
                    state.audit(tenant, audit.as_ref(), now);
                }
                Ok(revoked)
            })
        })
    }

    fn revoke_sessions_of<'a>(
        &'a self,
        tenant: &'a TenantId,
        user: UserId,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<u32>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                state.user_mut(tenant, user)?;
                let ended = state.end_sessions_of(tenant, user, SessionEndCause::Revoked, now);
                if ended > 0 {
                    state.audit(tenant, audit.as_ref(), now);
                }
                Ok(ended)
            })
        })
    }

    fn forget_sessions(&self, limit: u32) -> BoxFuture<'_, StoreResult<u32>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                Ok(state.forget_sessions(limit, now))
            })
        })
    }
}
