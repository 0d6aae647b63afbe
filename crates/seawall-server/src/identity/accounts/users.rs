use seawall_store::{
    Digest, NewUser, Page, PageOf, StoreError, TenantId, UserChange, UserCreated, UserId, UserRecord, UserRole,
};
use serde_json::json;

use super::convert::{role_of, scopes_of, store_email, store_password, user_role};
use super::life::{LIVES, counts};
use super::trail::Deed;
use super::{AccountError, Accounts, Actor};
use crate::identity::password::Password;
use crate::identity::{Email, Principal, PrincipalKind, Role, Scope};

/// A user to be.
pub(crate) struct UserRequest {
    pub(crate) email: Email,
    pub(crate) password: Password,
    pub(crate) role: Role,
}

/// What of a user is to change.
#[derive(Default)]
pub(crate) struct UserPatch {
    pub(crate) role: Option<Role>,
    pub(crate) active: Option<bool>,
    pub(crate) password: Option<Password>,
}

impl Accounts {
    /// Makes a user, once for this idempotency key if there is one.
    ///
    /// # Errors
    /// `Lacks` a scope of the role; `EmailTaken`; `TooManyUsers`; `Hash`.
    pub(crate) async fn create_user(
        &self,
        actor: &Actor,
        wanted: UserRequest,
        once: Option<&Digest>,
    ) -> Result<UserRecord, AccountError> {
        Self::may_give(&actor.principal, wanted.role.scopes())?;
        let password = self.passwords.hash(wanted.password).await?;
        let tenant = &actor.principal.tenant;
        let mut new = NewUser {
            id: UserId::generate(),
            email: store_email(&wanted.email),
            password: store_password(&password),
            role: user_role(wanted.role),
            most: Self::MOST_USERS,
        };
        for life in 0..LIVES {
            if let Some(key) = once {
                new.id = UserId::derived(&[b"key", key.as_bytes(), &life.to_be_bytes()]);
            }
            let deed = Deed::done("user.created", &new.id).with(json!({"role": wanted.role.as_str()}));
            let audit = self.trail.record(actor, deed);
            match self.store.create_user(tenant, new.clone(), Some(audit)).await {
                Ok(UserCreated::Created(record)) => return Ok(record),
                Ok(UserCreated::TooMany { most }) => return Err(AccountError::TooManyUsers { most }),
                Ok(UserCreated::EmailTaken) | Err(StoreError::Exists) if once.is_some() => {}
                Ok(UserCreated::EmailTaken) => return Err(AccountError::EmailTaken),
                Err(error) => return Err(error.into()),
            }
            // Somebody has the address, or this key's own request was carried out before and not answered.
            match self.store.user(tenant, new.id).await? {
                Some(own) if counts(own.created_at, self.clock.now()) => return Ok(own),
                Some(_) => {}
                None => return Err(AccountError::EmailTaken),
            }
        }
        Err(AccountError::EmailTaken)
    }

    /// Newest first.
    pub(crate) async fn users(&self, actor: &Actor, page: Page) -> Result<PageOf<UserRecord>, AccountError> {
        Ok(self.store.list_users(&actor.principal.tenant, page).await?)
    }

    /// # Errors
    /// `NotFound` of the store.
    pub(crate) async fn user(&self, tenant: &TenantId, id: UserId) -> Result<UserRecord, AccountError> {
        let found = self.store.user(tenant, id).await?;
        found.ok_or(AccountError::Store(StoreError::NotFound))
    }

    /// The user whose principal this is. None: a principal of another kind, or one whose user is gone.
    pub(crate) async fn user_of(&self, principal: &Principal) -> Result<Option<UserRecord>, AccountError> {
        let id = (principal.kind == PrincipalKind::User).then(|| principal.subject.parse().ok());
        match id.flatten() {
            Some(id) => Ok(self.store.user(&principal.tenant, id).await?),
            None => Ok(None),
        }
    }

