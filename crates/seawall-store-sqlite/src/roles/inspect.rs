use futures_util::future::BoxFuture;
use seawall_store::{
    InspectStore, InspectedRun, InspectedSchedule, MessageKey, Miscount, RunId, RunKey, RunParts, RunRepair, RunStatus,
    StoreResult, Strays, TenantId, WorkflowRecord, WorkflowVersion,
};

use crate::SqliteStore;
use crate::ops::{ClearStrays, Recount, RepairRun};
use crate::writer::Lane;
use crate::{counts, inspect};

impl InspectStore for SqliteStore {
    fn inspect_runs(&self, after: Option<RunKey>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<InspectedRun>>> {
        Box::pin(self.readers.list(move |conn| inspect::runs(conn, after, limit)))
    }

    fn inspect_parts(&self, run: RunKey) -> BoxFuture<'_, StoreResult<RunParts>> {
        Box::pin(self.readers.list(move |conn| Ok(inspect::parts(conn, run))))
    }

    fn inspect_id<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: RunId,
    ) -> BoxFuture<'a, StoreResult<Option<(RunKey, RunStatus)>>> {
        let tenant = tenant.clone();
        Box::pin(self.readers.list(move |conn| inspect::id(conn, &tenant, id)))
    }

    fn inspect_message<'a>(&'a self, run: RunKey, key: &'a MessageKey) -> BoxFuture<'a, StoreResult<Option<bool>>> {
        let key = key.clone();
        Box::pin(self.readers.list(move |conn| inspect::message(conn, run, &key)))
    }

    fn inspect_workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        workflow: &'a WorkflowVersion,
    ) -> BoxFuture<'a, StoreResult<Option<WorkflowRecord>>> {
        let (tenant, workflow) = (tenant.clone(), workflow.clone());
        Box::pin(
            self.readers
                .list(move |conn| inspect::workflow(conn, &tenant, &workflow)),
        )
    }

    fn inspect_strays(&self) -> BoxFuture<'_, StoreResult<Vec<Strays>>> {
        Box::pin(self.readers.list(inspect::strays))
    }

    fn inspect_schedules(&self, after: Option<i64>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<InspectedSchedule>>> {
        Box::pin(self.readers.read(move |conn| inspect::schedules(conn, after, limit)))
    }

    fn inspect_counts(&self) -> BoxFuture<'_, StoreResult<Vec<Miscount>>> {
        Box::pin(self.readers.read(counts::miscounts))
    }

    fn integrity(&self, limit: u32) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        Box::pin(self.readers.list(move |conn| Ok(inspect::integrity(conn, limit))))
    }

    fn repair_run(&self, repair: RunRepair) -> BoxFuture<'_, StoreResult<bool>> {
        Box::pin(self.writer.submit(Lane::Held, RepairRun(repair)))
    }

    fn clear_strays(&self) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.writer.submit(Lane::Held, ClearStrays))
    }

    fn recount(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.writer.submit(Lane::Held, Recount))
    }
}
