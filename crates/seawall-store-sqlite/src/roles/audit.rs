use futures_util::future::BoxFuture;
use rusqlite::params;
use seawall_store::{
    AuditAction, AuditFilter, AuditHead, AuditRecord, AuditStore, NewAudit, Page, PageOf, PrincipalName, StoreResult,
    TenantId,
};

use super::lists::{below, list, wanted};
use crate::SqliteStore;
use crate::codec::{int, maybe_millis};
use crate::ops::AppendAudit;
use crate::rows::{audit, audit_head, audit_query};
use crate::writer::Lane;

const OF_TENANT: &str = audit_query!(
    "WHERE a.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1) AND a.seq < ?2
       AND ?3 IS NULL AND ?4 IS NULL AND (?5 IS NULL OR a.at >= ?5)
     ORDER BY a.seq DESC LIMIT ?6"
);
const OF_ACTION: &str = audit_query!(
    "WHERE a.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1) AND a.seq < ?2
       AND ?3 IS NULL AND a.action = ?4 AND (?5 IS NULL OR a.at >= ?5)
     ORDER BY a.seq DESC LIMIT ?6"
);
const OF_ACTOR: &str = audit_query!(
    "WHERE a.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1) AND a.seq < ?2
       AND a.actor = ?3 AND (?4 IS NULL OR a.action = ?4) AND (?5 IS NULL OR a.at >= ?5)
     ORDER BY a.seq DESC LIMIT ?6"
);

impl AuditStore for SqliteStore {
    fn append_audit<'a>(&'a self, tenant: &'a TenantId, new: NewAudit) -> BoxFuture<'a, StoreResult<AuditRecord>> {
        let tenant = tenant.clone();
        Box::pin(self.writer.submit(Lane::Client, AppendAudit { tenant, new }))
    }

    fn audit_after<'a>(
        &'a self,
        tenant: &'a TenantId,
        seq: u64,
        limit: u32,
    ) -> BoxFuture<'a, StoreResult<Vec<AuditRecord>>> {
        let tenant = tenant.clone();
        let limit = limit.min(AuditRecord::MAX_READ);
        Box::pin(self.readers.list(move |conn| {
            let records = conn
                .prepare_cached(audit_query!(
                    "WHERE a.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1) AND a.seq > ?2
                     ORDER BY a.seq LIMIT ?3"
                ))?
                .query_map(params![tenant.as_str(), int(seq), limit], audit)?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(records)
        }))
    }

    fn list_audit<'a>(
        &'a self,
        tenant: &'a TenantId,
        filter: AuditFilter,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<AuditRecord>>> {
        let tenant = tenant.clone();
        Box::pin(self.readers.list(move |conn| {
            // A plan does not depend on what is bound, and each of these has an index that keeps the order.
            let sql = match (&filter.actor, &filter.action) {
                (Some(_), _) => OF_ACTOR,
                (None, Some(_)) => OF_ACTION,
                (None, None) => OF_TENANT,
            };
            let params = params![
                tenant.as_str(),
                below(page),
                filter.actor.as_ref().map(PrincipalName::as_str),
                filter.action.as_ref().map(AuditAction::as_str),
                maybe_millis(filter.since),
                wanted(page)
            ];
            Ok(list(conn, sql, params, page, |row| {
                audit(row).map(|record| (int(record.body.seq), record))
            })?)
        }))
    }

    fn audit_head<'a>(&'a self, tenant: &'a TenantId) -> BoxFuture<'a, StoreResult<AuditHead>> {
        let tenant = tenant.clone();
        Box::pin(self.readers.read(move |conn| Ok(audit_head(conn, tenant.as_str())?)))
    }
}
