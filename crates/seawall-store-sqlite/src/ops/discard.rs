//! A run that nobody can go on with leaves, and frees what it has and waits for.

use rusqlite::{OptionalExtension as _, params};
use seawall_store::{
    CrossMessage, Discard, Fate, KeptFor, QueueName, RunId, StoreError, TaskStatus, TenantId, Watchers,
};

use crate::codec::{int, queue_at, task_status_at};
use crate::error::OpError;
use crate::ops::create_run::tell_all;
use crate::ops::deliver::deliver;
use crate::ops::flow::Flow;
use crate::ops::forget::forget;
use crate::ops::queue_keys::{drop_offered, free_one};
use crate::writer::{Operation, Tx};

pub(crate) struct DiscardRun {
    pub(crate) tenant: TenantId,
    pub(crate) discard: Discard,
}

/// What became of it, and who hears of it.
pub(crate) struct Discarded {
    pub(crate) fate: Fate,
    told: Vec<RunId>,
    /// Queues of which something was given back by a worker that has lost it.
    freed: Vec<QueueName>,
}

impl Discarded {
    const fn kept(reason: KeptFor) -> Self {
        Self {
            fate: Fate::Kept(reason),
            told: Vec::new(),
            freed: Vec::new(),
        }
    }
}

impl Operation for DiscardRun {
    type Answer = Discarded;

    fn run(&self, tx: &Tx<'_>) -> Result<Discarded, OpError> {
        let run = self.find(tx)?;
        if run.held != self.discard.held.map(|epoch| int(epoch.0)) {
            return Ok(Discarded::kept(KeptFor::Work));
        }
        if self.has_live_child(tx, run.tenant_no)? {
            return Ok(Discarded::kept(KeptFor::Child));
        }
        let freed = close_tasks(tx, run.run_no)?;
        let mut flow = Flow::new(tx);
        if flow.is_counted(run.run_no)? {
            flow.leave(run.run_no)?;
        }
        let mut told = flow.told;
        forget(tx, run.run_no)?;
        if let Some(end) = &self.discard.end {
            told.extend(tell_parent(tx, run.tenant_no, end)?);
        }
        let fate = Fate::Forgotten;
        Ok(Discarded { fate, told, freed })
    }

    fn tell(&self, discarded: &Discarded, watchers: &Watchers) {
        tell_all(&discarded.told, watchers);
        for queue in &discarded.freed {
            watchers.offered(&self.tenant, queue, 1);
        }
    }

    fn payload(&self) -> usize {
        let end = self.discard.end.as_ref();
        end.map_or(0, |end| end.body.len() + end.key.0.len())
    }
}

struct Found {
    run_no: i64,
    tenant_no: i64,
    /// The epoch of its holder.
    held: Option<i64>,
}

impl DiscardRun {
    fn find(&self, tx: &Tx<'_>) -> Result<Found, OpError> {
        let found = tx
            .statement(
                "SELECT run_no, tenant_no, CASE WHEN holder IS NOT NULL THEN epoch END FROM runs
                 WHERE id = ?1 AND tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?2)",
            )?
            .query_row(
                params![self.discard.run.uuid().as_bytes(), self.tenant.as_str()],
                |row| {
                    Ok(Found {
                        run_no: row.get(0)?,
                        tenant_no: row.get(1)?,
                        held: row.get(2)?,
                    })
                },
            )
            .optional()?;
        Ok(found.ok_or(StoreError::NotFound)?)
    }

    fn has_live_child(&self, tx: &Tx<'_>, tenant_no: i64) -> rusqlite::Result<bool> {
        tx.statement(
            "SELECT 1 FROM run_parents p CROSS JOIN runs c ON c.run_no = p.run_no
             WHERE p.parent = ?1 AND c.tenant_no = ?2 AND c.status NOT IN (5, 6, 7) LIMIT 1",
        )?
        .exists(params![self.discard.run.uuid().as_bytes(), tenant_no])
    }
}

struct OpenTask {
    task_no: i64,
    queue_no: i64,
    queue: QueueName,
    key: Option<String>,
    status: TaskStatus,
    bytes: i64,
    per_key: Option<u32>,
}

/// Takes the run's open tasks out of the counts of their queues. Answers the queues of those that were claimed.
fn close_tasks(tx: &Tx<'_>, run_no: i64) -> rusqlite::Result<Vec<QueueName>> {
    let open = tx
        .statement(
            "SELECT t.task_no, t.queue_no, q.name, t.key, t.status, length(t.payload), q.concurrency_per_key
             FROM tasks t JOIN queues q ON q.queue_no = t.queue_no WHERE t.run_no = ?1 AND t.status < 2",
        )?
        .query_map([run_no], |row| {
            Ok(OpenTask {
                task_no: row.get(0)?,
                queue_no: row.get(1)?,
                queue: queue_at(row, 2)?,
                key: row.get(3)?,
                status: task_status_at(row, 4)?,
                bytes: row.get(5)?,
                per_key: row.get(6)?,
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut freed = Vec::new();
    for task in open {
        tx.statement("UPDATE tasks SET status = 2 WHERE task_no = ?1")?
            .execute([task.task_no])?;
        if task.status == TaskStatus::Claimed {
            tx.statement("UPDATE queues SET claimed = claimed - 1 WHERE queue_no = ?1")?
                .execute([task.queue_no])?;
            if let Some(key) = &task.key {
                free_one(tx, task.queue_no, key, task.per_key)?;
            }
            freed.push(task.queue);
            continue;
        }
        tx.statement(
            "UPDATE queues SET offered = offered - 1, offered_bytes = offered_bytes - ?2 WHERE queue_no = ?1",
        )?
        .execute([task.queue_no, task.bytes])?;
        if let Some(key) = &task.key {
            drop_offered(tx, task.queue_no, key)?;
        }
    }
    Ok(freed)
}

/// The parent, if it is there and did not know.
fn tell_parent(tx: &Tx<'_>, tenant_no: i64, end: &CrossMessage) -> rusqlite::Result<Option<RunId>> {
    let parent: Option<i64> = tx
        .statement("SELECT run_no FROM runs WHERE id = ?1 AND tenant_no = ?2")?
        .query_row(params![end.to.uuid().as_bytes(), tenant_no], |row| row.get(0))
        .optional()?;
    let Some(parent) = parent else { return Ok(None) };
    Ok(deliver(tx, parent, &end.key, &end.body)?.then_some(end.to))
}
