use std::sync::Arc;

use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension as _, params};
use seawall_store::{
    ClaimedTask, Lapses, LeasesAnew, NextClaim, Page, PageOf, QueueName, QueueRecord, QueueRoom, QueueSettings, RunId,
    StoreResult, TaskBeat, TaskClaim, TaskEnder, TaskId, TaskLease, TaskRecord, TaskSettled, TaskStore, TenantId,
    Timestamp,
};

use super::lists::{list, wanted};
use crate::SqliteStore;
use crate::codec::{count_at, time_at};
use crate::ops::{ClaimTasks, HeartbeatTask, ProlongLeases, SetQueue, SettleTask};
use crate::rows::{Queue, lapsed, queue, queue_by_name, queue_query, task, task_by_id, task_query};
use crate::writer::Lane;

impl TaskStore for SqliteStore {
    fn claim_tasks<'a>(
        &'a self,
        tenant: &'a TenantId,
        queue: &'a QueueName,
        claim: TaskClaim,
    ) -> BoxFuture<'a, StoreResult<Vec<ClaimedTask>>> {
        let claim = ClaimTasks {
            tenant: tenant.clone(),
            queue: queue.clone(),
            claim,
        };
        Box::pin(async move { Ok(self.writer.submit(Lane::Client, claim).await?.tasks) })
    }

    fn heartbeat_task<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: TaskId,
        lease: TaskLease,
        progress: Option<Arc<[u8]>>,
    ) -> BoxFuture<'a, StoreResult<TaskBeat>> {
        let beat = HeartbeatTask {
            tenant: tenant.clone(),
            id,
            lease,
            progress,
        };
        // A worker that is refused here would lose its lease for no fault of its own: it waits instead.
        Box::pin(self.writer.submit(Lane::Held, beat))
    }

    fn settle_task<'a>(&'a self, tenant: &'a TenantId, end: TaskSettled) -> BoxFuture<'a, StoreResult<()>> {
        let lane = match end.by {
            TaskEnder::Worker => Lane::Client,
            TaskEnder::Lapse => Lane::Held,
        };
        let settle = SettleTask {
            tenant: tenant.clone(),
            end,
        };
        Box::pin(async move {
            self.writer.submit(lane, settle).await?;
            Ok(())
        })
    }

    fn lapsed_tasks(&self, limit: u32) -> BoxFuture<'_, StoreResult<Lapses>> {
        let now = self.clock.now();
        Box::pin(self.readers.read(move |conn| Ok(lapsed_tasks(conn, limit, now)?)))
    }

    fn prolong_leases(&self, anew: LeasesAnew) -> BoxFuture<'_, StoreResult<u32>> {
        Box::pin(self.writer.submit(Lane::Held, ProlongLeases(anew)))
    }

    fn tasks_of_run<'a>(&'a self, tenant: &'a TenantId, run: RunId) -> BoxFuture<'a, StoreResult<Vec<TaskRecord>>> {
        let tenant = tenant.clone();
        Box::pin(self.readers.read(move |conn| {
            let mut statement = conn.prepare_cached(task_query!(
                "WHERE t.run_no = (SELECT run_no FROM runs WHERE id = ?1) AND t.status < 2
                   AND q.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?2)
                 ORDER BY t.task_no"
            ))?;
            let tasks = statement
                .query_map((run.uuid().as_bytes(), tenant.as_str()), task)?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(tasks)
        }))
    }

    fn task<'a>(&'a self, tenant: &'a TenantId, id: TaskId) -> BoxFuture<'a, StoreResult<Option<TaskRecord>>> {
        let tenant = tenant.clone();
        Box::pin(self.readers.read(move |conn| Ok(task_by_id(conn, &tenant, id)?)))
    }

    fn list_queues<'a>(&'a self, tenant: &'a TenantId, page: Page) -> BoxFuture<'a, StoreResult<PageOf<QueueRecord>>> {
        let tenant = tenant.clone();
        Box::pin(self.readers.list(move |conn| {
            let sql = queue_query!(include_str!("../sql/list_queues.sql"));
            // The cursor is the number of the last queue, which stands for its name.
            let after = page.cursor.map_or(0, |cursor| cursor.0);
            let params = params![tenant.as_str(), after, wanted(page)];
            let numbered = |row: &rusqlite::Row<'_>| queue(row).map(|found| (found.queue_no, found.record));
            Ok(list(conn, sql, params, page, numbered)?)
        }))
    }

    fn queue<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a QueueName,
    ) -> BoxFuture<'a, StoreResult<Option<QueueRecord>>> {
        let (tenant, name) = (tenant.clone(), name.clone());
        Box::pin(self.readers.read(move |conn| {
            let found = queue_by_name(conn, &tenant, &name)?;
            Ok(found.map(|found| found.record).filter(QueueRecord::is_listed))
        }))
    }

    fn set_queue<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a QueueName,
        settings: QueueSettings,
        expected: Option<QueueSettings>,
    ) -> BoxFuture<'a, StoreResult<QueueRecord>> {
        let set = SetQueue {
            tenant: tenant.clone(),
            name: name.clone(),
            settings,
            expected,
        };
        Box::pin(self.writer.submit(Lane::Client, set))
    }

    fn queue_room<'a>(&'a self, tenant: &'a TenantId, name: &'a QueueName) -> BoxFuture<'a, StoreResult<QueueRoom>> {
        let (tenant, name) = (tenant.clone(), name.clone());
        Box::pin(self.readers.read(move |conn| {
            let counted = conn
                .prepare_cached(
                    "SELECT offered, offered_bytes FROM queues
                     WHERE name = ?1 AND tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?2)",
                )?
                .query_row((name.as_str(), tenant.as_str()), |row| {
                    Ok(QueueRoom::beside(
                        count_at(row, 0, "count")?,
                        count_at(row, 1, "count")?,
                    ))
                })
                .optional()?;
            Ok(counted.unwrap_or(QueueRoom::beside(0, 0)))
        }))
    }

    fn next_claimable<'a>(
        &'a self,
        tenant: &'a TenantId,
        queue: &'a QueueName,
    ) -> BoxFuture<'a, StoreResult<Option<NextClaim>>> {
        let (tenant, name, now) = (tenant.clone(), queue.clone(), self.clock.now());
        Box::pin(self.readers.read(move |conn| {
            let Some(found) = queue_by_name(conn, &tenant, &name)? else {
                return Ok(None);
            };
            let Some(rate) = found.record.settings.rate.filter(|_| has_slot(&found)) else {
                return Ok(None);
            };
            let waits = has_claimable(conn, found.queue_no)?;
            Ok(waits.then(|| NextClaim {
                at: rate.next(found.spent, now),
                now,
                every: rate.spacing(),
            }))
        }))
    }
}

