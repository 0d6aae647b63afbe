use futures_util::future::BoxFuture;

use crate::error::{StoreError, StoreResult};
use crate::ids::{TenantId, UserId};
use crate::memory::fault::StoreOp;
use crate::memory::page::cut;
use crate::memory::state::State;
use crate::memory::store::MemoryStore;
use crate::records::{
    Email, LockPolicy, LoginAttempt, LoginUser, NewAudit, NewUser, Page, PageOf, UserChange, UserCreated, UserRecord,
};
use crate::roles::UserStore;
use crate::time::Timestamp;

impl State {
    fn create_user(&mut self, tenant: &TenantId, new: NewUser, now: Timestamp) -> StoreResult<UserCreated> {
        let users = || self.identity.users.values();
        if users().any(|row| row.record.id == new.id) {
            return Err(StoreError::Exists);
        }
        if users().any(|row| row.record.email == new.email) {
            return Ok(UserCreated::EmailTaken);
        }
        if users().filter(|row| row.tenant == *tenant).count() >= new.most as usize {
            return Ok(UserCreated::TooMany { most: new.most });
        }
        let record = UserRecord {
            id: new.id,
            email: new.email,
            role: new.role,
            active: true,
            version: 1,
            created_at: now,
            updated_at: now,
            last_login_at: None,
            attempts: 0,
            locked_until: None,
        };
        let row = LoginUser {
            tenant: tenant.clone(),
            record: record.clone(),
            password: new.password,
        };
        let number = self.number();
        self.identity.users.insert(number, row);
        Ok(UserCreated::Created(record))
    }

    pub(super) fn user_mut(&mut self, tenant: &TenantId, id: UserId) -> StoreResult<&mut LoginUser> {
        let mut rows = self.identity.users.values_mut();
        rows.find(|row| row.record.id == id && row.tenant == *tenant)
            .ok_or(StoreError::NotFound)
    }

    /// The user, if it is in the expected version.
    fn expected_user(&mut self, tenant: &TenantId, id: UserId, expected: Option<u64>) -> StoreResult<&mut LoginUser> {
        let row = self.user_mut(tenant, id)?;
        if expected.is_some_and(|expected| expected != row.record.version) {
            return Err(StoreError::PreconditionFailed);
        }
        Ok(row)
    }

    fn update_user(
        &mut self,
        tenant: &TenantId,
        id: UserId,
        change: UserChange,
        expected: Option<u64>,
        now: Timestamp,
    ) -> StoreResult<UserRecord> {
        let ends_sessions = change.must_end_sessions();
        let row = self.expected_user(tenant, id, expected)?;
        let record = &mut row.record;
        record.role = change.role.unwrap_or(record.role);
        record.active = change.active.unwrap_or(record.active);
        record.version += 1;
        record.updated_at = now;
        if let Some(password) = change.password {
            row.password = password;
            record.attempts = 0;
            record.locked_until = None;
        }
        let record = record.clone();
        if ends_sessions {
            self.end_sessions_of_changed(tenant, id, now);
        }
        Ok(record)
    }

    fn begin_login(
        &mut self,
        tenant: &TenantId,
        id: UserId,
        policy: LockPolicy,
        now: Timestamp,
    ) -> StoreResult<LoginAttempt> {
        let record = &mut self.user_mut(tenant, id)?.record;
        if let Some(until) = record.locked_until.filter(|until| now < *until) {
            return Ok(LoginAttempt::Locked { until });
        }
        record.attempts = record.attempts.saturating_add(1);
        let lock = policy.lock_after(record.attempts);
        record.locked_until = lock.map(|lock| now.saturating_add(lock));
        Ok(LoginAttempt::Admitted {
            attempts: record.attempts,
        })
    }
}

impl UserStore for MemoryStore {
    fn create_user<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewUser,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<UserCreated>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                let created = state.create_user(tenant, new, now)?;
                if matches!(created, UserCreated::Created(_)) {
                    state.audit(tenant, audit.as_ref(), now);
                }
                Ok(created)
            })
        })
    }

    fn user_for_login<'a>(&'a self, email: &'a Email) -> BoxFuture<'a, StoreResult<Option<LoginUser>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let mut rows = state.identity.users.values();
                Ok(rows.find(|row| row.record.email == *email).cloned())
            })
        })
    }

    fn user<'a>(&'a self, tenant: &'a TenantId, id: UserId) -> BoxFuture<'a, StoreResult<Option<UserRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                Ok(state.user_mut(tenant, id).ok().map(|row| row.record.clone()))
            })
        })
    }

    fn list_users<'a>(&'a self, tenant: &'a TenantId, page: Page) -> BoxFuture<'a, StoreResult<PageOf<UserRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let rows = state
                    .identity
                    .users
                    .iter()
                    .rev()
                    .filter(|(_, row)| row.tenant == *tenant);
                Ok(cut(rows.map(|(number, row)| (*number, row.record.clone())), page))
            })
        })
    }

    fn update_user<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: UserId,
        change: UserChange,
        expected: Option<u64>,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<UserRecord>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                let record = state.update_user(tenant, id, change, expected, now)?;
                state.audit(tenant, audit.as_ref(), now);
                Ok(record)
            })
        })
    }

    fn delete_user<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: UserId,
        expected: Option<u64>,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                state.expected_user(tenant, id, expected)?;
                state.end_sessions_of_changed(tenant, id, now);
                state.identity.users.retain(|_, row| row.record.id != id);
                state.audit(tenant, audit.as_ref(), now);
                Ok(())
            })
        })
    }

    fn begin_login<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: UserId,
        policy: LockPolicy,
    ) -> BoxFuture<'a, StoreResult<LoginAttempt>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                state.begin_login(tenant, id, policy, now)
            })
        })
    }
}
