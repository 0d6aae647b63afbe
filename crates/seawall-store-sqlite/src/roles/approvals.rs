use futures_util::future::BoxFuture;
use rusqlite::{Connection, Row, params};
use seawall_store::{
    ApprovalFilter, ApprovalId, ApprovalRecord, ApprovalStore, NewMessage, Page, PageOf, StoreResult, TenantId,
};

use super::lists::{below, list, wanted};
use crate::SqliteStore;
use crate::codec::approval_code;
use crate::ops::Decide;
use crate::rows::{approval, approval_by_id, approval_query};
use crate::writer::Lane;

impl ApprovalStore for SqliteStore {
    fn approval<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ApprovalId,
    ) -> BoxFuture<'a, StoreResult<Option<ApprovalRecord>>> {
        let tenant = tenant.clone();
        Box::pin(self.readers.read(move |conn| Ok(approval_by_id(conn, &tenant, id)?)))
    }

    fn list_approvals<'a>(
        &'a self,
        tenant: &'a TenantId,
        filter: ApprovalFilter,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<ApprovalRecord>>> {
        let tenant = tenant.clone();
        Box::pin(
            self.readers
                .list(move |conn| Ok(list_approvals(conn, &tenant, &filter, page)?)),
        )
    }

    fn decide_approval<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ApprovalId,
        message: NewMessage,
    ) -> BoxFuture<'a, StoreResult<ApprovalRecord>> {
        let decide = Decide {
            tenant: tenant.clone(),
            approval: id,
            message,
        };
        Box::pin(self.writer.submit(Lane::Client, decide))
    }
}

/// Three texts, one to each index: pending approvals are few among many, and so are those of one run.
fn list_approvals(
    conn: &Connection,
    tenant: &TenantId,
    filter: &ApprovalFilter,
    page: Page,
) -> rusqlite::Result<PageOf<ApprovalRecord>> {
    let numbered = |row: &Row<'_>| Ok((row.get(0)?, approval(row)?));
    let (tenant, below, wanted) = (tenant.as_str(), below(page), wanted(page));
    match (filter.run, filter.status.map(approval_code)) {
        (Some(run), status) => {
            let sql = approval_query!(
                "WHERE a.run_no = (SELECT run_no FROM runs WHERE id = ?4)
                   AND a.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1)
                   AND a.approval_no < ?2 AND (?5 IS NULL OR a.status = ?5)
                 ORDER BY a.approval_no DESC LIMIT ?3"
            );
            let run = run.uuid();
            let params = params![tenant, below, wanted, run.as_bytes(), status];
            list(conn, sql, params, page, numbered)
        }
        (None, Some(status)) => {
            let sql = approval_query!(
                "WHERE a.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1) AND a.status = ?4
                   AND a.approval_no < ?2
                 ORDER BY a.approval_no DESC LIMIT ?3"
            );
            list(conn, sql, params![tenant, below, wanted, status], page, numbered)
        }
        (None, None) => {
            let sql = approval_query!(
                "WHERE a.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1) AND a.approval_no < ?2
                 ORDER BY a.approval_no DESC LIMIT ?3"
            );
            list(conn, sql, params![tenant, below, wanted], page, numbered)
        }
    }
}
