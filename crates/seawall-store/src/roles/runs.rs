use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{RunId, Seq, TenantId};
use crate::records::{CreatedRun, JournalPage, NewMessage, NewRun, Page, PageOf, RunFilter, RunRecord, Sent};
use crate::watch::RunWatch;

/// Runs as their clients see them. Everything read here is durable.
pub trait RunStore: Send + Sync + 'static {
    /// Writes the run's row and its first events. With `hold`, the run is born held by that (live) node at epoch 1;
    /// without, it is unheld with a timer that is due, for anybody to claim.
    ///
    /// # Errors
    /// `Exists` for a taken run id; `IdempotencyKeyReused`; `NodeDead`; `Busy` when the write queue is full.
    fn create_run<'a>(&'a self, tenant: &'a TenantId, new: NewRun) -> BoxFuture<'a, StoreResult<CreatedRun>>;

    fn run<'a>(&'a self, tenant: &'a TenantId, id: RunId) -> BoxFuture<'a, StoreResult<Option<RunRecord>>>;

    /// Newest first.
    fn list_runs<'a>(
        &'a self,
        tenant: &'a TenantId,
        filter: RunFilter,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<RunRecord>>>;

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

    /// Puts a message into the run's inbox and makes the run claimable if nobody holds it. Durable when it answers.
    /// A key that is, or ever was, in this run's inbox answers `Duplicate` and writes nothing.
    ///
    /// # Errors
    /// `NotFound`; `RunIs` when the run's status is not in `message.allowed`; `Busy`.
    fn send<'a>(&'a self, tenant: &'a TenantId, id: RunId, message: NewMessage) -> BoxFuture<'a, StoreResult<Sent>>;

    /// Watches a run's durable progress. Register before reading.
    fn watch(&self, id: RunId) -> RunWatch;
}
