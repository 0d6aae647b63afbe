use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::error::{StoreError, StoreResult};
use crate::ids::{RunId, TaskId, TenantId};
use crate::memory::fault::StoreOp;
use crate::memory::state::{News, State};
use crate::memory::store::MemoryStore;
use crate::memory::task_rows::TaskRow;
use crate::records::{
    ClaimedTask, LapsedTask, Lapses, LeasesAnew, NextClaim, Page, PageOf, QueueName, QueueRecord, QueueRoom,
    QueueSettings, TaskBeat, TaskClaim, TaskEnder, TaskLease, TaskRecord, TaskSettled, TaskStatus,
};
use crate::roles::TaskStore;
use crate::time::Timestamp;

impl State {
    /// The task, if it is claimed under this lease.
    fn leased(&mut self, tenant: &TenantId, id: TaskId, lease: TaskLease) -> StoreResult<&mut TaskRow> {
        let row = self.task_row(tenant, id).ok_or(StoreError::NotFound)?;
        let is_its = row.record.status == TaskStatus::Claimed && row.lease == Some(lease);
        is_its.then_some(row).ok_or(StoreError::StaleLease)
    }

    fn heartbeat(
        &mut self,
        tenant: &TenantId,
        id: TaskId,
        lease: TaskLease,
        progress: Option<Arc<[u8]>>,
        now: Timestamp,
    ) -> StoreResult<TaskBeat> {
        let row = self.leased(tenant, id, lease)?;
        let (until, deadline) = row.term();
        let cancelled = row.record.cancelled;
        let lease_until = if cancelled {
            until
        } else {
            now.saturating_add(row.lease_for).min(deadline)
        };
        row.record.lease_until = Some(lease_until);
        row.record.beat_at = Some(now);
        if progress.is_some() {
            row.record.progress = progress;
        }
        Ok(TaskBeat {
            lease_until,
            deadline,
            cancelled,
        })
    }

    fn settle_task(&mut self, tenant: &TenantId, end: TaskSettled, now: Timestamp) -> StoreResult<()> {
        let row = self.leased(tenant, end.id, end.lease)?;
        if end.by == TaskEnder::Lapse && now < row.term().0 {
            return Err(StoreError::StaleLease);
        }
        row.settle();
        row.record.ended_by = Some(end.by);
        let (run, queue) = (row.run, row.record.queue.clone());
        self.deliver(run, end.message.key, end.message.body);
        let settings = self.queue_settings(tenant, &queue);
        if settings.concurrency.is_some() || settings.concurrency_per_key.is_some() {
            self.news.push(News::Offered(tenant.clone(), queue, 1));
        }
        Ok(())
    }

    fn prolong(&mut self, anew: LeasesAnew) -> u32 {
        let LeasesAnew {
            from,
            ahead,
            grace,
            limit,
        } = anew;
        let mut short: Vec<_> = self
            .tasks
            .iter_mut()
            .filter(|(_, row)| row.record.status == TaskStatus::Claimed)
            .filter(|(_, row)| row.term().0 < from.saturating_add(row.lease_anew(grace)))
            .collect();
        short.sort_by_key(|(number, row)| (row.term().0, **number));
        let mut count = 0;
        for (_, row) in short.into_iter().take(limit as usize) {
            let lease_until = from.saturating_add(row.lease_anew(grace));
            let earlier = row.record.claimed_at.is_some_and(|at| at.saturating_add(ahead) <= from);
            let moved = if earlier { ahead } else { Duration::ZERO };
            let deadline = row.term().1.saturating_add(moved).max(lease_until);
            row.record.lease_until = Some(lease_until);
            row.record.deadline = Some(deadline);
            count += 1;
        }
        count
    }

    fn lapsed(&self, limit: u32, now: Timestamp) -> Lapses {
        let mut claimed: Vec<_> = self
            .tasks
            .iter()
            .filter(|(_, row)| row.record.status == TaskStatus::Claimed)
            .collect();
        claimed.sort_by_key(|(number, row)| (row.term().0, **number));
        let over = claimed.iter().take(limit as usize);
        let tasks: Vec<_> = over
            .take_while(|(_, row)| row.term().0 <= now)
            .filter_map(|(_, row)| lapsed_task(row, now))
            .collect();
        let next = claimed.get(tasks.len()).map(|(_, row)| row.term().0);
        Lapses { tasks, next, now }
    }
}

fn lapsed_task(row: &TaskRow, now: Timestamp) -> Option<LapsedTask> {
    Some(LapsedTask {
        tenant: row.tenant.clone(),
        run: row.record.run,
        id: row.record.id,
        activity: row.record.activity.clone(),
        attempt: row.record.attempt,
        lease: row.lease?,
        worker: row.record.worker.clone()?,
        claimed_at: row.record.claimed_at?,
        deadline: row.term().1,
        timed_out: row.term().1 <= now,
    })
}

