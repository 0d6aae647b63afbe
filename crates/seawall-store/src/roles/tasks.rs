use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{RunId, TaskId, TenantId};
use crate::records::{
    ClaimedTask, Lapses, Page, PageOf, QueueName, QueueRecord, QueueSettings, TaskBeat, TaskClaim, TaskLease,
    TaskRecord, TaskSettled,
};

/// Tasks that workers outside carry out. Rows are written by appends (`TaskOffered`, `TaskWithdrawn`), in the same change as
/// the events that say so; here workers take them, and their ends become messages to the run.
pub trait TaskStore: Send + Sync + 'static {
    /// Gives at most `claim.max` offered tasks of the queue to a worker, by their [`crate::TaskOffered::order`], of equals the
    /// one offered first, as far as the queue's settings allow: a key at its limit is passed over and holds nobody else back.
    /// Counts are kept in the same change. Stops before the payloads exceed `claim.max_bytes`, but not before the first.
    ///
    /// # Errors
    /// `Busy` when the write queue is full.
    fn claim_tasks<'a>(
        &'a self,
        tenant: &'a TenantId,
        queue: &'a QueueName,
        claim: TaskClaim,
    ) -> BoxFuture<'a, StoreResult<Vec<ClaimedTask>>>;

    /// Prolongs the lease to as long from now as it was claimed for, at most to the attempt's deadline, and keeps the
    /// progress that the worker tells (at most 16 KiB, checked by the caller). The lease of a withdrawn task is not prolonged.
    ///
    /// # Errors
    /// `NotFound`; `StaleLease` when the task is settled, was given to another claim, or the lease is over.
    fn heartbeat_task<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: TaskId,
        lease: TaskLease,
        progress: Option<std::sync::Arc<[u8]>>,
    ) -> BoxFuture<'a, StoreResult<TaskBeat>>;

    /// Settles a claimed task and puts the message into its run's inbox as [`crate::RunStore::send`] does, whatever the run's
    /// status is. The run is that of the row; `message.allowed` means nothing here.
    ///
    /// # Errors
    /// `NotFound`; `StaleLease` when the task is not claimed under this lease, or [`crate::TaskEnder`] does not fit: a worker's
    /// word counts only before the end of the lease, a lapse only after it. `Busy` for a worker's.
    fn settle_task<'a>(&'a self, tenant: &'a TenantId, end: TaskSettled) -> BoxFuture<'a, StoreResult<()>>;

    /// Claimed tasks of all tenants whose lease is over, at most `limit`, and when the next one ends.
    fn lapsed_tasks(&self, limit: u32) -> BoxFuture<'_, StoreResult<Lapses>>;

    /// The tasks of a run that are not settled, in the order in which they were offered.
    fn tasks_of_run<'a>(&'a self, tenant: &'a TenantId, run: RunId) -> BoxFuture<'a, StoreResult<Vec<TaskRecord>>>;

    /// The task, settled or not.
    fn task<'a>(&'a self, tenant: &'a TenantId, id: TaskId) -> BoxFuture<'a, StoreResult<Option<TaskRecord>>>;

    /// Queues that have settings or tasks that are not settled, by name.
    fn list_queues<'a>(&'a self, tenant: &'a TenantId, page: Page) -> BoxFuture<'a, StoreResult<PageOf<QueueRecord>>>;

    /// One of them.
    fn queue<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a QueueName,
    ) -> BoxFuture<'a, StoreResult<Option<QueueRecord>>>;

    /// Replaces the queue's settings. They hold from the next claim on; what is claimed stays claimed.
    fn set_queue<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a QueueName,
        settings: QueueSettings,
    ) -> BoxFuture<'a, StoreResult<QueueRecord>>;

    /// When a claim that found nothing may find something although nothing new was offered: the queue's rate allows the next
    /// one then. None: only an offer, an end or new settings change that. With the store's now.
    fn next_claimable<'a>(
        &'a self,
        tenant: &'a TenantId,
        queue: &'a QueueName,
    ) -> BoxFuture<'a, StoreResult<Option<(crate::time::Timestamp, crate::time::Timestamp)>>>;
}
