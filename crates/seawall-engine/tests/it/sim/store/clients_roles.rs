//! The clients' side of a link.

use futures_util::future::BoxFuture;
use seawall_engine::store::{
    ApprovalFilter, ApprovalId, ApprovalRecord, ApprovalStore, CreatedRun, Digest, HealthStore, JournalPage,
    NewMessage, NewRun, NewWorkflow, Page, PageOf, RunFilter, RunId, RunRecord, RunStore, RunWatch, Segment, Sent, Seq,
    StoreHealth, StoreOp, StoreResult, TenantId, WorkflowId, WorkflowRecord, WorkflowRef, WorkflowStore,
};

use crate::sim::store::leases_role::segment;
use crate::sim::store::link::{Link, now};

fn message(message: &NewMessage) -> String {
    format!("{} {}", message.key.0, &Digest::of(&message.body).to_hex()[..12])
}

impl RunStore for Link {
    fn create_run<'a>(&'a self, tenant: &'a TenantId, new: NewRun) -> BoxFuture<'a, StoreResult<CreatedRun>> {
        let about = format!(
            "{} {} {} for {:?}",
            new.id,
            segment(&new.segment),
            new.projection.status,
            new.hold
        );
        let (tenant, witness) = (tenant.clone(), self.witness());
        self.call(StoreOp::CreateRun, about, move |rows| {
            witness.create_run(rows, &tenant, new)
        })
    }

    fn run<'a>(&'a self, tenant: &'a TenantId, id: RunId) -> BoxFuture<'a, StoreResult<Option<RunRecord>>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Read, format!("run {id}"), move |rows| {
            now(rows.run(&tenant, id))
        })
    }

    fn list_runs<'a>(
        &'a self,
        tenant: &'a TenantId,
        filter: RunFilter,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<RunRecord>>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Read, "runs".to_owned(), move |rows| {
            now(rows.list_runs(&tenant, filter, page))
        })
    }

    fn first_segments<'a>(
        &'a self,
        tenant: &'a TenantId,
        runs: &'a [RunId],
        max_bytes: usize,
    ) -> BoxFuture<'a, StoreResult<Vec<(RunId, Segment)>>> {
        let (tenant, runs) = (tenant.clone(), runs.to_vec());
        self.call(StoreOp::Read, "first segments".to_owned(), move |rows| {
            now(rows.first_segments(&tenant, &runs, max_bytes))
        })
    }

    fn journal<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: RunId,
        after: Seq,
        max_bytes: usize,
    ) -> BoxFuture<'a, StoreResult<JournalPage>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Read, format!("journal {id} after {after}"), move |rows| {
            now(rows.journal(&tenant, id, after, max_bytes))
        })
    }

    fn send<'a>(&'a self, tenant: &'a TenantId, id: RunId, new: NewMessage) -> BoxFuture<'a, StoreResult<Sent>> {
        let (tenant, about) = (tenant.clone(), format!("{id} {}", message(&new)));
        let witness = self.witness();
        self.call(StoreOp::Send, about, move |rows| witness.send(rows, &tenant, id, new))
    }

    fn wake<'a>(&'a self, tenant: &'a TenantId, runs: Vec<RunId>) -> BoxFuture<'a, StoreResult<u32>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Wake, "wake".to_owned(), move |rows| {
            now(rows.wake(&tenant, runs))
        })
    }

    fn watch(&self, id: RunId) -> RunWatch {
        self.watchers.watch(id)
    }
}

impl ApprovalStore for Link {
    fn approval<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ApprovalId,
    ) -> BoxFuture<'a, StoreResult<Option<ApprovalRecord>>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Read, format!("approval {id}"), move |rows| {
            now(rows.approval(&tenant, id))
        })
    }

    fn list_approvals<'a>(
        &'a self,
        tenant: &'a TenantId,
        filter: ApprovalFilter,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<ApprovalRecord>>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Read, "approvals".to_owned(), move |rows| {
            now(rows.list_approvals(&tenant, filter, page))
        })
    }

    fn decide_approval<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ApprovalId,
        new: NewMessage,
    ) -> BoxFuture<'a, StoreResult<ApprovalRecord>> {
        let (tenant, about) = (tenant.clone(), format!("{id} {}", message(&new)));
        self.call(StoreOp::DecideApproval, about, move |rows| {
            now(rows.decide_approval(&tenant, id, new))
        })
    }
}

impl WorkflowStore for Link {
    fn create_workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewWorkflow,
    ) -> BoxFuture<'a, StoreResult<WorkflowRecord>> {
        let (tenant, about) = (tenant.clone(), format!("{} {}", new.id, new.name));
        self.call(StoreOp::CreateWorkflow, about, move |rows| {
            now(rows.create_workflow(&tenant, new))
        })
    }

    fn keep_inline<'a>(&'a self, tenant: &'a TenantId, new: NewWorkflow) -> BoxFuture<'a, StoreResult<WorkflowRecord>> {
        let (tenant, about) = (tenant.clone(), format!("{} {}", new.id, new.name));
        self.call(StoreOp::KeepInline, about, move |rows| {
            now(rows.keep_inline(&tenant, new))
        })
    }

    fn update_workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        target: &'a WorkflowRef,
        new: NewWorkflow,
        expected: Option<Digest>,
    ) -> BoxFuture<'a, StoreResult<WorkflowRecord>> {
        let (tenant, target) = (tenant.clone(), target.clone());
        self.call(StoreOp::UpdateWorkflow, format!("{target:?}"), move |rows| {
            now(rows.update_workflow(&tenant, &target, new, expected))
        })
    }

    fn workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        target: &'a WorkflowRef,
    ) -> BoxFuture<'a, StoreResult<Option<WorkflowRecord>>> {
        let (tenant, target) = (tenant.clone(), target.clone());
        self.call(StoreOp::Read, format!("workflow {target:?}"), move |rows| {
            now(rows.workflow(&tenant, &target))
        })
    }

    fn workflow_version<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: WorkflowId,
        version: u32,
    ) -> BoxFuture<'a, StoreResult<Option<WorkflowRecord>>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Read, format!("workflow {id} {version}"), move |rows| {
            now(rows.workflow_version(&tenant, id, version))
        })
    }

    fn list_workflows<'a>(
        &'a self,
        tenant: &'a TenantId,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<WorkflowRecord>>> {
        let tenant = tenant.clone();
        self.call(StoreOp::Read, "workflows".to_owned(), move |rows| {
            now(rows.list_workflows(&tenant, page))
        })
    }

    fn list_versions<'a>(
        &'a self,
        tenant: &'a TenantId,
        target: &'a WorkflowRef,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<WorkflowRecord>>> {
        let (tenant, target) = (tenant.clone(), target.clone());
        self.call(StoreOp::Read, format!("versions {target:?}"), move |rows| {
            now(rows.list_versions(&tenant, &target, page))
        })
    }

    fn delete_workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        target: &'a WorkflowRef,
        expected: Option<Digest>,
    ) -> BoxFuture<'a, StoreResult<()>> {
        let (tenant, target) = (tenant.clone(), target.clone());
        self.call(StoreOp::DeleteWorkflow, format!("{target:?}"), move |rows| {
            now(rows.delete_workflow(&tenant, &target, expected))
        })
    }
}

impl HealthStore for Link {
    fn check(&self) -> BoxFuture<'_, StoreResult<StoreHealth>> {
        self.call(StoreOp::Check, String::new(), |rows| now(rows.check()))
    }

    fn close(&self) -> BoxFuture<'_, StoreResult<()>> {
        // The database outlives its links.
        Box::pin(async { Ok(()) })
    }
}
