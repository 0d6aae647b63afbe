use rusqlite::{Connection, OptionalExtension as _, Row};
use seawall_store::{LapsedTask, TaskEnder, TaskId, TaskLease, TaskRecord, TaskStatus, TenantId, Timestamp};

use super::task_query;
use crate::codec::{maybe_time_at, queue_at, run_id_at, task_status_at, tenant_at, time_at, uuid_at};

/// A row of `sql/task_columns.sql`.
pub(crate) fn task(row: &Row<'_>) -> rusqlite::Result<TaskRecord> {
    let (status, claimed_at) = (task_status_at(row, 8)?, maybe_time_at(row, 11)?);
    // A lease that is over is gone from the row.
    let ender = if row.get(17)? {
        TaskEnder::Lapse
    } else {
        TaskEnder::Worker
    };
    Ok(TaskRecord {
        id: uuid_at(row, 1).map(TaskId::from_uuid)?,
        run: run_id_at(row, 2)?,
        queue: queue_at(row, 3)?,
        activity: row.get(4)?,
        attempt: row.get(5)?,
        key: row.get(6)?,
        priority: row.get(7)?,
        status,
        offered_at: time_at(row, 9)?,
        worker: row.get(10)?,
        claimed_at,
        lease_until: maybe_time_at(row, 12)?,
        deadline: maybe_time_at(row, 13)?,
        progress: row.get(14)?,
        beat_at: maybe_time_at(row, 15)?,
        cancelled: row.get(16)?,
        ended_by: (status == TaskStatus::Settled && claimed_at.is_some()).then_some(ender),
    })
}

pub(crate) fn task_by_id(conn: &Connection, tenant: &TenantId, id: TaskId) -> rusqlite::Result<Option<TaskRecord>> {
    conn.prepare_cached(task_query!(
        "WHERE t.id = ?1 AND q.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?2)"
    ))?
    .query_row((id.uuid().as_bytes(), tenant.as_str()), task)
    .optional()
}

/// A row of tenant name, run id, id, activity, attempt, lease, worker, claimed_at, deadline.
pub(crate) fn lapsed(row: &Row<'_>, now: Timestamp) -> rusqlite::Result<LapsedTask> {
    let deadline = time_at(row, 8)?;
    Ok(LapsedTask {
        tenant: tenant_at(row, 0)?,
        run: run_id_at(row, 1)?,
        id: uuid_at(row, 2).map(TaskId::from_uuid)?,
        activity: row.get(3)?,
        attempt: row.get(4)?,
        lease: uuid_at(row, 5).map(TaskLease)?,
        worker: row.get(6)?,
        claimed_at: time_at(row, 7)?,
        deadline,
        timed_out: deadline <= now,
    })
}
