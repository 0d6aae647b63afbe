//! The keeper of leases: tasks whose worker fell silent are settled, and their runs are told.
//!
//! It sleeps until the next lease ends, or until a claim may have moved that; with no task claimed it does nothing at all.
//!
//! A lease is a promise of time in which a server is there. So when this process has come up, the machine has slept or the
//! clock was set ahead, leases begin anew before any is judged; until then a worker's word counts all the same.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use seawall_store::{
    LapsedTask, LeasesAnew, NewMessage, StatusSet, StoreError, StoreResult, TaskEnder, TaskId, TaskSettled, Timestamp,
    Turn,
};
use tokio::time::Instant;

use crate::core::{Message, TaskEnd, TaskEnded};
use crate::journal::{TASK_GRACE, encode_message, task_message_key};
use crate::names::ActivityRef;
use crate::runtime::shared::Shared;
use crate::runtime::stuck::{PassedOver, Stuck, backoff};

/// Settled at once.
const BATCH: u32 = 256;
/// Leases that begin anew in one commit.
const PROLONGED: u32 = 1000;
/// By so much may the store's clock go ahead between two looks: clocks that are disciplined do.
const TOLERANCE: Duration = Duration::from_secs(1);
/// The longest sleep: a wall clock that jumps is noticed within this time.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// The store's clock counts whole milliseconds: a sleep that ends right with one would come too early.
const TICK: Duration = Duration::from_millis(1);

/// Works until the engine drains or ends.
pub(crate) async fn keep(shared: Arc<Shared>) {
    let mut keeper = Keeper::default();
    let mut failures = 0u32;
    while !shared.draining.is_cancelled() {
        let sleep = match keeper.round(&shared).await {
            Ok(sleep) => {
                failures = 0;
                sleep
            }
            Err(error) => {
                if failures == 0 {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "leases of tasks cannot be looked after now; trying again"
                    );
                }
                let rest = backoff(failures);
                failures = failures.saturating_add(1);
                tokio::select! {
                    biased;
                    () = shared.draining.cancelled() => {}
                    () = tokio::time::sleep(rest) => {}
                }
                continue;
            }
        };
        tokio::select! {
            biased;
            () = shared.draining.cancelled() => {}
            () = shared.store.watchers().wait_for_lapses() => {}
            () = tokio::time::sleep(sleep.unwrap_or_default()), if sleep.is_some() => {}
        }
    }
}

/// A time in which workers could not be heard, or that the clock skipped.
#[derive(Clone, Copy)]
struct Gap {
    /// The store's now when it was found to be over.
    end: Timestamp,
    /// How far the clock went ahead of the time that passed for this process.
    ahead: Duration,
}

#[derive(Default)]
struct Keeper {
    /// Where the store's clock and this process's stood at the last look. None: nobody has looked yet.
    looked: Option<(Timestamp, Instant)>,
    /// Leases are to begin anew because of it.
    gap: Option<Gap>,
    /// Tasks that could not be settled.
    stuck: Stuck<TaskId>,
}

impl Keeper {
    /// Settles what has lapsed. Answers how long until the next one may; None: no task is claimed.
    async fn round(&mut self, shared: &Shared) -> StoreResult<Option<Duration>> {
        let stuck = u32::try_from(self.stuck.len()).unwrap_or(u32::MAX);
        let limit = BATCH.saturating_add(stuck);
        // Before the store looks at its clock: a slow answer is no jump.
        let asked = Instant::now();
        let lapses = shared.store.lapsed_tasks(limit).await?;
        self.look_at_clock(lapses.now, asked);
        if lapses.tasks.is_empty() && lapses.next.is_none() {
            self.gap = None;
            self.stuck.clear();
            return Ok(None);
        }
        // Before anything is judged.
        if let Some(gap) = self.gap {
            begin_anew(shared, gap).await?;
            self.gap = None;
            return Ok(Some(Duration::ZERO));
        }
        let full = lapses.tasks.len() >= limit as usize;
        let next = lapses
            .next
            .map(|next| next.since(lapses.now).saturating_add(TICK).min(LONGEST_SLEEP));
        let settled = self.settle(shared, lapses.tasks).await;
        if full && settled > 0 {
            return Ok(Some(Duration::ZERO));
        }
        let again = self.stuck.next();
        // Where nothing can be settled, more of it does not help.
        let next = next.filter(|_| !full);
        Ok([next, again].into_iter().flatten().min())
    }