impl TaskStore for MemoryStore {
    fn claim_tasks<'a>(
        &'a self,
        tenant: &'a TenantId,
        queue: &'a QueueName,
        claim: TaskClaim,
    ) -> BoxFuture<'a, StoreResult<Vec<ClaimedTask>>> {
        Box::pin(async move {
            self.call(StoreOp::ClaimTasks, None, |state, now| {
                Ok(state.claim_tasks(tenant, queue, &claim, now))
            })
        })
    }

    fn heartbeat_task<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: TaskId,
        lease: TaskLease,
        progress: Option<Arc<[u8]>>,
    ) -> BoxFuture<'a, StoreResult<TaskBeat>> {
        Box::pin(async move {
            self.call(StoreOp::HeartbeatTask, None, |state, now| {
                state.heartbeat(tenant, id, lease, progress, now)
            })
        })
    }

    fn settle_task<'a>(&'a self, tenant: &'a TenantId, end: TaskSettled) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            let run = self.run_of_task(end.id);
            self.call(StoreOp::SettleTask, run, |state, now| {
                state.settle_task(tenant, end, now)
            })
        })
    }

    fn lapsed_tasks(&self, limit: u32) -> BoxFuture<'_, StoreResult<Lapses>> {
        Box::pin(async move { self.call(StoreOp::LapsedTasks, None, |state, now| Ok(state.lapsed(limit, now))) })
    }

    fn prolong_leases(&self, anew: LeasesAnew) -> BoxFuture<'_, StoreResult<u32>> {
        Box::pin(async move { self.call(StoreOp::ProlongLeases, None, |state, _| Ok(state.prolong(anew))) })
    }

    fn tasks_of_run<'a>(&'a self, tenant: &'a TenantId, run: RunId) -> BoxFuture<'a, StoreResult<Vec<TaskRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, Some(run), |state, _| {
                let open = state.tasks.values().filter(|row| {
                    row.tenant == *tenant && row.record.run == run && row.record.status != TaskStatus::Settled
                });
                Ok(open.map(|row| row.record.clone()).collect())
            })
        })
    }

    fn task<'a>(&'a self, tenant: &'a TenantId, id: TaskId) -> BoxFuture<'a, StoreResult<Option<TaskRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                Ok(state.task_row(tenant, id).map(|row| row.record.clone()))
            })
        })
    }

    fn list_queues<'a>(&'a self, tenant: &'a TenantId, page: Page) -> BoxFuture<'a, StoreResult<PageOf<QueueRecord>>> {
        Box::pin(async move { self.call(StoreOp::Read, None, |state, _| Ok(state.list_queues(tenant, page))) })
    }

    fn queue<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a QueueName,
    ) -> BoxFuture<'a, StoreResult<Option<QueueRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let record = state.queue_record(tenant, name);
                Ok(Some(record).filter(QueueRecord::is_listed))
            })
        })
    }

    fn set_queue<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a QueueName,
        settings: QueueSettings,
        expected: Option<QueueSettings>,
    ) -> BoxFuture<'a, StoreResult<QueueRecord>> {
        Box::pin(async move {
            self.call(StoreOp::SetQueue, None, |state, _| {
                if expected.is_some_and(|expected| expected != state.queue_settings(tenant, name)) {
                    return Err(StoreError::PreconditionFailed);
                }
                state.queue_row(tenant, name).settings = settings;
                let record = state.queue_record(tenant, name);
                let waiting = usize::try_from(record.offered).unwrap_or(usize::MAX);
                state.news.push(News::Offered(tenant.clone(), name.clone(), waiting));
                Ok(record)
            })
        })
    }

    fn queue_room<'a>(&'a self, tenant: &'a TenantId, name: &'a QueueName) -> BoxFuture<'a, StoreResult<QueueRoom>> {
        Box::pin(async move {
            self.call(StoreOp::QueueRoom, None, |state, _| {
                let record = state.queue_record(tenant, name);
                Ok(QueueRoom::beside(record.offered, record.offered_bytes))
            })
        })
    }

    fn next_claimable<'a>(
        &'a self,
        tenant: &'a TenantId,
        queue: &'a QueueName,
    ) -> BoxFuture<'a, StoreResult<Option<NextClaim>>> {
        Box::pin(async move {
            self.call(StoreOp::NextClaimable, None, |state, now| {
                Ok(state.next_claimable(tenant, queue, now))
            })
        })
    }
}
