//! Roles that the story does not play yet: the calls travel like all others.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use seawall_engine::store::{
    ClaimedTask, DueSchedules, Fate, Fired, Firing, FlowLine, FlowPlace, FlowStore, Forgotten, InspectStore,
    InspectedRun, Lapses, MessageKey, NewSchedule, Page, PageOf, QueueName, QueueRecord, QueueRoom, QueueSettings,
    RetentionStore, RunId, RunKey, RunParts, RunRepair, RunStatus, ScheduleChange, ScheduleId, ScheduleRecord,
    ScheduleStore, StoreOp, StoreResult, Strays, Sweep, TaskBeat, TaskClaim, TaskId, TaskLease, TaskRecord,
    TaskSettled, TaskStore, TenantId, Timestamp, WorkflowId, WorkflowRecord, WorkflowVersion,
};

use crate::sim::store::link::{Link, now};

impl ScheduleStore for Link {
    fn create_schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewSchedule,
    ) -> BoxFuture<'a, StoreResult<ScheduleRecord>> {
        let tenant = tenant.clone();
        self.call(StoreOp::CreateSchedule, "create schedule".to_owned(), move |rows| {
            now(rows.create_schedule(&tenant, new))
        })
    }

    fn schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ScheduleId,
    ) -> BoxFuture<'a, StoreResult<Option<ScheduleRecord>>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Read, "schedule".to_owned(), move |rows| {
            now(rows.schedule(&tenant, id))
        })
    }

    fn list_schedules<'a>(
        &'a self,
        tenant: &'a TenantId,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<ScheduleRecord>>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Read, "list schedules".to_owned(), move |rows| {
            now(rows.list_schedules(&tenant, page))
        })
    }

    fn update_schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ScheduleId,
        change: ScheduleChange,
        expected: Option<u64>,
    ) -> BoxFuture<'a, StoreResult<ScheduleRecord>> {
        let tenant = tenant.clone();
        self.call(StoreOp::UpdateSchedule, "update schedule".to_owned(), move |rows| {
            now(rows.update_schedule(&tenant, id, change, expected))
        })
    }

    fn delete_schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ScheduleId,
        expected: Option<u64>,
    ) -> BoxFuture<'a, StoreResult<()>> {
        let tenant = tenant.clone();
        self.call(StoreOp::DeleteSchedule, "delete schedule".to_owned(), move |rows| {
            now(rows.delete_schedule(&tenant, id, expected))
        })
    }

    fn fire(&self, firing: Firing) -> BoxFuture<'_, StoreResult<Fired>> {
        self.call(StoreOp::Fire, "fire".to_owned(), move |rows| now(rows.fire(firing)))
    }

    fn due_schedules(&self, limit: u32) -> BoxFuture<'_, StoreResult<DueSchedules>> {
        self.call(StoreOp::DueSchedules, "due schedules".to_owned(), move |rows| {
            now(rows.due_schedules(limit))
        })
    }
}

impl TaskStore for Link {
    fn claim_tasks<'a>(
        &'a self,
        tenant: &'a TenantId,
        queue: &'a QueueName,
        claim: TaskClaim,
    ) -> BoxFuture<'a, StoreResult<Vec<ClaimedTask>>> {
        let tenant = tenant.clone();
        let queue = queue.clone();
        self.call(StoreOp::ClaimTasks, "claim tasks".to_owned(), move |rows| {
            now(rows.claim_tasks(&tenant, &queue, claim))
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
        self.call(StoreOp::HeartbeatTask, "heartbeat task".to_owned(), move |rows| {
            now(rows.heartbeat_task(&tenant, id, lease, progress))
        })
    }

    fn settle_task<'a>(&'a self, tenant: &'a TenantId, end: TaskSettled) -> BoxFuture<'a, StoreResult<()>> {
        let tenant = tenant.clone();
        self.call(StoreOp::SettleTask, "settle task".to_owned(), move |rows| {
            now(rows.settle_task(&tenant, end))
        })
    }

    fn lapsed_tasks(&self, limit: u32) -> BoxFuture<'_, StoreResult<Lapses>> {
        self.call(StoreOp::LapsedTasks, "lapsed tasks".to_owned(), move |rows| {
            now(rows.lapsed_tasks(limit))
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
    ) -> BoxFuture<'a, StoreResult<QueueRecord>> {
        let tenant = tenant.clone();
        let name = name.clone();
        self.call(StoreOp::SetQueue, "set queue".to_owned(), move |rows| {
            now(rows.set_queue(&tenant, &name, settings))
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
    ) -> BoxFuture<'a, StoreResult<Option<(Timestamp, Timestamp)>>> {
        let tenant = tenant.clone();
        let queue = queue.clone();
        self.call(StoreOp::NextClaimable, "next claimable".to_owned(), move |rows| {
            now(rows.next_claimable(&tenant, &queue))
        })
    }

    fn claimed_of_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        queue: &'a QueueName,
        key: &'a str,
    ) -> BoxFuture<'a, StoreResult<u64>> {
        let tenant = tenant.clone();
        let queue = queue.clone();
        let key = key.to_owned();
        self.call(StoreOp::Read, "claimed of key".to_owned(), move |rows| {
            now(rows.claimed_of_key(&tenant, &queue, &key))
        })
    }
}

