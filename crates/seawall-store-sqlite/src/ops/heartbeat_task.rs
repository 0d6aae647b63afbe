use std::sync::Arc;

use rusqlite::params;
use seawall_store::{TaskBeat, TaskId, TaskLease, TenantId, Timestamp};

use crate::codec::time_at;
use crate::error::OpError;
use crate::ops::settle_task::leased;
use crate::writer::{Operation, Tx};

/// A worker is still at it.
pub(crate) struct HeartbeatTask {
    pub(crate) tenant: TenantId,
    pub(crate) id: TaskId,
    pub(crate) lease: TaskLease,
    pub(crate) progress: Option<Arc<[u8]>>,
}

impl Operation for HeartbeatTask {
    type Answer = TaskBeat;

    fn run(&self, tx: &Tx<'_>) -> Result<TaskBeat, OpError> {
        let leased = leased(tx, &self.tenant, self.id, self.lease)?;
        let (lease_ms, deadline, cancelled) = self.term(tx, leased.task_no)?;
        let prolonged = Timestamp::from_millis(tx.now().as_millis().saturating_add(lease_ms)).min(deadline);
        let lease_until = if cancelled { leased.lease_until } else { prolonged };
        tx.statement(
            "UPDATE tasks SET lease_until = ?2, beat_at = ?3, progress = coalesce(?4, progress) WHERE task_no = ?1",
        )?
        .execute(params![
            leased.task_no,
            lease_until.as_millis(),
            tx.now().as_millis(),
            self.progress
        ])?;
        Ok(TaskBeat {
            lease_until,
            deadline,
            cancelled,
        })
    }

    fn payload(&self) -> usize {
        self.progress.as_ref().map_or(0, |progress| progress.len())
    }
}

impl HeartbeatTask {
    /// How long the lease was claimed for, the end of the attempt, and whether the task was withdrawn.
    fn term(&self, tx: &Tx<'_>, task_no: i64) -> rusqlite::Result<(i64, Timestamp, bool)> {
        tx.statement("SELECT lease_ms, deadline, cancelled FROM tasks WHERE task_no = ?1")?
            .query_row([task_no], |row| Ok((row.get(0)?, time_at(row, 1)?, row.get(2)?)))
    }
}
