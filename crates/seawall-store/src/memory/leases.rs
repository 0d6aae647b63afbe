use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::error::{StoreError, StoreResult};
use crate::ids::{Epoch, NodeId, RunKey, Seq};
use crate::memory::fault::StoreOp;
use crate::memory::state::{News, NodeRow, RunRow, State};
use crate::memory::store::MemoryStore;
use crate::records::{Append, Appended, ClaimLimits, ClaimedRun, HeldRun, InboxRow, Lease, LoadedRun};
use crate::roles::LeaseStore;
use crate::time::Timestamp;
use crate::watch::Watchers;

impl State {
    fn renew(&mut self, node: NodeId, ttl: Duration, now: Timestamp) -> StoreResult<()> {
        if !self.is_alive(node, now) {
            return Err(StoreError::NodeDead);
        }
        if let Some(row) = self.nodes.get_mut(&node.uuid()) {
            row.lives_until = now.saturating_add(ttl);
            row.ttl = ttl;
        }
        Ok(())
    }

    fn claim(&mut self, node: NodeId, limits: ClaimLimits, now: Timestamp) -> StoreResult<Vec<ClaimedRun>> {
        let timers_begin = self.claims % 2 == 1;
        self.claims += 1;
        self.renew(node, limits.ttl, now)?;
        self.admit_due(now);
        let (suspects, others): (Vec<_>, Vec<_>) = self.due(limits.reader, now).into_iter().partition(|(_, key)| {
            let row = self.runs.get(key);
            row.is_some_and(|row| row.record.deaths >= ClaimLimits::SUSPECT)
        });
        let chosen = self.some_of(&suspects, limits).into_iter();
        let chosen: Vec<_> = chosen.chain(in_turns(others, timers_begin)).collect();
        let mut claimed = Vec::new();
        for key in chosen.into_iter().take(limits.max as usize) {
            claimed.extend(self.runs.get_mut(&key).map(|row| take(row, node)));
        }
        Ok(claimed)
    }

    /// Unheld runs that this reader suffices for and that are due, the earliest first.
    fn due(&self, reader: u32, now: Timestamp) -> Vec<(Timestamp, RunKey)> {
        let rows = self.runs.values().map(|row| &row.record);
        let unheld = rows.filter(|record| record.holder.is_none() && record.reader <= reader);
        let mut due: Vec<_> = unheld
            .filter_map(|record| Some((record.due.filter(|due| *due <= now)?, record.key)))
            .collect();
        due.sort_unstable();
        due
    }

    fn some_of(&self, suspects: &[(Timestamp, RunKey)], limits: ClaimLimits) -> Vec<RunKey> {
        let is_grave = |key: &RunKey| {
            let row = self.runs.get(key);
            row.is_some_and(|row| row.record.deaths >= ClaimLimits::GRAVE)
        };
        let most = limits.suspects.min(limits.max.div_ceil(2)) as usize;
        let (grave, light): (Vec<_>, Vec<_>) = suspects.iter().map(|(_, key)| *key).partition(is_grave);
        if light.is_empty() && limits.grave {
            return grave.into_iter().take(most.min(1)).collect();
        }
        light.into_iter().take(most).collect()
    }

    fn release(&mut self, lease: &Lease, at: Seq, due: Option<Timestamp>) -> StoreResult<()> {
        let row = self.held_run(lease)?;
        if row.record.last_seq != at {
            return Err(StoreError::StaleLease);
        }
        row.record.holder = None;
        row.record.due = if row.inbox.is_empty() {
            due
        } else {
            Some(Timestamp::ZERO)
        };
        if row.record.due.is_some() {
            self.news.push(News::Work);
        }
        Ok(())
    }
}

fn take(row: &mut RunRow, node: NodeId) -> ClaimedRun {
    let record = &mut row.record;
    record.holder = Some(node);
    record.epoch = Epoch(record.epoch.0 + 1);
    record.due = None;
    ClaimedRun {
        lease: Lease {
            key: record.key,
            run: record.id,
            tenant: row.tenant.clone(),
            node,
            epoch: record.epoch,
        },
        deaths: record.deaths,
    }
}