    /// Settles those that are not to wait after a failure. Answers how many are.
    async fn settle(&mut self, shared: &Shared, lapsed: Vec<LapsedTask>) -> usize {
        let seen: HashSet<TaskId> = lapsed.iter().map(|task| task.id).collect();
        self.stuck.retain(|id| seen.contains(id));
        let due = lapsed.into_iter().filter(|task| !self.stuck.waits(&task.id));
        let ended = together(due, |task| async move { (task.id, settle(shared, task).await) }).await;
        let (mut settled, mut failed) = (0, Vec::new());
        for (id, end) in ended {
            match end {
                Ok(()) => {
                    self.stuck.succeeded(&id);
                    settled += 1;
                }
                Err(error) => {
                    let is_new = self.stuck.failed(id, &error) == PassedOver::Newly;
                    failed.extend(is_new.then_some((id, error)));
                }
            }
        }
        if let Some((id, error)) = failed.first() {
            tracing::warn!(
                tasks = failed.len(),
                task.id = %id,
                error = error as &dyn std::error::Error,
                "the ends of leases cannot be settled now, this one's among them; trying again"
            );
        }
        settled
    }

    /// While this process was not up, or the machine slept, nobody could hear a worker. A clock that was set ahead has ended
    /// leases that have not lasted their time.
    fn look_at_clock(&mut self, now: Timestamp, instant: Instant) {
        let ahead = match self.looked.replace((now, instant)) {
            None => Duration::ZERO,
            Some((last, then)) => {
                let ahead = now.since(last).saturating_sub(instant.duration_since(then));
                if ahead <= TOLERANCE {
                    return;
                }
                tracing::warn!(
                    ahead_ms = u64::try_from(ahead.as_millis()).unwrap_or(u64::MAX),
                    "the clock was set ahead, or the machine slept: leases of tasks begin anew"
                );
                ahead
            }
        };
        self.gap = Some(Gap { end: now, ahead });
    }
}

/// Gives every worker the time that it was promised, from the end of the gap on.
async fn begin_anew(shared: &Shared, gap: Gap) -> StoreResult<()> {
    let anew = LeasesAnew {
        from: gap.end,
        ahead: gap.ahead,
        grace: TASK_GRACE,
        limit: PROLONGED,
    };
    while shared.store.prolong_leases(anew).await? >= PROLONGED {}
    Ok(())
}

/// At the same time, so that they share a commit.
async fn together<T, F: Future>(items: impl Iterator<Item = T>, settle: impl Fn(T) -> F) -> Vec<F::Output> {
    join_all(items.map(settle)).await
}

async fn settle(shared: &Shared, task: LapsedTask) -> StoreResult<()> {
    let Some(activity) = ActivityRef::parse(&task.activity) else {
        // Nobody here has written such a name. Its row stays.
        return Err(StoreError::Corrupt {
            detail: format!("the task {} belongs to no activity", task.id),
            source: None,
        });
    };
    tracing::warn!(
        run.id = %task.run,
        task.id = %task.id,
        worker = task.worker,
        timed_out = task.timed_out,
        "the worker of a task fell silent"
    );
    let end = TaskEnd::Lapsed {
        timed_out: task.timed_out,
        deadline: Some(task.deadline),
    };
    let ended = TaskEnded {
        task: task.id,
        activity,
        claim: Some((task.worker.into(), task.claimed_at)),
        end,
    };
    let settled = TaskSettled {
        id: task.id,
        lease: task.lease,
        by: TaskEnder::Lapse,
        message: NewMessage {
            turn: Turn::Keep,
            key: task_message_key(task.id),
            allowed: StatusSet::live(),
            body: encode_message(&Message::TaskEnded(Box::new(ended))),
        },
    };
    match shared.store.settle_task(&task.tenant, settled).await {
        // Its worker was faster, or the clock went back.
        Ok(()) | Err(StoreError::StaleLease | StoreError::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Barrier;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn leases_that_end_together_are_settled_together() {
        let all = Barrier::new(BATCH as usize);
        let settling = together(0..BATCH, |_| all.wait());
        let settled = tokio::time::timeout(Duration::from_secs(1), settling).await;
        assert_eq!(settled.expect("nobody waits for another").len(), BATCH as usize);
    }
}
