//! The keeper of leases: tasks whose worker fell silent are settled, and their runs are told.
//!
//! It sleeps until the next lease ends, or until a claim may have moved that; with no task claimed it does nothing at all.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{LapsedTask, NewMessage, StatusSet, StoreError, StoreResult, TaskEnder, TaskSettled};

use crate::core::{Message, TaskEnd, TaskEnded};
use crate::journal::{encode_message, task_message_key};
use crate::names::ActivityRef;
use crate::runtime::shared::Shared;

/// Settled in one round.
const BATCH: u32 = 64;
/// The longest sleep: a wall clock that jumps is noticed within this time.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// The store's clock counts whole milliseconds: a sleep that ends right with one would come too early.
const TICK: Duration = Duration::from_millis(1);
const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// Works until the engine drains or ends.
pub(crate) async fn keep(shared: Arc<Shared>) {
    let mut failures = 0u32;
    while !shared.draining.is_cancelled() {
        let sleep = match round(&shared).await {
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

/// Settles what has lapsed. Answers how long until the next one may; None: no task is claimed.
async fn round(shared: &Shared) -> StoreResult<Option<Duration>> {
    let lapses = shared.store.lapsed_tasks(BATCH).await?;
    let full = lapses.tasks.len() >= BATCH as usize;
    for task in lapses.tasks {
        settle(shared, task).await?;
    }
    if full {
        return Ok(Some(Duration::ZERO));
    }
    let until = |next: seawall_store::Timestamp| next.since(lapses.now).saturating_add(TICK).min(LONGEST_SLEEP);
    Ok(lapses.next.map(until))
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
