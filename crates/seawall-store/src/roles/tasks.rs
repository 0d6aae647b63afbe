use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{RunId, TaskId, TenantId};
use crate::records::{
    ClaimedTask, Lapses, LeasesAnew, NextClaim, Page, PageOf, QueueName, QueueRecord, QueueRoom, QueueSettings,
    TaskBeat, TaskClaim, TaskLease, TaskRecord, TaskSettled,
};

/// Tasks that workers outside carry out. Rows are written by appends (`TaskOffered`, `TaskWithdrawn`), in the same change as
/// the events that say so; here workers take them, and their ends become messages to the run.
pub trait TaskStore: Send + Sync + 'static {
    /// Gives at most `claim.max` offered tasks of the queue to a worker, by their [`crate::TaskOffered::order`], of equals the
    /// one offered first, as far as the queue's settings allow: a key at its limit is passed over and holds nobody else back.
    /// Counts are kept in the same change. Stops before the payloads exceed `claim.max_bytes`, but not before the first.
    /// Nothing of a queue that is paused or that nobody knows.
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
    /// progress that the worker tells (at most 16 KiB, checked by the caller; None leaves the last one). The lease of a
    /// withdrawn task is not prolonged. One that is over lasts until a lapse is said.
    ///
    /// # Errors
    /// `NotFound`; `StaleLease` when the task is not claimed under this lease.
    fn heartbeat_task<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: TaskId,
        lease: TaskLease,
        progress: Option<Arc<[u8]>>,
    ) -> BoxFuture<'a, StoreResult<TaskBeat>>;

    /// Settles a claimed task, frees its slot and puts the message into its run's inbox as [`crate::RunStore::send`] does,
    /// whatever the run's status is. The run is that of the row; `message.allowed` means nothing here, and a message whose
    /// key the inbox knows is dropped.
    ///
    /// # Errors
    /// `NotFound`; `StaleLease` when the task is not claimed under this lease, or a lapse is said before its end. A worker's
    /// word counts as long as nobody has said one. `Busy` for a worker's.
    fn settle_task<'a>(&'a self, tenant: &'a TenantId, end: TaskSettled) -> BoxFuture<'a, StoreResult<()>>;

    /// Claimed tasks of all tenants whose lease is over, at most `limit`, and when the next one ends.
    fn lapsed_tasks(&self, limit: u32) -> BoxFuture<'_, StoreResult<Lapses>>;

    /// Gives leases anew from `from` on, where nobody was there to hear the workers, or a clock was set ahead of them: of the
    /// claimed tasks of all tenants whose lease would end earlier than one that is claimed at `from`, at most `limit`, the one
    /// that ends first before the others. A lease lasts no longer than the attempt's timeout, and that of a withdrawn task no
    /// longer than `grace`. The deadline of an attempt that was claimed by `from - ahead` moves by `ahead`, and none comes
    /// before the end of the lease. Answers how many there were: with fewer than `limit`, all have theirs. To be repeated with
    /// the same `from`: whose lease was given anew is left alone.
    fn prolong_leases(&self, anew: LeasesAnew) -> BoxFuture<'_, StoreResult<u32>>;

    /// The tasks of a run that are not settled, in the order in which they were offered. Empty for a run that the tenant does
    /// not have.
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

    /// Replaces the queue's settings; [`QueueSettings::default`] takes them away. They hold from the next claim on; what is
    /// claimed stays claimed.
    ///
    /// # Errors
    /// `PreconditionFailed` when `expected` is given and the settings are others by now; `Busy`.
    fn set_queue<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a QueueName,
        settings: QueueSettings,
        expected: Option<QueueSettings>,
    ) -> BoxFuture<'a, StoreResult<QueueRecord>>;

    /// How much more may be offered to the queue, for the engine to ask before it decides to offer. Appends do not ask again:
    /// what runs decide at the same time may exceed the bounds by as much as they are appending, so a full queue is some
    /// tasks more than full at worst.
    fn queue_room<'a>(&'a self, tenant: &'a TenantId, name: &'a QueueName) -> BoxFuture<'a, StoreResult<QueueRoom>>;

    /// When a claim that found nothing may find something although nothing new was offered: only the queue's rate keeps a
    /// task back. None: only an offer, an end or new settings change that.
    fn next_claimable<'a>(
        &'a self,
        tenant: &'a TenantId,
        queue: &'a QueueName,
    ) -> BoxFuture<'a, StoreResult<Option<NextClaim>>>;
}
