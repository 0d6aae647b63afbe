use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{NodeId, Seq};
use crate::records::{Append, Appended, ClaimLimits, ClaimedRun, InboxRow, Lease, LoadedRun};
use crate::time::Timestamp;
use crate::watch::Watchers;

/// The runtime's side: nodes, claims and the fenced append. Not bound to a tenant: a node works for all.
///
/// The fence: a run has a holder, an epoch and a last sequence. [`LeaseStore::append`] names all three and changes
/// nothing unless they match. Claiming adds one to the epoch, so a holder that lost its run can never write to it again.
pub trait LeaseStore: Send + Sync + 'static {
    /// Makes a new identity alive for `ttl`. An embedded store, whose file lock proves every earlier process dead, buries
    /// all other nodes in the same change.
    ///
    /// # Errors
    /// `Exists` for an identity that was registered before.
    fn register(&self, node: NodeId, ttl: Duration) -> BoxFuture<'_, StoreResult<()>>;

    /// Prolongs the node's life by `ttl` from the store's now.
    ///
    /// # Errors
    /// `NodeDead` when it was buried or has expired: a dead or expired row is never renewed.
    fn renew(&self, node: NodeId, ttl: Duration) -> BoxFuture<'_, StoreResult<()>>;

    /// A clean end: releases the node's runs (due at once) without counting a death, and forgets the node.
    fn retire(&self, node: NodeId) -> BoxFuture<'_, StoreResult<()>>;

    /// Declares expired nodes dead and releases their runs, adding one to each such run's deaths. A run with 3 or more
    /// deaths becomes due only after a backoff (2^(deaths-3) s, at most 5 min). Answers how many runs were released.
    fn bury_expired(&self) -> BoxFuture<'_, StoreResult<u64>>;

    /// Claims unheld runs whose timer is due, earliest first, for a live node; the claim renews the node's life by
    /// `limits.ttl`. Runs with 3 or more deaths (suspects) are claimed only if `limits.suspects`, at most one a call.
    ///
    /// # Errors
    /// `NodeDead`.
    fn claim(&self, node: NodeId, limits: ClaimLimits) -> BoxFuture<'_, StoreResult<Vec<ClaimedRun>>>;

    /// What the store says this node holds: to mend the difference with its memory.
    fn held(&self, node: NodeId) -> BoxFuture<'_, StoreResult<Vec<Lease>>>;

    /// When the earliest unheld run becomes due, on the store's clock, with that clock's now. None: nothing waits.
    fn next_due(&self) -> BoxFuture<'_, StoreResult<Option<(Timestamp, Timestamp)>>>;

    /// The whole run as it is durable: row, journal, unread inbox.
    ///
    /// # Errors
    /// `StaleLease` when the lease no longer holds the run.
    fn load<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, StoreResult<LoadedRun>>;

    /// Unread messages of a held run, oldest first, at most `limit`.
    fn unread<'a>(&'a self, lease: &'a Lease, limit: usize) -> BoxFuture<'a, StoreResult<Vec<InboxRow>>>;

    /// One atomic change: events, the row's projection, consumed messages, approvals, children, messages to other runs,
    /// and whether the run stays held. Answers once it is durable.
    ///
    /// `AppendThen::Park` parks only if no message is unread after this append's own are consumed; otherwise the events
    /// are written, the run stays held and `Appended::parked` is false. A child whose id exists is left as it is; a
    /// message whose key exists is dropped; a message to a run that does not exist is dropped.
    ///
    /// # Errors
    /// `StaleLease` (nothing written); faults. Never `Busy`: appends of held runs wait for room. A repeated append with
    /// the same place and the same bytes is success.
    fn append(&self, append: Append) -> BoxFuture<'_, StoreResult<Appended>>;

    /// Gives a run back without events, due at `due` (None: only a message wakes it).
    ///
    /// # Errors
    /// `StaleLease`.
    fn release<'a>(&'a self, lease: &'a Lease, at: Seq, due: Option<Timestamp>) -> BoxFuture<'a, StoreResult<()>>;

    /// The registry that this store tells after each commit.
    fn watchers(&self) -> &Watchers;
}