impl FlowStore for Link {
    fn flow_place<'a>(&'a self, tenant: &'a TenantId, run: RunId) -> BoxFuture<'a, StoreResult<Option<FlowPlace>>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Read, "flow place".to_owned(), move |rows| {
            now(rows.flow_place(&tenant, run))
        })
    }

    fn list_flow<'a>(
        &'a self,
        tenant: &'a TenantId,
        scope: WorkflowId,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<FlowLine>>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Read, "list flow".to_owned(), move |rows| {
            now(rows.list_flow(&tenant, scope, page))
        })
    }
}

impl RetentionStore for Link {
    fn forget_finished(&self, sweep: Sweep) -> BoxFuture<'_, StoreResult<Forgotten>> {
        self.call(StoreOp::Forget, "forget finished".to_owned(), move |rows| {
            now(rows.forget_finished(sweep))
        })
    }

    fn next_finished(&self, after: Timestamp) -> BoxFuture<'_, StoreResult<Option<Timestamp>>> {
        self.call(StoreOp::Read, "next finished".to_owned(), move |rows| {
            now(rows.next_finished(after))
        })
    }

    fn forget_run<'a>(&'a self, tenant: &'a TenantId, id: RunId) -> BoxFuture<'a, StoreResult<Fate>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Forget, "forget run".to_owned(), move |rows| {
            now(rows.forget_run(&tenant, id))
        })
    }

    fn forget_workflows(&self, unused_for: Duration, limit: u32) -> BoxFuture<'_, StoreResult<Vec<WorkflowId>>> {
        self.call(StoreOp::Forget, "forget workflows".to_owned(), move |rows| {
            now(rows.forget_workflows(unused_for, limit))
        })
    }
}

impl InspectStore for Link {
    fn inspect_runs(&self, after: Option<RunKey>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<InspectedRun>>> {
        self.call(StoreOp::Read, "inspect runs".to_owned(), move |rows| {
            now(rows.inspect_runs(after, limit))
        })
    }

    fn inspect_parts(&self, run: RunKey) -> BoxFuture<'_, StoreResult<RunParts>> {
        self.call(StoreOp::Read, "inspect parts".to_owned(), move |rows| {
            now(rows.inspect_parts(run))
        })
    }

    fn inspect_id<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: RunId,
    ) -> BoxFuture<'a, StoreResult<Option<(RunKey, RunStatus)>>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Read, "inspect id".to_owned(), move |rows| {
            now(rows.inspect_id(&tenant, id))
        })
    }

    fn inspect_message<'a>(&'a self, run: RunKey, key: &'a MessageKey) -> BoxFuture<'a, StoreResult<Option<bool>>> {
        let key = key.clone();
        self.call(StoreOp::Read, "inspect message".to_owned(), move |rows| {
            now(rows.inspect_message(run, &key))
        })
    }

    fn inspect_workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        workflow: &'a WorkflowVersion,
    ) -> BoxFuture<'a, StoreResult<Option<WorkflowRecord>>> {
        let tenant = tenant.clone();
        let workflow = workflow.clone();
        self.call(StoreOp::Read, "inspect workflow".to_owned(), move |rows| {
            now(rows.inspect_workflow(&tenant, &workflow))
        })
    }

    fn inspect_strays(&self) -> BoxFuture<'_, StoreResult<Vec<Strays>>> {
        self.call(StoreOp::Read, "inspect strays".to_owned(), move |rows| {
            now(rows.inspect_strays())
        })
    }

    fn integrity(&self, limit: u32) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        self.call(StoreOp::Read, "integrity".to_owned(), move |rows| {
            now(rows.integrity(limit))
        })
    }

    fn repair_run(&self, repair: RunRepair) -> BoxFuture<'_, StoreResult<bool>> {
        self.call(StoreOp::Repair, "repair run".to_owned(), move |rows| {
            now(rows.repair_run(repair))
        })
    }

    fn clear_strays(&self) -> BoxFuture<'_, StoreResult<u64>> {
        self.call(StoreOp::Repair, "clear strays".to_owned(), move |rows| {
            now(rows.clear_strays())
        })
    }
}
