use futures_util::future::BoxFuture;
use rusqlite::{Row, params};
use seawall_store::{
    Digest, NewWorkflow, Page, PageOf, StoreError, StoreResult, TenantId, WorkflowId, WorkflowRecord, WorkflowRef,
    WorkflowStore,
};

use super::lists::{below, list, wanted};
use crate::SqliteStore;
use crate::ops::{CreateWorkflow, DeleteWorkflow, KeepInline, UpdateWorkflow};
use crate::rows::{latest, version as version_of, workflow, workflow_query};
use crate::writer::Lane;

impl WorkflowStore for SqliteStore {
    fn create_workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewWorkflow,
    ) -> BoxFuture<'a, StoreResult<WorkflowRecord>> {
        let create = CreateWorkflow {
            tenant: tenant.clone(),
            new,
            latest: self.latest.clone(),
        };
        Box::pin(self.writer.submit(Lane::Client, create))
    }

    fn keep_inline<'a>(&'a self, tenant: &'a TenantId, new: NewWorkflow) -> BoxFuture<'a, StoreResult<WorkflowRecord>> {
        let tenant = tenant.clone();
        Box::pin(self.writer.submit(Lane::Client, KeepInline { tenant, new }))
    }

    fn update_workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        target: &'a WorkflowRef,
        new: NewWorkflow,
        expected: Option<Digest>,
    ) -> BoxFuture<'a, StoreResult<WorkflowRecord>> {
        let update = UpdateWorkflow {
            tenant: tenant.clone(),
            target: target.clone(),
            new,
            expected,
            latest: self.latest.clone(),
        };
        Box::pin(self.writer.submit(Lane::Client, update))
    }

    fn workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        target: &'a WorkflowRef,
    ) -> BoxFuture<'a, StoreResult<Option<WorkflowRecord>>> {
        let before = match self.latest.get(tenant, target) {
            Ok(record) => return Box::pin(std::future::ready(Ok(Some(record)))),
            Err(before) => before,
        };
        let (tenant, target) = (tenant.clone(), target.clone());
        let kept = self.latest.clone();
        Box::pin(self.readers.read(move |conn| {
            let found = latest(conn, &tenant, &target)?.map(|found| found.record);
            if let Some(record) = &found {
                kept.keep(before, tenant, target, record.clone());
            }
            Ok(found)
        }))
    }

    fn workflow_version<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: WorkflowId,
        version: u32,
    ) -> BoxFuture<'a, StoreResult<Option<WorkflowRecord>>> {
        let tenant = tenant.clone();
        Box::pin(
            self.readers
                .read(move |conn| Ok(version_of(conn, &tenant, id, version)?)),
        )
    }

    fn list_workflows<'a>(
        &'a self,
        tenant: &'a TenantId,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<WorkflowRecord>>> {
        let tenant = tenant.clone();
        Box::pin(self.readers.list(move |conn| {
            let sql = workflow_query!(
                "WHERE w.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1) AND w.workflow_no < ?2
                   AND w.inline_digest IS NULL AND w.deleted = 0 AND v.version = w.latest
                 ORDER BY w.workflow_no DESC LIMIT ?3"
            );
            let params = params![tenant.as_str(), below(page), wanted(page)];
            let numbered = |row: &Row<'_>| workflow(row).map(|found| (found.workflow_no, found.record));
            Ok(list(conn, sql, params, page, numbered)?)
        }))
    }

    fn list_versions<'a>(
        &'a self,
        tenant: &'a TenantId,
        target: &'a WorkflowRef,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<WorkflowRecord>>> {
        let (tenant, target) = (tenant.clone(), target.clone());
        Box::pin(self.readers.list(move |conn| {
            let found = latest(conn, &tenant, &target)?.ok_or(StoreError::NotFound)?;
            let sql = workflow_query!("WHERE w.workflow_no = ?1 AND v.version < ?2 ORDER BY v.version DESC LIMIT ?3");
            let params = params![found.workflow_no, below(page), wanted(page)];
            // The version is the place in the list.
            let numbered = |row: &Row<'_>| workflow(row).map(|found| (i64::from(found.record.version), found.record));
            Ok(list(conn, sql, params, page, numbered)?)
        }))
    }

    fn delete_workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        target: &'a WorkflowRef,
        expected: Option<Digest>,
    ) -> BoxFuture<'a, StoreResult<()>> {
        let delete = DeleteWorkflow {
            tenant: tenant.clone(),
            target: target.clone(),
            expected,
            latest: self.latest.clone(),
        };
        Box::pin(self.writer.submit(Lane::Client, delete))
    }
}
