//! A worker takes tasks: the first of those without a key or the first of the keys that have room, whichever comes first.

use rusqlite::{OptionalExtension as _, params};
use seawall_store::{ClaimedTask, QueueName, TaskClaim, TaskId, TenantId, Timestamp, Watchers};

use crate::codec::{int, millis, run_id_at, shared, uuid_at};
use crate::error::OpError;
use crate::ops::queue_keys::claim_one;
use crate::rows::{Queue, queue_by_name};
use crate::writer::{Operation, Tx};

pub(crate) struct ClaimTasks {
    pub(crate) tenant: TenantId,
    pub(crate) queue: QueueName,
    pub(crate) claim: TaskClaim,
}

/// What was given out.
pub(crate) struct Given {
    pub(crate) tasks: Vec<ClaimedTask>,
    /// No lease that was there before ends as early.
    ends_first: bool,
}

/// Where a task stands in the queue, and its number.
type Place = (i64, i64);

/// The first tasks of both kinds, as far as they were looked up. None: to be looked up.
#[derive(Default)]
struct Heads {
    unkeyed: Option<Option<Place>>,
    keyed: Option<Option<Place>>,
}

/// A task's row before it is given out.
struct Offered {
    task: ClaimedTask,
    key: Option<String>,
}

impl Operation for ClaimTasks {
    type Answer = Given;

    fn run(&self, tx: &Tx<'_>) -> Result<Given, OpError> {
        let mut given = Given {
            tasks: Vec::new(),
            ends_first: false,
        };
        let Some(queue) = queue_by_name(tx.conn(), &self.tenant, &self.queue)? else {
            return Ok(given);
        };
        let room = self.room(&queue, tx.now());
        let mut heads = Heads::default();
        let mut bytes = 0;
        while given.tasks.len() < room {
            let Some(task_no) = heads.next(tx, queue.queue_no)? else {
                break;
            };
            let offered = self.offered(tx, task_no)?;
            let size = offered.task.payload.len();
            if bytes + size > self.claim.max_bytes && !given.tasks.is_empty() {
                break;
            }
            bytes += size;
            given.ends_first |= ends_first(tx, offered.task.lease_until)?;
            self.take(tx, task_no, &offered)?;
            if let Some(key) = &offered.key {
                claim_one(tx, queue.queue_no, key, queue.record.settings.concurrency_per_key)?;
            }
            given.tasks.push(offered.task);
        }
        if !given.tasks.is_empty() {
            count_claimed(tx, &queue, given.tasks.len() as u64, bytes as u64)?;
        }
        Ok(given)
    }

    fn tell(&self, given: &Given, watchers: &Watchers) {
        if given.ends_first {
            watchers.lapses();
        }
    }
}

impl ClaimTasks {
    /// How many tasks the worker, the concurrency and the rate let go.
    fn room(&self, queue: &Queue, now: Timestamp) -> usize {
        let record = &queue.record;
        let settings = &record.settings;
        if settings.paused {
            return 0;
        }
        let mut room = u64::from(self.claim.max).min(record.offered);
        if let Some(limit) = settings.concurrency {
            room = room.min(u64::from(limit).saturating_sub(record.claimed));
        }
        if let Some(rate) = settings.rate {
            room = room.min(rate.allowed(queue.spent, now));
        }
        usize::try_from(room).unwrap_or(usize::MAX)
    }

    fn offered(&self, tx: &Tx<'_>, task_no: i64) -> rusqlite::Result<Offered> {
        let claim = &self.claim;
        tx.statement(
            "SELECT t.id, r.id, t.activity, t.attempt, t.effect_key, t.payload, t.timeout_ms, t.key
             FROM tasks t JOIN runs r ON r.run_no = t.run_no WHERE t.task_no = ?1",
        )?
        .query_row([task_no], |row| {
            let timeout: i64 = row.get(6)?;
            let deadline = Timestamp::from_millis(tx.now().as_millis().saturating_add(timeout));
            let task = ClaimedTask {
                id: uuid_at(row, 0).map(TaskId::from_uuid)?,
                run: run_id_at(row, 1)?,
                activity: row.get(2)?,
                attempt: row.get(3)?,
                effect_key: row.get(4)?,
                payload: shared(row, 5)?,
                lease: claim.lease,
                lease_until: tx.now().saturating_add(claim.lease_for).min(deadline),
                deadline,
            };
            Ok(Offered { task, key: row.get(7)? })
        })
    }

