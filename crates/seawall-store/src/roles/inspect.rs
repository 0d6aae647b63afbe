use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{RunId, RunKey, TenantId};
use crate::records::{
    InspectedRun, InspectedSchedule, MessageKey, Miscount, RunParts, RunRepair, RunStatus, Strays, WorkflowRecord,
    WorkflowVersion,
};

/// Everything as it is stored, for a check of the whole store, and the repair of what follows from something else. Not bound
/// to a tenant. What cannot be read is part of an answer; an error means that the store itself does not answer.
pub trait InspectStore: Send + Sync + 'static {
    /// The runs created after `after`, in the order of their creation, at most `limit`.
    fn inspect_runs(&self, after: Option<RunKey>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<InspectedRun>>>;

    /// What belongs to the run; nothing, if there is none of that number.
    fn inspect_parts(&self, run: RunKey) -> BoxFuture<'_, StoreResult<RunParts>>;

    /// The number and the status of the run of that id. None also where the status cannot be read.
    fn inspect_id<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: RunId,
    ) -> BoxFuture<'a, StoreResult<Option<(RunKey, RunStatus)>>>;

    /// Whether the run's inbox ever had a message of that key, and if so, whether it is unread.
    fn inspect_message<'a>(&'a self, run: RunKey, key: &'a MessageKey) -> BoxFuture<'a, StoreResult<Option<bool>>>;

    /// The version that a run is pinned to.
    fn inspect_workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        workflow: &'a WorkflowVersion,
    ) -> BoxFuture<'a, StoreResult<Option<WorkflowRecord>>>;

    /// Rows of runs that do not exist, for each kind of which there are any.
    fn inspect_strays(&self) -> BoxFuture<'_, StoreResult<Vec<Strays>>>;

    /// The schedules created after the one at `after`, in the order of their creation, at most `limit`.
    fn inspect_schedules(&self, after: Option<i64>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<InspectedSchedule>>>;

    /// Counters, first places and marks that do not follow from the rows that they are about (flow control, queues), for each
    /// kind of which there are any. Each kind is of one moment.
    fn inspect_counts(&self) -> BoxFuture<'_, StoreResult<Vec<Miscount>>>;

    /// What the backend itself finds wrong (broken pages, an index and its table that differ, keys without their rows), a
    /// sentence each, at most `limit`.
    fn integrity(&self, limit: u32) -> BoxFuture<'_, StoreResult<Vec<String>>>;

    /// Rebuilds a run's row and its approvals. Its journal, its inbox and its epoch stay as they are, but for what `leaves`
    /// says: as if the run had ended now, others may be admitted in its place. One that is to be admitted anew and is released
    /// by flow control asks for that instead of being due, with everything in its inbox withheld; if it is refused, that goes.
    /// False: there is no such run. Only for a store that nobody works on, after [`InspectStore::recount`].
    ///
    /// # Errors
    /// `Unavailable` where the store was opened for reading only.
    fn repair_run(&self, repair: RunRepair) -> BoxFuture<'_, StoreResult<bool>>;

    /// Deletes the rows that [`InspectStore::inspect_strays`] counts, but for journal entries: those are nobody's projection.
    /// Answers how many.
    ///
    /// # Errors
    /// As in [`InspectStore::repair_run`].
    fn clear_strays(&self) -> BoxFuture<'_, StoreResult<u64>>;

    /// Makes everything that [`InspectStore::inspect_counts`] looks at anew. What has room by that is admitted with the next
    /// claim.
    ///
    /// # Errors
    /// As in [`InspectStore::repair_run`].
    fn recount(&self) -> BoxFuture<'_, StoreResult<()>>;
}
