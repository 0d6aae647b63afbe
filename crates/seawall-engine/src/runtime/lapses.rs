//! The keeper of leases: tasks whose worker fell silent are settled, and their runs are told.
//!
//! It sleeps until the next lease ends, or until a claim may have moved that; with no task claimed it does nothing at all.
//!
//! A lease is a promise of time in which a server is there. So when this process has come up, the machine has slept or the
//! clock was set ahead, leases begin anew before any is judged; until then a worker's word counts all the same.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{LapsedTask, NewMessage, StatusSet, StoreError, StoreResult, TaskEnder, TaskSettled, Timestamp};
use tokio::time::Instant;

use crate::core::{Message, TaskEnd, TaskEnded};
use crate::journal::{encode_message, task_message_key};
use crate::names::ActivityRef;
use crate::runtime::shared::Shared;

/// Settled in one round.
const BATCH: u32 = 64;
/// Leases that begin anew in one commit.
const PROLONGED: u32 = 1000;
/// By so much may the store's clock go ahead between two looks: clocks that are disciplined do.
const TOLERANCE: Duration = Duration::from_secs(1);
/// The longest sleep: a wall clock that jumps is noticed within this time.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// The store's clock counts whole milliseconds: a sleep that ends right with one would come too early.
const TICK: Duration = Duration::from_millis(1);
const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(5);

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
                let backoff = FIRST_RETRY.saturating_mul(1 << failures.min(10)).min(LAST_RETRY);
                failures = failures.saturating_add(1);
                tokio::select! {
                    biased;
                    () = shared.draining.cancelled() => {}
                    () = tokio::time::sleep(backoff) => {}
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
}

impl Keeper {
    /// Settles what has lapsed. Answers how long until the next one may; None: no task is claimed.
    async fn round(&mut self, shared: &Shared) -> StoreResult<Option<Duration>> {
        let lapses = shared.store.lapsed_tasks(BATCH).await?;
        self.look_at_clock(lapses.now);
        if lapses.tasks.is_empty() && lapses.next.is_none() {
            self.gap = None;
            return Ok(None);
        }
        // Before anything is judged.
        if let Some(gap) = self.gap {
            begin_anew(shared, gap).await?;
            self.gap = None;
            return Ok(Some(Duration::ZERO));
        }
        let full = lapses.tasks.len() >= BATCH as usize;
        for task in lapses.tasks {
            settle(shared, task).await?;
        }
        if full {
            return Ok(Some(Duration::ZERO));
        }
        let until = |next: Timestamp| next.since(lapses.now).saturating_add(TICK).min(LONGEST_SLEEP);
        Ok(lapses.next.map(until))
    }

    /// While this process was not up, or the machine slept, nobody could hear a worker. A clock that was set ahead has ended
    /// leases that have not lasted their time.
    fn look_at_clock(&mut self, now: Timestamp) {
        let instant = Instant::now();
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
    while shared.store.prolong_leases(gap.end, gap.ahead, PROLONGED).await? >= PROLONGED {}
    Ok(())
}

async fn settle(shared: &Shared, task: LapsedTask) -> StoreResult<()> {
    let Some(activity) = ActivityRef::parse(&task.activity) else {
        // Nobody here has written such a name. Its row stays, and is not looked at again before the next round.
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
            readmit: false,
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
