use rusqlite::{Connection, OptionalExtension as _, Row, params};
use seawall_store::{TenantId, WorkflowId, WorkflowRecord, WorkflowRef};

use super::workflow_query;
use crate::codec::{digest_at, shared, time_at, uuid_at};

/// A workflow's number with one of its versions.
pub(crate) struct Numbered {
    pub(crate) workflow_no: i64,
    pub(crate) record: WorkflowRecord,
}

/// A row of `sql/workflow_columns.sql`.
pub(crate) fn workflow(row: &Row<'_>) -> rusqlite::Result<Numbered> {
    Ok(Numbered {
        workflow_no: row.get(0)?,
        record: WorkflowRecord {
            id: uuid_at(row, 1).map(WorkflowId::from_uuid)?,
            name: shared(row, 2)?,
            description: row.get(3)?,
            version: row.get(4)?,
            source: shared(row, 5)?,
            digest: digest_at(row, 6)?,
            inline: row.get(7)?,
            created_at: time_at(row, 8)?,
            updated_at: time_at(row, 9)?,
        },
    })
}

/// The latest version. Deleted ones are not found; inline ones by id.
pub(crate) fn latest(conn: &Connection, tenant: &TenantId, target: &WorkflowRef) -> rusqlite::Result<Option<Numbered>> {
    match target {
        WorkflowRef::Id(id) => conn
            .prepare_cached(workflow_query!(
                "WHERE w.id = ?2 AND w.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1)
                   AND w.deleted = 0 AND v.version = w.latest"
            ))?
            .query_row(params![tenant.as_str(), id.uuid().as_bytes()], workflow)
            .optional(),
        WorkflowRef::Name(name) => conn
            .prepare_cached(workflow_query!(
                "WHERE w.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1) AND w.name = ?2
                   AND w.inline_digest IS NULL AND w.deleted = 0 AND v.version = w.latest"
            ))?
            .query_row(params![tenant.as_str(), name], workflow)
            .optional(),
    }
}

/// One version, also of a deleted or inline workflow.
pub(crate) fn version(
    conn: &Connection,
    tenant: &TenantId,
    id: WorkflowId,
    version: u32,
) -> rusqlite::Result<Option<WorkflowRecord>> {
    conn.prepare_cached(workflow_query!(
        "WHERE w.id = ?2 AND w.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1) AND v.version = ?3"
    ))?
    .query_row(params![tenant.as_str(), id.uuid().as_bytes(), version], workflow)
    .optional()
    .map(|found| found.map(|found| found.record))
}
