use std::time::Duration;

use futures_util::future::BoxFuture;

use super::rows::{before, count};
use crate::error::{StoreError, StoreResult};
use crate::ids::{KeyId, TenantId};
use crate::memory::fault::StoreOp;
use crate::memory::page::cut;
use crate::memory::state::State;
use crate::memory::store::MemoryStore;
use crate::records::{
    AuthKey, KeyCreated, KeyEnd, KeyRecord, KeyUses, NewAudit, NewKey, Page, PageOf, PrincipalName, PutAdmin,
    PutAdminKey, Revoked, RevokedKey,
};
use crate::roles::KeyStore;
use crate::time::Timestamp;

impl State {
    fn create_key(&mut self, tenant: &TenantId, new: NewKey, now: Timestamp) -> StoreResult<KeyCreated> {
        if self.has_key(new.id) {
            return Err(StoreError::Exists);
        }
        let rows = self.identity.keys.values();
        let own = rows.filter(|row| row.tenant == *tenant && row.record.counts_at(now));
        if own.count() >= new.most as usize {
            return Ok(KeyCreated::TooMany { most: new.most });
        }
        Ok(KeyCreated::Created(self.insert_key(tenant, new, false, now)))
    }

    fn has_key(&self, id: KeyId) -> bool {
        self.identity.keys.values().any(|row| row.record.id == id)
    }

    fn insert_key(&mut self, tenant: &TenantId, new: NewKey, admin: bool, now: Timestamp) -> KeyRecord {
        let record = KeyRecord {
            id: new.id,
            name: new.name,
            scopes: new.scopes,
            created_by: new.created_by,
            created_at: now,
            expires_at: new.expires_at,
            last_used_at: None,
            revoked: None,
            admin,
        };
        let number = self.number();
        let row = AuthKey {
            tenant: tenant.clone(),
            record: record.clone(),
            hash: new.hash,
        };
        self.identity.keys.insert(number, row);
        record
    }

    fn revoke_key(
        &mut self,
        tenant: &TenantId,
        id: KeyId,
        by: PrincipalName,
        now: Timestamp,
    ) -> StoreResult<RevokedKey> {
        let mut rows = self.identity.keys.values_mut();
        let row = rows.find(|row| row.record.id == id && row.tenant == *tenant);
        let record = &mut row.ok_or(StoreError::NotFound)?.record;
        if record.revoked.is_some() {
            return Ok(RevokedKey::Before(record.clone()));
        }
        record.revoked = Some(KeyEnd { at: now, by });
        let record = record.clone();
        self.tell_revoked(Revoked::Key(id), now);
        Ok(RevokedKey::Now(record))
    }

    fn put_admin_key(
        &mut self,
        tenant: &TenantId,
        new: NewKey,
        when: PutAdmin,
        now: Timestamp,
    ) -> StoreResult<PutAdminKey> {
        let mut rows = self.identity.keys.values().rev();
        let last = rows.find(|row| row.tenant == *tenant && row.record.admin).cloned();
        if let Some(last) = &last
            && (when == PutAdmin::IfNone || (last.record.id, last.hash) == (new.id, new.hash))
        {
            return Ok(PutAdminKey::Kept(last.record.clone()));
        }
        if self.has_key(new.id) {
            return Err(StoreError::Exists);
        }
        let by = new.created_by.clone();
        let replaced = match last.filter(|last| last.record.revoked.is_none()) {
            Some(last) => match self.revoke_key(tenant, last.record.id, by, now)? {
                RevokedKey::Now(record) | RevokedKey::Before(record) => Some(record),
            },
            None => None,
        };
        let record = self.insert_key(tenant, new, true, now);
        Ok(PutAdminKey::Created { record, replaced })
    }

    fn forget_keys(&mut self, ended_before: Timestamp, limit: u32) -> u32 {
        let is_over = |record: &KeyRecord| {
            let revoked = record.revoked.as_ref().is_some_and(|end| end.at < ended_before);
            !record.admin && (revoked || record.expires_at.is_some_and(|end| end < ended_before))
        };
        let keys = &mut self.identity.keys;
        let over = keys.iter().filter(|(_, row)| is_over(&row.record));
        let over: Vec<i64> = over.map(|(number, _)| *number).take(limit as usize).collect();
        for number in &over {
            keys.remove(number);
        }
        count(over.len())
    }
}

impl KeyStore for MemoryStore {
    fn create_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewKey,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<KeyCreated>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                let created = state.create_key(tenant, new, now)?;
                if matches!(created, KeyCreated::Created(_)) {
                    state.audit(tenant, audit.as_ref(), now);
                }
                Ok(created)
            })
        })
    }

    fn key_for_authentication(&self, id: KeyId) -> BoxFuture<'_, StoreResult<Option<AuthKey>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let mut rows = state.identity.keys.values();
                Ok(rows.find(|row| row.record.id == id).cloned())
            })
        })
    }

    fn key<'a>(&'a self, tenant: &'a TenantId, id: KeyId) -> BoxFuture<'a, StoreResult<Option<KeyRecord>>> {
        Box::pin(async move {
            let found = self.key_for_authentication(id).await?;
            Ok(found.filter(|row| row.tenant == *tenant).map(|row| row.record))
        })
    }

    fn list_keys<'a>(&'a self, tenant: &'a TenantId, page: Page) -> BoxFuture<'a, StoreResult<PageOf<KeyRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let rows = state
                    .identity
                    .keys
                    .iter()
                    .rev()
                    .filter(|(_, row)| row.tenant == *tenant);
                Ok(cut(rows.map(|(number, row)| (*number, row.record.clone())), page))
            })
        })
    }

    fn revoke_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: KeyId,
        by: PrincipalName,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<RevokedKey>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                let revoked = state.revoke_key(tenant, id, by, now)?;
                if matches!(revoked, RevokedKey::Now(_)) {
                    state.audit(tenant, audit.as_ref(), now);
                }
                Ok(revoked)
            })
        })
    }

    fn put_admin_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewKey,
        when: PutAdmin,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<PutAdminKey>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                let put = state.put_admin_key(tenant, new, when, now)?;
                if matches!(put, PutAdminKey::Created { .. }) {
                    state.audit(tenant, audit.as_ref(), now);
                }
                Ok(put)
            })
        })
    }

    fn record_key_uses(&self, uses: KeyUses) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, _| {
                for used in uses.iter() {
                    for row in state.identity.keys.values_mut().filter(|row| row.record.id == used.id) {
                        row.record.last_used_at = row.record.last_used_at.max(Some(used.at));
                    }
                }
                Ok(())
            })
        })
    }

    fn forget_keys(&self, kept_for: Duration, limit: u32) -> BoxFuture<'_, StoreResult<u32>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                Ok(state.forget_keys(before(now, kept_for), limit))
            })
        })
    }
}