impl LeaseStore for MemoryStore {
    fn register(&self, node: NodeId, ttl: Duration) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            self.call(StoreOp::Register, None, |state, now| {
                if state.nodes.contains_key(&node.uuid()) {
                    return Err(StoreError::Exists);
                }
                if self.options.exclusive {
                    state.bury(now, |_| true);
                }
                let row = NodeRow {
                    node,
                    ttl,
                    lives_until: now.saturating_add(ttl),
                    buried: false,
                };
                state.nodes.insert(node.uuid(), row);
                Ok(())
            })
        })
    }

    fn renew(&self, node: NodeId, ttl: Duration) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move { self.call(StoreOp::Renew, None, |state, now| state.renew(node, ttl, now)) })
    }

    fn retire(&self, node: NodeId) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            self.call(StoreOp::Retire, None, |state, now| {
                if state.nodes.get(&node.uuid()).is_some_and(|row| !row.buried) {
                    state.release_runs(node, false, now);
                    state.nodes.remove(&node.uuid());
                }
                Ok(())
            })
        })
    }

    fn bury_expired(&self) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(async move {
            self.call(StoreOp::BuryExpired, None, |state, now| {
                if !state.exclusive {
                    for row in state.nodes.values_mut() {
                        row.lives_until = row.lives_until.min(now.saturating_add(row.ttl));
                    }
                }
                Ok(state.bury(now, |row| row.lives_until <= now))
            })
        })
    }

    fn claim(&self, node: NodeId, limits: ClaimLimits) -> BoxFuture<'_, StoreResult<Vec<ClaimedRun>>> {
        Box::pin(async move { self.call(StoreOp::Claim, None, |state, now| state.claim(node, limits, now)) })
    }

    fn held(&self, node: NodeId) -> BoxFuture<'_, StoreResult<Vec<HeldRun>>> {
        Box::pin(async move {
            self.call(StoreOp::Held, None, |state, _| {
                let held = state.runs.values().filter_map(RunRow::held);
                Ok(held.filter(|held| held.lease.node == node).collect())
            })
        })
    }

    fn next_due(&self, reader: u32) -> BoxFuture<'_, StoreResult<Option<(Timestamp, Timestamp)>>> {
        Box::pin(async move {
            self.call(StoreOp::NextDue, None, |state, now| {
                let unheld = state.runs.values().filter(|row| row.record.holder.is_none());
                let readable = unheld.filter(|row| row.record.reader <= reader);
                let due = readable
                    .filter_map(|row| row.record.due)
                    .chain(state.next_admission(now))
                    .min();
                Ok(due.map(|due| (due, now)))
            })
        })
    }

    fn load<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, StoreResult<LoadedRun>> {
        Box::pin(async move {
            self.call(StoreOp::Load, Some(lease.run), |state, _| {
                let row = state.held_run(lease)?;
                Ok(LoadedRun {
                    record: row.record.clone(),
                    segments: row.segments.clone(),
                    inbox: row.inbox.iter().take(LoadedRun::MAX_INBOX).cloned().collect(),
                })
            })
        })
    }

    fn unread<'a>(&'a self, lease: &'a Lease, limit: usize) -> BoxFuture<'a, StoreResult<Vec<InboxRow>>> {
        Box::pin(async move {
            self.call(StoreOp::Unread, Some(lease.run), |state, _| {
                Ok(state.held_run(lease)?.inbox.iter().take(limit).cloned().collect())
            })
        })
    }

    fn append(&self, append: Append) -> BoxFuture<'_, StoreResult<Appended>> {
        Box::pin(async move {
            let run = Some(append.lease.run);
            self.call(StoreOp::Append, run, |state, now| state.append(append, now))
        })
    }

    fn release<'a>(&'a self, lease: &'a Lease, at: Seq, due: Option<Timestamp>) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            self.call(StoreOp::Release, Some(lease.run), |state, _| {
                state.release(lease, at, due)
            })
        })
    }

    fn watchers(&self) -> &Watchers {
        &self.watchers
    }
}

/// What is due at once and what has a timer that is past, one of these, one of those.
fn in_turns(due: Vec<(Timestamp, RunKey)>, timers_begin: bool) -> impl Iterator<Item = RunKey> {
    let (at_once, timers): (Vec<_>, Vec<_>) = due.into_iter().partition(|(due, _)| *due <= Timestamp::ZERO);
    let places = |first: usize| (first..).step_by(2);
    let mut turns: Vec<_> = places(usize::from(timers_begin))
        .zip(at_once)
        .chain(places(usize::from(!timers_begin)).zip(timers))
        .collect();
    turns.sort_unstable();
    turns.into_iter().map(|(_, (_, key))| key)
}
