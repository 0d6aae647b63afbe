use rusqlite::{Connection, OptionalExtension as _, Row};
use seawall_store::{ApprovalId, ApprovalRecord, TenantId};

use super::approval_query;
use crate::codec::{approval_status_at, maybe_time_at, names_at, run_id_at, time_at, uuid_at};

/// A row of `sql/approval_columns.sql`.
pub(crate) fn approval(row: &Row<'_>) -> rusqlite::Result<ApprovalRecord> {
    Ok(ApprovalRecord {
        id: uuid_at(row, 1).map(ApprovalId::from_uuid)?,
        run: run_id_at(row, 2)?,
        step: row.get(3)?,
        item: row.get(4)?,
        message: row.get(5)?,
        deciders: names_at(row, 6)?,
        status: approval_status_at(row, 7)?,
        comment: row.get(8)?,
        decided_by: row.get(9)?,
        requested_at: time_at(row, 10)?,
        expires_at: maybe_time_at(row, 11)?,
        decided_at: maybe_time_at(row, 12)?,
    })
}

pub(crate) fn approval_by_id(
    conn: &Connection,
    tenant: &TenantId,
    id: ApprovalId,
) -> rusqlite::Result<Option<ApprovalRecord>> {
    conn.prepare_cached(approval_query!(
        "WHERE a.id = ?1 AND a.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?2)"
    ))?
    .query_row((id.uuid().as_bytes(), tenant.as_str()), approval)
    .optional()
}

/// The approvals of a run in the order in which they were opened, each as far as it can be read.
pub(crate) fn approvals_of(conn: &Connection, run_no: i64) -> rusqlite::Result<Vec<rusqlite::Result<ApprovalRecord>>> {
    let mut statement = conn.prepare_cached(approval_query!("WHERE a.run_no = ?1 ORDER BY a.approval_no"))?;
    let mut rows = statement.query([run_no])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(approval(row));
    }
    Ok(found)
}
