//! The end of a claimed task, by its worker or by the end of its lease.

use rusqlite::{OptionalExtension as _, params};
use seawall_store::{
    QueueName, QueueSettings, RunId, StoreError, TaskEnder, TaskId, TaskLease, TaskSettled, TaskStatus, TenantId,
    Timestamp, Watchers,
};

use crate::codec::{maybe_time_at, queue_at, run_id_at, task_status_at};
use crate::error::OpError;
use crate::ops::deliver::deliver;
use crate::ops::queue_keys::free_one;
use crate::writer::{Operation, Tx};

pub(crate) struct SettleTask {
    pub(crate) tenant: TenantId,
    pub(crate) end: TaskSettled,
}

/// A task that is claimed under a certain lease.
pub(super) struct Leased {
    pub(super) task_no: i64,
    pub(super) lease_until: Timestamp,
    run_no: i64,
    run: RunId,
    queue_no: i64,
    queue: QueueName,
    settings: QueueSettings,
    key: Option<String>,
}

/// Whom to tell.
pub(crate) struct Ended {
    run: RunId,
    /// The queue that has a slot more, where slots are limited.
    freed: Option<QueueName>,
}

impl Operation for SettleTask {
    type Answer = Ended;

    fn run(&self, tx: &Tx<'_>) -> Result<Ended, OpError> {
        let end = &self.end;
        let leased = leased(tx, &self.tenant, end.id, end.lease)?;
        if end.by == TaskEnder::Lapse && tx.now() < leased.lease_until {
            return Err(StoreError::StaleLease.into());
        }
        // Whose lease is over has none any more: so it is known who said the end.
        tx.statement("UPDATE tasks SET status = 2, progress = NULL, lease = iif(?2, NULL, lease) WHERE task_no = ?1")?
            .execute(params![leased.task_no, end.by == TaskEnder::Lapse])?;
        tx.statement("UPDATE queues SET claimed = claimed - 1 WHERE queue_no = ?1")?
            .execute([leased.queue_no])?;
        let per_key = leased.settings.concurrency_per_key;
        if let Some(key) = &leased.key {
            free_one(tx, leased.queue_no, key, per_key)?;
        }
        deliver(tx, leased.run_no, &end.message.key, &end.message.body)?;
        let limited = per_key.is_some() || leased.settings.concurrency.is_some();
        Ok(Ended {
            run: leased.run,
            freed: limited.then_some(leased.queue),
        })
    }

    fn tell(&self, ended: &Ended, watchers: &Watchers) {
        watchers.message(ended.run);
        if let Some(queue) = &ended.freed {
            watchers.offered(&self.tenant, queue, 1);
        }
    }

    fn payload(&self) -> usize {
        self.end.message.body.len() + self.end.message.key.0.len()
    }
}

/// The task, if it is claimed under this lease, over or not.
pub(super) fn leased(tx: &Tx<'_>, tenant: &TenantId, id: TaskId, lease: TaskLease) -> Result<Leased, OpError> {
    let found = tx
        .statement(
            "SELECT t.task_no, t.lease_until, t.run_no, r.id, t.queue_no, q.name, q.concurrency, q.concurrency_per_key,
                 t.key, t.status, t.lease IS ?3
             FROM tasks t JOIN queues q ON q.queue_no = t.queue_no JOIN runs r ON r.run_no = t.run_no
             WHERE t.id = ?1 AND q.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?2)",
        )?
        .query_row(
            params![id.uuid().as_bytes(), tenant.as_str(), lease.0.as_bytes()],
            |row| {
                let status = task_status_at(row, 9)?;
                let is_its = status == TaskStatus::Claimed && row.get(10)?;
                let Some(lease_until) = maybe_time_at(row, 1)?.filter(|_| is_its) else {
                    return Ok(None);
                };
                let settings = QueueSettings {
                    concurrency: row.get(6)?,
                    concurrency_per_key: row.get(7)?,
                    ..QueueSettings::default()
                };
                Ok(Some(Leased {
                    task_no: row.get(0)?,
                    lease_until,
                    run_no: row.get(2)?,
                    run: run_id_at(row, 3)?,
                    queue_no: row.get(4)?,
                    queue: queue_at(row, 5)?,
                    settings,
                    key: row.get(8)?,
                }))
            },
        )
        .optional()?;
    match found {
        None => Err(StoreError::NotFound.into()),
        Some(None) => Err(StoreError::StaleLease.into()),
        Some(Some(leased)) => Ok(leased),
    }
}