    /// Changes a user. Another role, another password and deactivation end the user's logins. `expected`: the version that
    /// the change is based on.
    ///
    /// # Errors
    /// `NotFound`, `PreconditionFailed` of the store; `Lacks` a scope of the role that the user has or is to have; `LastAdmin`;
    /// `Hash`.
    pub(crate) async fn update_user(
        &self,
        actor: &Actor,
        id: UserId,
        patch: UserPatch,
        expected: Option<u64>,
    ) -> Result<UserRecord, AccountError> {
        let by = &actor.principal;
        let has_password = patch.password.is_some();
        let password = match patch.password {
            // Before the turn is taken: it is long.
            Some(password) => Some(store_password(&self.passwords.hash(password).await?)),
            None => None,
        };
        let _turn = self.last_admin.lock().await;
        let current = self.user(&by.tenant, id).await?;
        if let Some(role) = patch.role {
            Self::may_give(by, role.scopes())?;
        }
        // Whoever sets an account's password has the account, and one that was made less could have it set next.
        if has_password || patch.active == Some(true) || patch.role.is_some() {
            Self::may_give(by, role_of(current.role).scopes())?;
        }
        let role = patch.role.map(user_role).unwrap_or(current.role);
        let stays = patch.active.unwrap_or(current.active) && role == UserRole::Admin;
        if is_admin(&current) && !stays {
            self.require_other_admin(&by.tenant, id).await?;
        }
        let changed: Vec<&str> = [
            ("role", patch.role.is_some()),
            ("active", patch.active.is_some()),
            ("password", has_password),
        ]
        .into_iter()
        .filter_map(|(name, is)| is.then_some(name))
        .collect();
        let details =
            json!({"changed": changed, "role": role.as_str(), "active": patch.active.unwrap_or(current.active)});
        let audit = self.trail.record(actor, Deed::done("user.updated", &id).with(details));
        let change = UserChange {
            role: patch.role.map(user_role),
            active: patch.active,
            password,
            ends_sessions: role != current.role,
        };
        // What was looked at is what is changed.
        let expected = expected.or(Some(current.version));
        let ends_sessions = change.must_end_sessions();
        let changed = self.store.update_user(&by.tenant, id, change, expected, Some(audit));
        let changed = changed.await?;
        if ends_sessions {
            self.sessions_ended();
        }
        Ok(changed)
    }

    /// Forgets a user; the address is free again.
    ///
    /// # Errors
    /// `NotFound`, `PreconditionFailed` of the store; `LastAdmin`.
    pub(crate) async fn delete_user(
        &self,
        actor: &Actor,
        id: UserId,
        expected: Option<u64>,
    ) -> Result<(), AccountError> {
        let tenant = &actor.principal.tenant;
        let _turn = self.last_admin.lock().await;
        let current = self.user(tenant, id).await?;
        if is_admin(&current) {
            self.require_other_admin(tenant, id).await?;
        }
        let audit = self.trail.record(actor, Deed::done("user.deleted", &id));
        let expected = expected.or(Some(current.version));
        self.store.delete_user(tenant, id, expected, Some(audit)).await?;
        self.sessions_ended();
        Ok(())
    }

    /// Somebody else must be left who administers users: an active admin, or a key. Both lists are as long as the tenant's
    /// bounds allow, and are read a page at a time.
    async fn require_other_admin(&self, tenant: &TenantId, except: UserId) -> Result<(), AccountError> {
        let mut page = Page::first(Page::MAX);
        loop {
            let users = self.store.list_users(tenant, page).await?;
            if users.items.iter().any(|user| user.id != except && is_admin(user)) {
                return Ok(());
            }
            match users.next {
                Some(cursor) => page.cursor = Some(cursor),
                None => break,
            }
        }
        let now = self.clock.now();
        let mut page = Page::first(Page::MAX);
        loop {
            let keys = self.store.list_keys(tenant, page).await?;
            let administers = |key: &seawall_store::KeyRecord| {
                key.counts_at(now) && scopes_of(&key.scopes).contains(Scope::UsersAdmin)
            };
            if keys.items.iter().any(administers) {
                return Ok(());
            }
            match keys.next {
                Some(cursor) => page.cursor = Some(cursor),
                None => return Err(AccountError::LastAdmin),
            }
        }
    }
}

fn is_admin(user: &UserRecord) -> bool {
    user.active && user.role == UserRole::Admin
}
