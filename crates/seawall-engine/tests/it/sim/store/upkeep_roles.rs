//! Flow control as it can be seen, retention and inspection over a link.

use std::time::Duration;

use futures_util::future::BoxFuture;
use seawall_engine::store::{
    Discard, Fate, FlowLine, FlowPlace, FlowStore, Forgotten, InspectStore, InspectedRun, InspectedSchedule,
    MessageKey, Miscount, Page, PageOf, QueueName, RetentionStore, RunId, RunKey, RunParts, RunRepair, RunStatus,
    StoreOp, StoreResult, Strays, Sweep, TenantId, Timestamp, WorkflowId, WorkflowRecord, WorkflowVersion,
};

use crate::sim::store::link::{Link, now};

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

impl RetentionStore for Link {
    fn forget_finished(&self, sweep: Sweep) -> BoxFuture<'_, StoreResult<Forgotten>> {
        let witness = self.witness();
        let about = format!("finished before {:?}", sweep.before);
        self.call(StoreOp::Forget, about, move |rows| witness.forget_finished(rows, sweep))
    }

    fn next_finished(&self, after: Timestamp) -> BoxFuture<'_, StoreResult<Option<Timestamp>>> {
        self.call(StoreOp::Read, "next finished".to_owned(), move |rows| {
            now(rows.next_finished(after))
        })
    }

    fn forget_run<'a>(&'a self, tenant: &'a TenantId, id: RunId) -> BoxFuture<'a, StoreResult<Fate>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Forget, format!("run {id}"), move |rows| {
            now(rows.forget_run(&tenant, id))
        })
    }

    fn discard_run<'a>(&'a self, tenant: &'a TenantId, discard: Discard) -> BoxFuture<'a, StoreResult<Fate>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Forget, format!("discard {}", discard.run), move |rows| {
            now(rows.discard_run(&tenant, discard.clone()))
        })
    }

    fn forget_workflows(&self, unused_for: Duration, limit: u32) -> BoxFuture<'_, StoreResult<Vec<WorkflowId>>> {
        self.call(StoreOp::Forget, "workflows".to_owned(), move |rows| {
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

    fn inspect_schedules(&self, after: Option<i64>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<InspectedSchedule>>> {
        self.call(StoreOp::Read, "inspect schedules".to_owned(), move |rows| {
            now(rows.inspect_schedules(after, limit))
        })
    }

    fn inspect_counts(&self) -> BoxFuture<'_, StoreResult<Vec<Miscount>>> {
        self.call(StoreOp::Read, "inspect counts".to_owned(), move |rows| {
            now(rows.inspect_counts())
        })
    }

    fn recount(&self) -> BoxFuture<'_, StoreResult<()>> {
        self.call(StoreOp::Repair, "recount".to_owned(), move |rows| now(rows.recount()))
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
