//! The runtime's side of a link.

use std::time::Duration;

use futures_util::future::BoxFuture;
use seawall_engine::store::{
    Append, Appended, ClaimLimits, ClaimedRun, Digest, HeldRun, InboxRow, Lease, LeaseStore, LoadedRun, NodeId,
    Segment, Seq, StoreOp, StoreResult, Timestamp, Watchers,
};

use crate::sim::store::link::{Link, now};

fn lease(lease: &Lease) -> String {
    format!("{} epoch {} of {}", lease.run, lease.epoch.0, lease.node)
}

pub(super) fn segment(segment: &Segment) -> String {
    let digest = Digest::of(&segment.bytes).to_hex();
    format!("{}+{} {}", segment.first, segment.count, &digest[..12])
}

impl LeaseStore for Link {
    fn register(&self, node: NodeId, ttl: Duration) -> BoxFuture<'_, StoreResult<()>> {
        self.registers(node);
        self.call(StoreOp::Register, node.to_string(), move |rows| {
            now(rows.register(node, ttl))
        })
    }

    fn renew(&self, node: NodeId, ttl: Duration) -> BoxFuture<'_, StoreResult<()>> {
        self.call(StoreOp::Renew, node.to_string(), move |rows| now(rows.renew(node, ttl)))
    }

    fn retire(&self, node: NodeId) -> BoxFuture<'_, StoreResult<()>> {
        self.call(StoreOp::Retire, node.to_string(), move |rows| now(rows.retire(node)))
    }

    fn bury_expired(&self) -> BoxFuture<'_, StoreResult<u64>> {
        self.call(
            StoreOp::BuryExpired,
            String::new(),
            move |rows| now(rows.bury_expired()),
        )
    }

    fn claim(&self, node: NodeId, limits: ClaimLimits) -> BoxFuture<'_, StoreResult<Vec<ClaimedRun>>> {
        let about = format!("{node} {} suspects: {}", limits.max, limits.suspects);
        let witness = self.witness();
        self.call(StoreOp::Claim, about, move |rows| witness.claim(rows, node, limits))
    }

    fn held(&self, node: NodeId) -> BoxFuture<'_, StoreResult<Vec<HeldRun>>> {
        self.call(StoreOp::Held, node.to_string(), move |rows| now(rows.held(node)))
    }

    fn next_due(&self, reader: u32) -> BoxFuture<'_, StoreResult<Option<(Timestamp, Timestamp)>>> {
        self.call(StoreOp::NextDue, String::new(), move |rows| now(rows.next_due(reader)))
    }

    fn load<'a>(&'a self, of: &'a Lease) -> BoxFuture<'a, StoreResult<LoadedRun>> {
        let own = of.clone();
        self.call(StoreOp::Load, lease(of), move |rows| now(rows.load(&own)))
    }

    fn unread<'a>(&'a self, of: &'a Lease, limit: usize) -> BoxFuture<'a, StoreResult<Vec<InboxRow>>> {
        let own = of.clone();
        self.call(StoreOp::Unread, lease(of), move |rows| now(rows.unread(&own, limit)))
    }

    fn append(&self, append: Append) -> BoxFuture<'_, StoreResult<Appended>> {
        let events = append.segment.as_ref().map_or_else(String::new, segment);
        let about = format!(
            "{} after {} {events} {} {:?} read {:?} then {:?}",
            lease(&append.lease),
            append.after,
            append.projection.status,
            append.projection.awaits,
            append.consumed,
            append.then
        );
        let witness = self.witness();
        self.call(StoreOp::Append, about, move |rows| witness.append(rows, append))
    }

    fn release<'a>(&'a self, of: &'a Lease, at: Seq, due: Option<Timestamp>) -> BoxFuture<'a, StoreResult<()>> {
        let (own, about) = (of.clone(), format!("{} at {at} {due:?}", lease(of)));
        self.call(StoreOp::Release, about, move |rows| now(rows.release(&own, at, due)))
    }

    fn watchers(&self) -> &Watchers {
        &self.watchers
    }
}
