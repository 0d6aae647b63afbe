use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{RunId, Seq, TenantId};
use crate::records::{CreatedRun, JournalPage, NewMessage, NewRun, Page, PageOf, RunFilter, RunRecord, Segment, Sent};
use crate::watch::RunWatch;

/// Runs as their clients see them. Everything read here is durable.
pub trait RunStore: Send + Sync + 'static {
    /// Writes the run's row and its first events. With `hold`, the run is born held by that (live) node at epoch 1;
    /// without, it is unheld at epoch 0 and due at once, for anybody to claim; one that has ended with its first
    /// events is due for nobody. With `flow` it comes in as [`crate::FlowStore`] says: born unheld, and due with its
    /// admission or at `flow.deadline`.
    ///
    /// An idempotency key is the tenant's own and counts while the store's now is before its `expires_at`, while its run has
    /// not ended, and for [`crate::IdempotencyKey::OUTLIVES`] after its `finished_at`; an expired one is as if it had never
    /// been used, and may be gone for good. A replay looks at nothing else of `new` and shows the run as it is now.
    ///
    /// # Errors
    /// In this order: `IdempotencyKeyReused` (another fingerprint); `Exists` for a run id that is taken, by whichever
    /// tenant; `NodeDead`; `FlowRejected`. `Busy` when the write queue is full.
    fn create_run<'a>(&'a self, tenant: &'a TenantId, new: NewRun) -> BoxFuture<'a, StoreResult<CreatedRun>>;

    fn run<'a>(&'a self, tenant: &'a TenantId, id: RunId) -> BoxFuture<'a, StoreResult<Option<RunRecord>>>;

    /// Newest first, in order of creation at the store. A filter by name compares the name the run was pinned with, also
    /// of deleted and inline workflows.
    fn list_runs<'a>(
        &'a self,
        tenant: &'a TenantId,
        filter: RunFilter,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<RunRecord>>>;

    /// The first segment of each of these runs, in this order, until about `max_bytes` (at least one). Runs that the tenant
    /// does not have are left out.
    fn first_segments<'a>(
        &'a self,
        tenant: &'a TenantId,
        runs: &'a [RunId],
        max_bytes: usize,
    ) -> BoxFuture<'a, StoreResult<Vec<(RunId, Segment)>>>;

    /// The segments that hold events after `after`, in order, until about `max_bytes` (at least one segment). The first
    /// segment may begin at or before `after`: the caller skips. The record and the segments are of one moment.
    ///
    /// # Errors
    /// `NotFound`.
    fn journal<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: RunId,
        after: Seq,
        max_bytes: usize,
    ) -> BoxFuture<'a, StoreResult<JournalPage>>;

    /// Puts a message into the run's inbox and makes the run due at once if nobody holds it,
    /// whatever its status. Durable when it answers. A key that is, or ever was, in this run's inbox answers `Duplicate`,
    /// or `Differs` where it was sent with another body, also where the status has changed since, and writes no message. With
    /// `Turn::Ask`, a run that flow control has released
    /// asks for a new admission; until then the message is withheld: nobody reads it, and it makes nothing due. With
    /// `Turn::GiveUp` it waits for that no longer: what is withheld is forgotten, and its place is free.
    ///
    /// A duplicate of what nobody has read yet, if the status allows it, is to have its effect: it makes the run due, or with
    /// `Turn::Ask` lets a released run that nobody holds ask once more, with everything in its inbox withheld.
    ///
    /// # Errors
    /// `NotFound`; `RunIs` when the run's status is not in `message.allowed`, or nothing is withheld that it could give up;
    /// `FlowRejected`; `Busy`.
    fn send<'a>(&'a self, tenant: &'a TenantId, id: RunId, message: NewMessage) -> BoxFuture<'a, StoreResult<Sent>>;

    /// Makes those of the runs due at once that nobody holds and that wait for a time: what they wait for has come. Suspects
    /// ([`crate::ClaimLimits::SUSPECT`]) go on waiting, and so does what waits for a message only. Answers how many were woken.
    fn wake<'a>(&'a self, tenant: &'a TenantId, runs: Vec<RunId>) -> BoxFuture<'a, StoreResult<u32>>;

    /// Watches a run's durable progress. Register before reading.
    fn watch(&self, id: RunId) -> RunWatch;
}