fn has_slot(queue: &Queue) -> bool {
    let record = &queue.record;
    let limit = record.settings.concurrency.map_or(u64::MAX, u64::from);
    !record.settings.paused && record.claimed < limit
}

/// Whether a task is offered that no key holds back.
fn has_claimable(conn: &Connection, queue_no: i64) -> rusqlite::Result<bool> {
    conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM tasks WHERE queue_no = ?1 AND key IS NULL AND status = 0)
             OR EXISTS (SELECT 1 FROM queue_keys INDEXED BY queue_keys_next WHERE queue_no = ?1 AND is_full = 0 AND head IS NOT NULL)",
    )?
    .query_row([queue_no], |row| row.get(0))
}

fn lapsed_tasks(conn: &Connection, limit: u32, now: Timestamp) -> rusqlite::Result<Lapses> {
    let mut statement = conn.prepare_cached(
        "SELECT n.name, r.id, t.id, t.activity, t.attempt, t.lease, t.worker, t.claimed_at, t.deadline, t.lease_until
         FROM tasks t
         CROSS JOIN queues q ON q.queue_no = t.queue_no
         CROSS JOIN tenants n ON n.tenant_no = q.tenant_no
         CROSS JOIN runs r ON r.run_no = t.run_no
         WHERE t.status = 1 ORDER BY t.lease_until, t.task_no LIMIT ?1",
    )?;
    let mut rows = statement.query([i64::from(limit) + 1])?;
    let mut tasks = Vec::new();
    let mut next = None;
    while let Some(row) = rows.next()? {
        let until = time_at(row, 9)?;
        if until > now || tasks.len() >= limit as usize {
            next = Some(until);
            break;
        }
        tasks.push(lapsed(row, now)?);
    }
    Ok(Lapses { tasks, next, now })
}
