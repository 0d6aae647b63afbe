//! The dispatcher: claims what has become due and hands it to run tasks.
//!
//! It sleeps until a wake-up, the next timer in the store, or room; with nothing waiting it does nothing at all. Wake-ups
//! are kept while it works, so what comes between a look and the next sleep is not missed.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{ClaimLimits, ClaimedRun, StoreError, StoreResult};
use tokio::time::Instant;

use crate::journal::READER_VERSION;
use crate::runtime::held::Held;
use crate::runtime::identity::Identity;
use crate::runtime::reconcile;
use crate::runtime::run_task;
use crate::runtime::shared::Shared;

/// Runs taken by one claim: what a crash of the store between claim and answer would strand until the next comparison.
const BATCH: usize = 64;
/// The longest sleep towards a timer: a wall clock that jumps is noticed within this time.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// After a claim that found nothing although something was due: another node was faster, or what is due must wait.
const MISSED: Duration = Duration::from_secs(1);
const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// What the dispatcher waits for besides wake-ups.
enum Rest {
    /// Nothing waits in the store.
    Idle,
    /// The next timer.
    For(Duration),
    /// Something is due and there is no room for it.
    Full,
    /// Something is due that must wait for the end of another suspect, or for a while. So many had proved harmless before.
    Missed { cleared: u64 },
}

/// Works until the engine drains or ends.
pub(crate) async fn dispatch(shared: Arc<Shared>) {
    let mut failures = 0u32;
    let mut compared = Instant::now();
    while !shared.draining.is_cancelled() {
        if shared.config.sweep <= compared.elapsed() && sweeps(&shared) {
            compared = Instant::now();
            shared.in_doubt();
        }
        let rest = match look(&shared).await {
            Ok(rest) => {
                failures = 0;
                rest
            }
            Err(error) => {
                let backoff = FIRST_RETRY.saturating_mul(1 << failures.min(10)).min(LAST_RETRY);
                // A lost identity was reported where it was lost.
                if failures == 0 && !matches!(error, StoreError::NodeDead) {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "runs cannot be claimed now; trying again"
                    );
                }
                failures = failures.saturating_add(1);
                shared.in_doubt();
                tokio::select! {
                    biased;
                    () = shared.draining.cancelled() => {}
                    () = tokio::time::sleep(backoff) => {}
                }
                continue;
            }
        };
        sleep(&shared, rest, compared).await;
    }
}

/// Whether there is anything to compare, or to look for, at intervals.
fn sweeps(shared: &Shared) -> bool {
    !shared.held.is_empty() || !shared.config.exclusive
}

async fn sleep(shared: &Shared, rest: Rest, compared: Instant) {
    let max = shared.config.max_active_runs;
    let until = match rest {
        Rest::For(time) => Some(time),
        Rest::Missed { .. } => Some(MISSED),
        Rest::Idle | Rest::Full => None,
    };
    let cleared = match rest {
        Rest::Missed { cleared } => Some(cleared),
        _ => None,
    };
    // In a fixed order, so that the same world gives the same run. Nothing starves: whichever wakes it, the next round
    // looks at everything.
    tokio::select! {
        biased;
        () = shared.draining.cancelled() => {}
        () = shared.node.mend.notified() => {}
        () = shared.store.watchers().wait_for_work() => {}
        () = tokio::time::sleep(until.unwrap_or_default()), if until.is_some() => {}
        () = shared.held.until(|held| held.len() < max), if matches!(rest, Rest::Full) => {}
        () = shared.held.until(|held| Some(held.cleared()) != cleared), if cleared.is_some() => {}
        () = tokio::time::sleep_until(compared + shared.config.sweep), if sweeps(shared) => {}
    }
}

/// Mends what is to be mended, then claims until nothing is due or there is no room.
async fn look(shared: &Arc<Shared>) -> StoreResult<Rest> {
    if shared.node.current().is_lost() {
        // One task for each run: the old ones must have let go before anybody claims their runs again.
        shared.held.until(Held::is_empty).await;
        shared.node.recover().await?;
    }
    if shared.take_doubt() {
        if !shared.config.exclusive {
            shared.store.bury_expired().await?;
        }
        reconcile::reconcile(shared).await?;
    }
    let rest = claim_all(shared).await?;
    // What must wait for something else than room keeps nobody out.
    shared.set_queueing(matches!(rest, Rest::Full));
    Ok(rest)
}

async fn claim_all(shared: &Arc<Shared>) -> StoreResult<Rest> {
    // What was due when a claim took nothing.
    let mut missed = None;
    loop {
        if shared.draining.is_cancelled() {
            return Ok(Rest::Idle);
        }
        let room = shared.config.max_active_runs.saturating_sub(shared.held.len());
        let Some((due, now)) = shared.store.next_due(READER_VERSION).await? else {
            return Ok(Rest::Idle);
        };
        if due > now {
            return Ok(Rest::For(due.since(now).min(LONGEST_SLEEP)));
        }
        if room == 0 {
            return Ok(Rest::Full);
        }
        let identity = shared.node.standing().await?;
        let cleared = shared.held.cleared();
        // The store took its time to answer: a node that has begun to drain meanwhile claims nothing any more.
        if shared.draining.is_cancelled() {
            return Ok(Rest::Idle);
        }
        let claimed = claim(shared, &identity, room.min(BATCH)).await?;
        if claimed.is_empty() {
            // Flow control may have moved a run that was due on to wait for something else: then something else is due now.
            if missed.replace(due) == Some(due) {
                return Ok(Rest::Missed { cleared });
            }
            continue;
        }
        for run in claimed {
            run_task::spawn_claimed(shared, &identity, run);
        }
    }
}

async fn claim(shared: &Shared, identity: &Arc<Identity>, max: usize) -> StoreResult<Vec<ClaimedRun>> {
    let room = shared.held.suspect_room();
    let limits = ClaimLimits {
        max: u32::try_from(max).unwrap_or(u32::MAX),
        suspects: room.suspects,
        grave: room.grave,
        reader: READER_VERSION,
        ttl: shared.config.lease,
    };
    let sent = shared.clock.boot();
    match shared.store.claim(identity.id, limits).await {
        Ok(claimed) => {
            identity.renewed(sent, shared.config.lease);
            Ok(claimed)
        }
        Err(error) => {
            if matches!(error, StoreError::NodeDead) {
                shared.node.lose(identity, "the store declared it dead");
            }
            Err(error)
        }
    }
}
