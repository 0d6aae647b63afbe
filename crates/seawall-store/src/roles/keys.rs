use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{KeyId, TenantId};
use crate::records::{
    AuthKey, KeyCreated, KeyRecord, KeyUses, NewAudit, NewKey, Page, PageOf, PrincipalName, PutAdmin, PutAdminKey,
    RevokedKey,
};

/// API keys. What is kept of a secret is its hash; whether one was presented is the caller's to find out, and so is what an
/// expired or revoked key comes to: the records say so. An `audit` record is written with the change it is about, and
/// only if there is one.
pub trait KeyStore: Send + Sync + 'static {
    /// Keeps a key.
    ///
    /// # Errors
    /// `Exists` when the id is taken, by whichever tenant. `Busy` when the write queue is full.
    fn create_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewKey,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<KeyCreated>>;

    /// The key of that id, whosever it is: it is asked for by who presents a credential, and it is the key that says of
    /// which tenant that is. Revoked and expired ones are given too.
    fn key_for_authentication(&self, id: KeyId) -> BoxFuture<'_, StoreResult<Option<AuthKey>>>;

    fn key<'a>(&'a self, tenant: &'a TenantId, id: KeyId) -> BoxFuture<'a, StoreResult<Option<KeyRecord>>>;

    /// Newest first, revoked and expired ones with them.
    fn list_keys<'a>(&'a self, tenant: &'a TenantId, page: Page) -> BoxFuture<'a, StoreResult<PageOf<KeyRecord>>>;

    /// Ends a key now and for good, and tells other nodes of it (`RevocationStore::revocations`) in the same change.
    ///
    /// # Errors
    /// `NotFound`. `Busy`.
    fn revoke_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: KeyId,
        by: PrincipalName,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<RevokedKey>>;

    /// Keeps the key with which a store begins (`new.most` means nothing), as `when` says. At most one such key of a tenant
    /// is unrevoked: another one takes its place in one change, in which the one before is revoked by `new.created_by`.
    ///
    /// # Errors
    /// `Exists` when a key that is to be kept has an id that is taken, by whichever tenant: so also when it was replaced
    /// before and comes back. `Busy`.
    fn put_admin_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewKey,
        when: PutAdmin,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<PutAdminKey>>;

    /// Notes when keys were used, of all tenants: the runtime's own, written a batch at a time. A use before one that is
    /// noted, or of a key that is gone, changes nothing.
    ///
    /// # Errors
    /// `Busy`.
    fn record_key_uses(&self, uses: KeyUses) -> BoxFuture<'_, StoreResult<()>>;

    /// Forgets at most `limit` keys of all tenants that were revoked or had expired longer ago than `kept_for`, and
    /// answers how many. Those of `put_admin_key` stay, so that none comes back.
    ///
    /// # Errors
    /// `Busy`.
    fn forget_keys(&self, kept_for: std::time::Duration, limit: u32) -> BoxFuture<'_, StoreResult<u32>>;
}
