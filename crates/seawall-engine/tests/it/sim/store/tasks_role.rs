//! Tasks and their queues over a link.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use seawall_engine::store::{
    ClaimedTask, Lapses, LeasesAnew, NextClaim, Page, PageOf, QueueName, QueueRecord, QueueRoom, QueueSettings, RunId,
    StoreOp, StoreResult, TaskBeat, TaskClaim, TaskId, TaskLease, TaskRecord, TaskSettled, TaskStore, TenantId,
};

use crate::sim::store::link::{Link, now};

impl TaskStore for Link {
    fn claim_tasks<'a>(
        &'a self,
        tenant: &'a TenantId,
        queue: &'a QueueName,
        claim: TaskClaim,
    ) -> BoxFuture<'a, StoreResult<Vec<ClaimedTask>>> {
        let tenant = tenant.clone();
        let queue = queue.clone();
        let witness = self.witness();
        let about = format!("{} of {queue} for {} {:?}", claim.max, claim.worker, claim.lease_for);
        self.call(StoreOp::ClaimTasks, about, move |rows| {
            witness.claim_tasks(rows, &tenant, (&queue, claim))
        })
    }

    fn heartbeat_task<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: TaskId,
        lease: TaskLease,
        progress: Option<Arc<[u8]>>,
    ) -> BoxFuture<'a, StoreResult<TaskBeat>> {
        let tenant = tenant.clone();
        self.call(StoreOp::HeartbeatTask, id.to_string(), move |rows| {
            now(rows.heartbeat_task(&tenant, id, lease, progress))
        })
    }

    fn settle_task<'a>(&'a self, tenant: &'a TenantId, end: TaskSettled) -> BoxFuture<'a, StoreResult<()>> {
        let tenant = tenant.clone();
        let witness = self.witness();
        let about = format!("{} by {:?}", end.id, end.by);
        self.call(StoreOp::SettleTask, about, move |rows| {
            witness.settle_task(rows, &tenant, end)
        })
    }

    fn lapsed_tasks(&self, limit: u32) -> BoxFuture<'_, StoreResult<Lapses>> {
        self.call(StoreOp::LapsedTasks, "lapsed tasks".to_owned(), move |rows| {
            now(rows.lapsed_tasks(limit))
        })
    }

    fn prolong_leases(&self, anew: LeasesAnew) -> BoxFuture<'_, StoreResult<u32>> {
        self.call(StoreOp::ProlongLeases, "prolong leases".to_owned(), move |rows| {
            now(rows.prolong_leases(anew))
        })
    }

    fn tasks_of_run<'a>(&'a self, tenant: &'a TenantId, run: RunId) -> BoxFuture<'a, StoreResult<Vec<TaskRecord>>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Read, "tasks of run".to_owned(), move |rows| {
            now(rows.tasks_of_run(&tenant, run))
        })
    }

    fn task<'a>(&'a self, tenant: &'a TenantId, id: TaskId) -> BoxFuture<'a, StoreResult<Option<TaskRecord>>> {
        let tenant = tenant.clone();
        self.call(
            StoreOp::Read,
            "task".to_owned(),
            move |rows| now(rows.task(&tenant, id)),
        )
    }

    fn list_queues<'a>(&'a self, tenant: &'a TenantId, page: Page) -> BoxFuture<'a, StoreResult<PageOf<QueueRecord>>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Read, "list queues".to_owned(), move |rows| {
            now(rows.list_queues(&tenant, page))
        })
    }

    fn queue<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a QueueName,
    ) -> BoxFuture<'a, StoreResult<Option<QueueRecord>>> {
        let tenant = tenant.clone();
        let name = name.clone();
        self.call(StoreOp::Read, "queue".to_owned(), move |rows| {
            now(rows.queue(&tenant, &name))
        })
    }

    fn set_queue<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a QueueName,
        settings: QueueSettings,
        expected: Option<QueueSettings>,
    ) -> BoxFuture<'a, StoreResult<QueueRecord>> {
        let tenant = tenant.clone();
        let name = name.clone();
        self.call(StoreOp::SetQueue, format!("{name} {settings:?}"), move |rows| {
            now(rows.set_queue(&tenant, &name, settings.clone(), expected.clone()))
        })
    }

    fn queue_room<'a>(&'a self, tenant: &'a TenantId, name: &'a QueueName) -> BoxFuture<'a, StoreResult<QueueRoom>> {
        let tenant = tenant.clone();
        let name = name.clone();
        self.call(StoreOp::QueueRoom, "queue room".to_owned(), move |rows| {
            now(rows.queue_room(&tenant, &name))
        })
    }

    fn next_claimable<'a>(
        &'a self,
        tenant: &'a TenantId,
        queue: &'a QueueName,
    ) -> BoxFuture<'a, StoreResult<Option<NextClaim>>> {
        let tenant = tenant.clone();
        let queue = queue.clone();
        self.call(StoreOp::NextClaimable, "next claimable".to_owned(), move |rows| {
            now(rows.next_claimable(&tenant, &queue))
        })
    }
}
