use std::time::Duration;

use seawall_store::{
    Digest, KeyCreated, KeyId, KeyName, KeyRecord, NewKey, Page, PageOf, Revoked, StoreError, TenantId,
};
use serde_json::json;

use super::convert::{key_id, principal_name, store_hash, store_scopes};
use super::life::{LIVES, counts};
use super::trail::Deed;
use super::{AccountError, Accounts, Actor};
use crate::identity::{ApiKey, Scopes};

/// A key to be.
#[derive(Debug)]
pub(crate) struct KeyRequest {
    pub(crate) name: KeyName,
    pub(crate) scopes: Scopes,
    /// None: until it is revoked.
    pub(crate) expires_in: Option<Duration>,
}

/// A key with its secret, which is nowhere else.
pub(crate) struct MadeKey {
    pub(crate) record: KeyRecord,
    pub(crate) key: ApiKey,
}

impl Accounts {
    /// Makes a key, once for this idempotency key if there is one.
    ///
    /// # Errors
    /// `Lacks` one of the scopes; `TooManyKeys`; `Withheld` when the request was carried out before.
    pub(crate) async fn create_key(
        &self,
        actor: &Actor,
        wanted: KeyRequest,
        once: Option<&Digest>,
    ) -> Result<MadeKey, AccountError> {
        let by = &actor.principal;
        Self::may_give(by, wanted.scopes)?;
        let now = self.clock.now();
        let expires_at = wanted.expires_in.map(|lives| now.saturating_add(lives));
        for life in 0..LIVES {
            let id = once.map_or_else(KeyId::generate, |key| {
                KeyId::derived(&[b"key", key.as_bytes(), &life.to_be_bytes()])
            });
            let key = ApiKey::generate(key_id(id));
            let new = NewKey {
                id,
                name: wanted.name.clone(),
                hash: store_hash(key.hash()),
                scopes: store_scopes(wanted.scopes),
                created_by: principal_name(&by.subject),
                expires_at,
                most: Self::MOST_KEYS,
            };
            let deed = Deed::done("key.created", &id).with(json!({"scopes": wanted.scopes.to_string()}));
            let audit = self.trail.record(actor, deed);
            match self.store.create_key(&by.tenant, new, Some(audit)).await {
                Ok(KeyCreated::Created(record)) => return Ok(MadeKey { record, key }),
                Ok(KeyCreated::TooMany { most }) => return Err(AccountError::TooManyKeys { most }),
                Err(StoreError::Exists) if once.is_some() => {}
                Err(error) => return Err(error.into()),
            }
            // This key's own request was carried out before and not answered, or in a former life of it.
            match self.store.key(&by.tenant, id).await? {
                Some(own) if !counts(own.created_at, now) => {}
                _ => return Err(AccountError::Withheld),
            }
        }
        Err(AccountError::Withheld)
    }

    /// # Errors
    /// `NotFound` of the store.
    pub(crate) async fn key(&self, tenant: &TenantId, id: KeyId) -> Result<KeyRecord, AccountError> {
        let found = self.store.key(tenant, id).await?;
        found.ok_or(AccountError::Store(StoreError::NotFound))
    }

    /// Newest first, those that count no more too.
    pub(crate) async fn keys(&self, actor: &Actor, page: Page) -> Result<PageOf<KeyRecord>, AccountError> {
        Ok(self.store.list_keys(&actor.principal.tenant, page).await?)
    }

    /// Ends a key for good. One that was revoked before stays so.
    ///
    /// # Errors
    /// `NotFound` of the store.
    pub(crate) async fn revoke_key(&self, actor: &Actor, id: KeyId) -> Result<(), AccountError> {
        let by = &actor.principal;
        let audit = self.trail.record(actor, Deed::done("key.revoked", &id));
        let name = principal_name(&by.subject);
        self.store.revoke_key(&by.tenant, id, name, Some(audit)).await?;
        self.ended(Revoked::Key(id));
        Ok(())
    }
}
