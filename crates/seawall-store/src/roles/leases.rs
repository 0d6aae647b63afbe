use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{NodeId, Seq};
use crate::records::{Append, Appended, ClaimLimits, ClaimedRun, HeldRun, InboxRow, Lease, LoadedRun};
use crate::time::Timestamp;
use crate::watch::Watchers;

/// The runtime's side: nodes, claims and the fenced append. Not bound to a tenant: a node works for all.
///
/// The fence: a run has a holder, an epoch and a last sequence. [`LeaseStore::append`] names all three and changes
/// nothing unless they match. Claiming adds one to the epoch, so a holder that lost its run can never write to it again.
///
/// A node is alive from its registration until it is buried; where the store is shared, also only while the store's now is
/// before the end of its life. A node that has expired keeps its runs, and may append to them, until somebody buries it; in a
/// shared store it can never be renewed. In an embedded one, whose file lock keeps every other process out, nobody could have
/// taken its runs, and a wall clock that is set ahead, or a machine that slept, costs it nothing.
///
/// What is due at once has the timer [`Timestamp::ZERO`]: a wall clock that is set back puts it off for nobody.
pub trait LeaseStore: Send + Sync + 'static {
    /// Makes a new identity alive for `ttl`. An embedded store, whose file lock proves every earlier process dead, buries
    /// all other nodes in the same change and releases their runs as `bury_expired` does.
    ///
    /// # Errors
    /// `Exists` for an identity that is registered, alive or dead.
    fn register(&self, node: NodeId, ttl: Duration) -> BoxFuture<'_, StoreResult<()>>;

    /// Prolongs the node's life to `ttl` from the store's now.
    ///
    /// # Errors
    /// `NodeDead` when it is not known or not alive.
    fn renew(&self, node: NodeId, ttl: Duration) -> BoxFuture<'_, StoreResult<()>>;

    /// A clean end: releases the node's runs (due at once) without counting a death, and forgets the node. Nothing happens
    /// to a node that is not known or was buried.
    fn retire(&self, node: NodeId) -> BoxFuture<'_, StoreResult<()>>;

    /// Declares expired nodes dead and releases their runs, adding one to each such run's deaths. A run with 3 or more
    /// deaths becomes due only after a backoff (2^(deaths-3) s, at most 5 min), others are due at once; an unread message does
    /// not shorten the backoff, a new one does. A shared store first cuts every life that is longer than it was granted for,
    /// which only a clock that was set back can leave: a dead node is found out one life later. Answers how many runs were
    /// released.
    fn bury_expired(&self) -> BoxFuture<'_, StoreResult<u64>>;

    /// Claims at most `limits.max` unheld runs that are due (`due <= now`) for a live node, and answers them in the order in
    /// which it took them. Those that are due at once, the one created first before the others, and those whose timer is past,
    /// earliest first, of equals the one created first, take turns; who begins changes from call to call, the first call
    /// beginning with those that are due at once. So neither keeps the other out. The claim renews the node's life by
    /// `limits.ttl`, also if it finds nothing. Suspects (runs with 3 or more deaths) stand in a queue of their own, by when they
    /// are due: of those with fewer than 6 deaths it takes at most `limits.suspects` and half of `limits.max`, before all
    /// others; where there is none of these, and if `limits.grave`, one with more, which counts as any. Runs that need a later reader than `limits.reader` are passed over. A claimed run has no timer. First it admits what flow control lets begin by now
    /// ([`crate::FlowStore`]): at most 100 ends of debouncing, earliest first, then the lines whose next start was due, at
    /// most 100 of these, then those whose next start was counted from a later clock than now, at most 100 of these too. Before all that, waits of
    /// debounced runs that were counted from a later clock than now, at most 100, begin anew: `since` is now, and what was
    /// counted from it stands as far from it as before.
    ///
    /// # Errors
    /// `NodeDead`.
    fn claim(&self, node: NodeId, limits: ClaimLimits) -> BoxFuture<'_, StoreResult<Vec<ClaimedRun>>>;

    /// What the store says this node holds: to mend the difference with its memory. In no particular order.
    fn held(&self, node: NodeId) -> BoxFuture<'_, StoreResult<Vec<HeldRun>>>;

    /// When the earliest unheld run that this reader suffices for becomes due, or flow control lets one begin, on the store's clock, with that clock's now. A start
    /// that was counted from a later clock is looked at now.
    /// None: nothing waits for a time.
    fn next_due(&self, reader: u32) -> BoxFuture<'_, StoreResult<Option<(Timestamp, Timestamp)>>>;

    /// The whole run as it is durable: row, journal, and of its unread inbox the oldest [`LoadedRun::MAX_INBOX`] messages,
    /// oldest first.
    ///
    /// # Errors
    /// `StaleLease` when the lease no longer holds the run.
    fn load<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, StoreResult<LoadedRun>>;

    /// Unread messages of a held run, oldest first, at most `limit`.
    ///
    /// # Errors
    /// `StaleLease` when the lease no longer holds the run.
    fn unread<'a>(&'a self, lease: &'a Lease, limit: usize) -> BoxFuture<'a, StoreResult<Vec<InboxRow>>>;

    /// One atomic change, in this order: events, the row's projection, consumed messages, approvals opened and settled,
    /// children, messages to other runs, tasks offered and withdrawn, and whether the run stays held. Answers once it is
    /// durable. An append with events sets the run's deaths to zero, unless it says that it keeps them
    /// (`Append::keeps_deaths`).
    ///
    /// The run's reader becomes this append's, if that is the later one.
    ///
    /// `AppendThen::Park` parks only if no message is unread after this append's own are consumed; otherwise the events
    /// are written, the run stays held and `Appended::parked` is false. `AppendThen::End` gives the lease back whatever is
    /// unread; only a later message makes the run due again.
    ///
    /// What is already so is left as it is: a consumed row that is not unread or not this run's, an approval whose id
    /// exists, a settled one that is not pending or not this run's, a child whose id exists (of whichever tenant), a
    /// message whose key that inbox knows, an offered task whose id exists, a withdrawn one that is
    /// another run's. A message to a run that the tenant does not have is dropped, or gives
    /// `CrossMessage::unheard`. Children are born unheld and due at once, or come
    /// in as [`crate::FlowStore`] says; their `hold` and `idempotency` mean nothing here. A message makes an unheld receiver
    /// due as `send` does. The message of a withdrawn task is unread when it is decided whether the run parks; one that is not
    /// there or is settled gives `TaskWithdrawn::lost` under the key of its message.
    ///
    /// A repeated append, one whose segment the journal has at the same place with the same bytes, is success and changes
    /// nothing, whoever holds the run now; `parked` then says that this lease no longer holds it. An append without a
    /// segment has no place: its repeat is judged by the fence like any other.
    ///
    /// # Errors
    /// `StaleLease` (nothing written), also when `segment.first` is not the place after `after`; faults. Never `Busy`:
    /// appends of held runs wait for room.
    fn append(&self, append: Append) -> BoxFuture<'_, StoreResult<Appended>>;

    /// Gives a run back without events, due at `due` (None: only a message wakes it), but at once if a message
    /// is unread. `at` is the run's last place.
    ///
    /// # Errors
    /// `StaleLease`, also when `at` is not the last place.
    fn release<'a>(&'a self, lease: &'a Lease, at: Seq, due: Option<Timestamp>) -> BoxFuture<'a, StoreResult<()>>;

    /// The registry that this store tells after each commit: `progressed` for each run that was created or appended to,
    /// `message` for each that got a message, `work` when a run became claimable or a timer was set, `offered` when tasks
    /// became claimable by workers, `lapses` when the earliest end of a task's lease may have moved to an earlier time.
    fn watchers(&self) -> &Watchers;
}
