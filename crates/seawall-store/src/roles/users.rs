use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{TenantId, UserId};
use crate::records::{
    Email, LockPolicy, LoginAttempt, LoginUser, NewAudit, NewUser, Page, PageOf, UserChange, UserCreated, UserRecord,
};

/// People who log in with a password, of which the store keeps the hash that it is given. An address belongs to one user in
/// the whole store, because a login names no tenant. An `audit` record is written with the change it is about, and
/// only if there is one.
pub trait UserStore: Send + Sync + 'static {
    /// Keeps a user, active and in version 1.
    ///
    /// # Errors
    /// `Exists` when the id is taken, by whichever tenant. `Busy` when the write queue is full.
    fn create_user<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewUser,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<UserCreated>>;

    /// Who has the address, of whichever tenant: it is the user who says of which. Inactive and locked ones are given too.
    fn user_for_login<'a>(&'a self, email: &'a Email) -> BoxFuture<'a, StoreResult<Option<LoginUser>>>;

    fn user<'a>(&'a self, tenant: &'a TenantId, id: UserId) -> BoxFuture<'a, StoreResult<Option<UserRecord>>>;

    /// Newest first.
    fn list_users<'a>(&'a self, tenant: &'a TenantId, page: Page) -> BoxFuture<'a, StoreResult<PageOf<UserRecord>>>;

    /// Writes the next version. Where [`UserChange::must_end_sessions`], the user's sessions end in the same change, and
    /// other nodes are told. Another password also forgets attempts and lock.
    ///
    /// # Errors
    /// `NotFound`; then `PreconditionFailed` when `expected` is given and is not the version. `Busy`.
    fn update_user<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: UserId,
        change: UserChange,
        expected: Option<u64>,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<UserRecord>>;

    /// Forgets the user and frees the address. The user's sessions end in the same change, and other nodes are told.
    ///
    /// # Errors
    /// As `update_user`.
    fn delete_user<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: UserId,
        expected: Option<u64>,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<()>>;

    /// Asks whether a password may be looked at, before it is, and counts the attempt as failed: so guesses that are made
    /// side by side are counted before the first of them is answered. `SessionStore::begin_session` forgets the count.
    ///
    /// # Errors
    /// `NotFound`. `Busy`.
    fn begin_login<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: UserId,
        policy: LockPolicy,
    ) -> BoxFuture<'a, StoreResult<LoginAttempt>>;
}
