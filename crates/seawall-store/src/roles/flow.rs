use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{RunId, TenantId, WorkflowId};
use crate::records::{FlowLine, FlowPlace, Page, PageOf, QueueName};

/// Flow control: which runs of a workflow may begin. It has no calls of its own that change anything: runs come in with
/// [`crate::RunStore::create_run`] and as children of appends ([`crate::NewRun::flow`]), come back with
/// [`crate::RunStore::send`] ([`crate::Turn::Ask`]) or an append of their own ([`crate::OwnTurn::Ask`]), leave with the append
/// that ends them, and are admitted by whichever of these changes makes room, or by [`crate::LeaseStore::claim`] when it is time.
///
/// *Line*: the runs of one tenant, workflow and key. It has the numbers of the highest version of that workflow of which a
/// run was ever created ([`crate::FlowNumbers`]).
///
/// *Coming in.* A debounced run waits until `period` from now, but no longer than `max_wait` from when the first of its
/// burst came; the run of the same debounce key that waits so far gives way: it is released and gets the message. One whose
/// time is over is not superseded but asks, then the burst begins anew. Of one that came by a later clock than now, the burst is
/// as old as it was then. Every other run asks at once, a debounced one at the
/// end of its wait, a retried one (never debounced) when it is sent.
///
/// *Asking.* There is a conflict if the line has slots and no fewer runs than that run or are queued. `Reject`: at a
/// creation or a message from outside the change is refused; else the run is released, loses what is withheld and gets the
/// message. `CancelRunning`: queued ones are released and get the message, at most [`crate::FlowEntry::MAX_SUPERSEDED`] of
/// them, first ones first (one that was retried loses what is withheld instead, as if it had never been sent; a child, whose
/// parent waits, gets the message too); running ones get it unless they got one since their admission. Then, as with `Queue` and without a conflict, the run is queued at the time of asking (for a
/// debounced one: the end of its wait) less 10 s for each point of its priority; of equals the one created first stands first.
///
/// *Admission.* While there is a free slot and the rate allows a start now, the first of the queue is admitted: it has a
/// slot, gets `admitted` (or what was withheld when it was sent) and is due. At most [`crate::FlowEntry::MAX_ADMITTED`] in one change; claims go on.
///
/// *Leaving.* The append by which a run's status becomes terminal releases it, whatever becomes of the lease. Of a run that had
/// ended before, the append that gives it back does, unless a message of it is withheld: its retry may have been admitted by
/// then, and have come to nothing. One that gives its turn up ([`crate::Turn::GiveUp`], [`crate::OwnTurn::GiveUp`]) loses what
/// is withheld, as if it had never been sent, and is released. An append asks after it has left.
///
/// A message to one that gives way has the key `superseded:`, the id of the run it gives way to, `:` and its own last place; a
/// refusal has the key `rejected`, and where something was withheld `:` and the run's last place.
pub trait FlowStore: Send + Sync + 'static {
    /// Where the run stands. None: it has no flow control, or does not exist.
    fn flow_place<'a>(&'a self, tenant: &'a TenantId, run: RunId) -> BoxFuture<'a, StoreResult<Option<FlowPlace>>>;

    /// Lines of a workflow in which something runs or waits, the newest line first.
    fn list_flow<'a>(
        &'a self,
        tenant: &'a TenantId,
        scope: WorkflowId,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<FlowLine>>>;

    /// How many tasks of a queue's key are claimed: what [`crate::QueueSettings::concurrency_per_key`] limits. 0 for what nobody
    /// knows.
    fn claimed_of_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        queue: &'a QueueName,
        key: &'a str,
    ) -> BoxFuture<'a, StoreResult<u64>>;
}
