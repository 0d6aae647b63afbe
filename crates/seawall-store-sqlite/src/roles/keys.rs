use std::time::Duration;

use futures_util::future::BoxFuture;
use rusqlite::params;
use seawall_store::{
    AuthKey, KeyCreated, KeyId, KeyRecord, KeyStore, KeyUses, NewAudit, NewKey, Page, PageOf, PrincipalName, PutAdmin,
    PutAdminKey, RevokedKey, StoreResult, TenantId,
};

use super::lists::{below, list, wanted};
use crate::SqliteStore;
use crate::ops;
use crate::rows::{key, key_by_id, key_query};
use crate::writer::Lane;

impl KeyStore for SqliteStore {
    fn create_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewKey,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<KeyCreated>> {
        let tenant = tenant.clone();
        Box::pin(self.writer.submit(Lane::Client, ops::CreateKey { tenant, new, audit }))
    }

    fn key_for_authentication(&self, id: KeyId) -> BoxFuture<'_, StoreResult<Option<AuthKey>>> {
        Box::pin(
            self.readers
                .read(move |conn| Ok(key_by_id(conn, id)?.map(|found| found.key))),
        )
    }

    fn key<'a>(&'a self, tenant: &'a TenantId, id: KeyId) -> BoxFuture<'a, StoreResult<Option<KeyRecord>>> {
        Box::pin(async move {
            let found = self.key_for_authentication(id).await?;
            Ok(found.filter(|key| key.tenant == *tenant).map(|key| key.record))
        })
    }

    fn list_keys<'a>(&'a self, tenant: &'a TenantId, page: Page) -> BoxFuture<'a, StoreResult<PageOf<KeyRecord>>> {
        let tenant = tenant.clone();
        Box::pin(self.readers.list(move |conn| {
            let sql = key_query!(
                "WHERE k.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1) AND k.key_no < ?2
                 ORDER BY k.key_no DESC LIMIT ?3"
            );
            let params = params![tenant.as_str(), below(page), wanted(page)];
            Ok(list(conn, sql, params, page, |row| {
                key(row).map(|found| (found.key_no, found.key.record))
            })?)
        }))
    }

    fn revoke_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: KeyId,
        by: PrincipalName,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<RevokedKey>> {
        let revoke = ops::RevokeKey {
            tenant: tenant.clone(),
            id,
            by,
            audit,
        };
        Box::pin(self.writer.submit(Lane::Client, revoke))
    }

    fn put_admin_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewKey,
        when: PutAdmin,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<PutAdminKey>> {
        let put = ops::PutAdmin {
            tenant: tenant.clone(),
            new,
            when,
            audit,
        };
        Box::pin(self.writer.submit(Lane::Client, put))
    }

    fn record_key_uses(&self, uses: KeyUses) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.writer.submit(Lane::Client, ops::RecordKeyUses(uses)))
    }

    fn forget_keys(&self, kept_for: Duration, limit: u32) -> BoxFuture<'_, StoreResult<u32>> {
        Box::pin(self.writer.submit(Lane::Client, ops::ForgetKeys { kept_for, limit }))
    }
}
