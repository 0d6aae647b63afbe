use rusqlite::{Connection, OptionalExtension as _, Row};
use seawall_store::{
    Lease, NodeId, ParentLink, RunId, RunKey, RunProjection, RunRecord, TenantId, WorkflowId, WorkflowVersion,
};

use super::run_query;
use crate::codec::{
    awaits_at, epoch_at, maybe_time_at, node_at, run_id_at, seq_at, shared, status_at, tenant_at, time_at, uuid_at,
};

/// A row of `sql/run_columns.sql`.
pub(crate) fn run(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    Ok(RunRecord {
        key: RunKey(row.get(0)?),
        id: run_id_at(row, 1)?,
        workflow: WorkflowVersion {
            id: uuid_at(row, 2).map(WorkflowId::from_uuid)?,
            name: shared(row, 3)?,
            version: row.get(4)?,
        },
        created_by: shared(row, 5)?,
        created_at: time_at(row, 6)?,
        parent: parent(row)?,
        projection: RunProjection {
            status: status_at(row, 11)?,
            awaits: awaits_at(row, 12)?,
            total_steps: row.get(13)?,
            completed_steps: row.get(14)?,
            started_at: maybe_time_at(row, 15)?,
            finished_at: maybe_time_at(row, 16)?,
            error_code: row.get(17)?,
            error_step: row.get(25)?,
            error_message: row.get(26)?,
        },
        last_seq: seq_at(row, 18)?,
        epoch: epoch_at(row, 19)?,
        holder: node_at(row, 20)?,
        due: maybe_time_at(row, 21)?,
        deaths: row.get(22)?,
        priority: row.get(23)?,
        reader: row.get(24)?,
    })
}

fn parent(row: &Row<'_>) -> rusqlite::Result<Option<ParentLink>> {
    let parent: Option<[u8; 16]> = row.get(7)?;
    let Some(parent) = parent else { return Ok(None) };
    Ok(Some(ParentLink {
        run: RunId::from_uuid(uuid::Uuid::from_bytes(parent)),
        step: row.get(8)?,
        item: row.get(9)?,
        generation: row.get(10)?,
    }))
}

pub(crate) fn run_by_id(conn: &Connection, tenant: &TenantId, id: RunId) -> rusqlite::Result<Option<RunRecord>> {
    conn.prepare_cached(run_query!(
        "WHERE r.id = ?1 AND r.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?2)"
    ))?
    .query_row((id.uuid().as_bytes(), tenant.as_str()), run)
    .optional()
}

pub(crate) fn run_by_no(conn: &Connection, run_no: i64) -> rusqlite::Result<Option<RunRecord>> {
    conn.prepare_cached(run_query!("WHERE r.run_no = ?1"))?
        .query_row([run_no], run)
        .optional()
}

/// A row of run_no, id, tenant name, epoch.
pub(crate) fn lease(row: &Row<'_>, node: NodeId) -> rusqlite::Result<Lease> {
    Ok(Lease {
        key: RunKey(row.get(0)?),
        run: run_id_at(row, 1)?,
        tenant: tenant_at(row, 2)?,
        node,
        epoch: epoch_at(row, 3)?,
    })
}