    fn take(&self, tx: &Tx<'_>, task_no: i64, offered: &Offered) -> rusqlite::Result<()> {
        let (claim, task) = (&self.claim, &offered.task);
        tx.statement(
            "UPDATE tasks SET status = 1, effect_key = '', payload = x'', worker = ?2, lease = ?3, lease_ms = ?4,
                 claimed_at = ?5, lease_until = ?6, deadline = ?7
             WHERE task_no = ?1",
        )?
        .execute(params![
            task_no,
            claim.worker,
            claim.lease.0.as_bytes(),
            millis(claim.lease_for),
            tx.now().as_millis(),
            task.lease_until.as_millis(),
            task.deadline.as_millis(),
        ])?;
        Ok(())
    }
}

impl Heads {
    /// The number of the task that comes first. It is taken next, or nothing is.
    fn next(&mut self, tx: &Tx<'_>, queue_no: i64) -> rusqlite::Result<Option<i64>> {
        let unkeyed = match self.unkeyed {
            Some(known) => known,
            None => first_unkeyed(tx, queue_no)?,
        };
        let keyed = match self.keyed {
            Some(known) => known,
            None => first_keyed(tx, queue_no)?,
        };
        let keyed_first = match (unkeyed, keyed) {
            (Some(unkeyed), Some(keyed)) => keyed < unkeyed,
            (unkeyed, _) => unkeyed.is_none(),
        };
        // What was passed over stays what it is; the kind that gives one has another first.
        if keyed_first {
            (self.unkeyed, self.keyed) = (Some(unkeyed), None);
            Ok(keyed.map(|place| place.1))
        } else {
            (self.unkeyed, self.keyed) = (None, Some(keyed));
            Ok(unkeyed.map(|place| place.1))
        }
    }
}

fn first_unkeyed(tx: &Tx<'_>, queue_no: i64) -> rusqlite::Result<Option<Place>> {
    tx.statement(
        "SELECT ord, task_no FROM tasks WHERE queue_no = ?1 AND key IS NULL AND status = 0 ORDER BY ord, task_no LIMIT 1",
    )?
    .query_row([queue_no], |row| Ok((row.get(0)?, row.get(1)?)))
    .optional()
}

fn first_keyed(tx: &Tx<'_>, queue_no: i64) -> rusqlite::Result<Option<Place>> {
    tx.statement(
        "SELECT head, head_task FROM queue_keys WHERE queue_no = ?1 AND is_full = 0 AND head IS NOT NULL
         ORDER BY head, head_task LIMIT 1",
    )?
    .query_row([queue_no], |row| Ok((row.get(0)?, row.get(1)?)))
    .optional()
}

/// Whether no claimed task's lease ends at or before `end`.
fn ends_first(tx: &Tx<'_>, end: Timestamp) -> rusqlite::Result<bool> {
    let earlier = tx
        .statement("SELECT 1 FROM tasks WHERE status = 1 AND lease_until <= ?1 LIMIT 1")?
        .exists([end.as_millis()])?;
    Ok(!earlier)
}

fn count_claimed(tx: &Tx<'_>, queue: &Queue, count: u64, bytes: u64) -> rusqlite::Result<()> {
    let rate = queue.record.settings.rate;
    let spent = rate.map_or(queue.spent, |rate| rate.spend(queue.spent, tx.now(), count));
    tx.statement(
        "UPDATE queues SET offered = offered - ?2, claimed = claimed + ?2, offered_bytes = offered_bytes - ?3, spent = ?4
         WHERE queue_no = ?1",
    )?
    .execute([queue.queue_no, int(count), int(bytes), spent.0])?;
    Ok(())
}
