use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{RunId, TenantId, WorkflowId};
use crate::records::{Discard, Fate, Forgotten, Sweep};
use crate::time::Timestamp;

/// What is not needed any more leaves. A run that is forgotten takes everything of its own along: journal, inbox, approvals,
/// idempotency key, the link to its parent.
///
/// A run stays, whatever its age, in these cases, looked at in this order ([`crate::KeptFor`]): it has not ended, is held or
/// is due; its idempotency key counts; its parent is still there; a child of it has not ended.
pub trait RetentionStore: Send + Sync + 'static {
    /// One step through the ended runs of all tenants: looks at the next `sweep.max_runs` of those that ended at
    /// `sweep.before` or earlier, in the order of their ends, and forgets those that nothing keeps. Stops before the forgotten
    /// journals exceed `sweep.max_bytes`, but not before the first. Runs whose row names no end are never come by.
    ///
    /// # Errors
    /// `Busy` when the write queue is full.
    fn forget_finished(&self, sweep: Sweep) -> BoxFuture<'_, StoreResult<Forgotten>>;

    /// When the earliest run ended, of those that ended after `after`, whatever keeps it.
    fn next_finished(&self, after: Timestamp) -> BoxFuture<'_, StoreResult<Option<Timestamp>>>;

    /// Forgets this run unless something keeps it, however lately it ended.
    ///
    /// # Errors
    /// `NotFound`; `Busy`.
    fn forget_run<'a>(&'a self, tenant: &'a TenantId, id: RunId) -> BoxFuture<'a, StoreResult<Fate>>;

    /// Forgets this run as it stands, ended or not, as if it had ended now: its tasks leave their queues, it leaves flow
    /// control as [`crate::FlowStore`] says, and `discard.end` is delivered as an append's message is. Neither its key nor
    /// its parent keeps it; what does is looked at in this order: it is held otherwise than `discard.held` says (`Work`), a
    /// child of it has not ended (`Child`). A late append to it is stale, a late word about a task of it `NotFound`.
    ///
    /// # Errors
    /// `NotFound`; `Busy`.
    fn discard_run<'a>(&'a self, tenant: &'a TenantId, discard: Discard) -> BoxFuture<'a, StoreResult<Fate>>;

    /// Forgets at most `limit` workflows, of all tenants, with all their versions, and answers which: those that are inline or
    /// deleted, that no run is pinned to, and that nobody has created, kept ([`crate::WorkflowStore::keep_inline`]) or deleted
    /// within the last `unused_for`. That time covers whoever remembers such a workflow and is about to pin a run to it.
    ///
    /// # Errors
    /// `Busy`.
    fn forget_workflows(&self, unused_for: Duration, limit: u32) -> BoxFuture<'_, StoreResult<Vec<WorkflowId>>>;
}
