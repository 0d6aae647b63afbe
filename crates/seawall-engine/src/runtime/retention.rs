//! Retention: runs that ended long ago leave, a few at a time, and then the definitions that nobody needs any more.
//!
//! Real work goes first: after each small step this task rests several times as long as the step took. It sleeps until the
//! next run becomes old enough, so that an idle process does nothing; at most an hour, so that a clock that is set is noticed.
//! What it did not come to is done the next time: nothing here has to happen now.
//!
//! A pass begins where the one before stopped: what was looked at and is kept, by its key for a day, say, is passed over until
//! everything is looked at again, which is once an hour, and when a parent has gone whose children may go.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{FinishedPlace, RunKey, StoreError, StoreResult, Sweep, Timestamp};
use tokio::time::Instant;

use crate::runtime::shared::Shared;

/// Of one step: a commit that others hardly notice.
const STEP_RUNS: u32 = 100;
const STEP_BYTES: u64 = 8 << 20;
/// After a step, so many times as long as it took, and at least this.
const REST: u32 = 4;
const LEAST_REST: Duration = Duration::from_millis(50);
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);
const AFTER_A_FAULT: Duration = Duration::from_secs(30);
/// Who remembers an inline definition forgets it long before: see `definitions`.
const UNUSED_FOR: Duration = Duration::from_secs(24 * 60 * 60);
const STEP_WORKFLOWS: u32 = 100;
/// So often they are looked for where no run leaves.
const LOOK_FOR_UNUSED: Duration = Duration::from_secs(6 * 60 * 60);
const LOOK_AT_ALL: Duration = Duration::from_secs(3600);
/// Whatever ended so long before what a pass looked at last was durable by then, and nobody held it any more.
const SETTLED: Duration = Duration::from_secs(60);

/// What one sweep came by.
#[derive(Clone, Copy, Default)]
struct Swept {
    runs: u64,
    parents: u64,
}

/// What passes have looked at.
#[derive(Clone, Copy)]
struct Looked {
    /// Everything that ended up to then.
    through: Option<Timestamp>,
    all_at: Option<Instant>,
    /// When definitions that nobody needs were looked for.
    for_unused_at: Instant,
}

impl Looked {
    fn new() -> Self {
        Self {
            through: None,
            all_at: None,
            for_unused_at: Instant::now(),
        }
    }

    /// Where a pass that looks at what ended at `before` or earlier begins. None: with the first run.
    fn begin(&self, before: Timestamp) -> Option<FinishedPlace> {
        let lately = self.all_at.is_some_and(|at| at.elapsed() < LOOK_AT_ALL);
        // A clock that was set back lets runs end behind what was looked at.
        let through = self.through.filter(|through| lately && *through <= before)?;
        Some(FinishedPlace {
            finished_at: through,
            run: RunKey(i64::MAX),
        })
    }
}

/// Works until the engine drains. Runs are kept for `keep` after their end.
pub(crate) async fn retain(shared: Arc<Shared>, keep: Duration) {
    // Ends come by in a stream: they are gathered for a while, and a process that has just started has better to do.
    let gather = (keep / 10).clamp(Duration::from_secs(1), Duration::from_secs(60));
    let mut rest = gather;
    let mut looked = Looked::new();
    while nap(&shared, rest).await {
        rest = match pass(&shared, keep, &mut looked).await {
            Ok(due) => due.clamp(gather, LONGEST_SLEEP.max(gather)),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "old runs cannot be forgotten now; trying again later"
                );
                AFTER_A_FAULT
            }
        };
    }
}

/// Sleeps. False: the engine drains.
async fn nap(shared: &Shared, time: Duration) -> bool {
    tokio::select! {
        biased;
        () = shared.draining.cancelled() => false,
        () = tokio::time::sleep(time) => true,
    }
}

/// Forgets what is old enough now. Answers in how long the next run will be.
async fn pass(shared: &Shared, keep: Duration, looked: &mut Looked) -> StoreResult<Duration> {
    let begun = Instant::now();
    let before = earlier(shared.clock.now(), keep);
    let mut runs = 0;
    let mut after = looked.begin(before);
    loop {
        let (all, sweep_begun) = (after.is_none(), Instant::now());
        let swept = sweep(shared, before, after).await?;
        runs += swept.runs;
        if shared.draining.is_cancelled() {
            break;
        }
        if all {
            looked.all_at = Some(sweep_begun);
        }
        looked.through = Some(earlier(before, SETTLED));
        // Children can go once their parent has gone.
        if swept.parents == 0 {
            break;
        }
        after = None;
    }
    // A definition may leave long after its last run did.
    let mut workflows = 0;
    if runs > 0 || looked.for_unused_at.elapsed() >= LOOK_FOR_UNUSED {
        workflows = forget_workflows(shared).await?;
        looked.for_unused_at = Instant::now();
    }
    if runs > 0 || workflows > 0 {
        tracing::info!(
            runs,
            workflows,
            duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            "what ended long ago was forgotten"
        );
    }
    let next = shared.store.next_finished(before).await?;
    // Whatever ends from now on is old enough in `keep` at the earliest.
    Ok(next.map_or(keep, |end| end.saturating_add(keep).since(shared.clock.now())))
}

/// Once through all that ended at `before` or earlier, behind `after`.
async fn sweep(shared: &Shared, before: Timestamp, after: Option<FinishedPlace>) -> StoreResult<Swept> {
    let mut swept = Swept::default();
    let mut step = Sweep {
        before,
        after,
        max_runs: STEP_RUNS,
        max_bytes: STEP_BYTES,
    };
    loop {
        let begun = Instant::now();
        match shared.store.forget_finished(step).await {
            Ok(done) => {
                swept.runs += u64::from(done.runs);
                swept.parents += u64::from(done.parents);
                step.after = done.next;
            }
            // Others have more to do than can be written: it waits until they are through.
            Err(StoreError::Busy) => {
                if !nap(shared, AFTER_A_FAULT).await {
                    return Ok(swept);
                }
                continue;
            }
            Err(error) => return Err(error),
        }
        let rest = begun.elapsed().saturating_mul(REST).max(LEAST_REST);
        if step.after.is_none() || !nap(shared, rest).await {
            return Ok(swept);
        }
    }
}

async fn forget_workflows(shared: &Shared) -> StoreResult<usize> {
    let mut count = 0;
    loop {
        let begun = Instant::now();
        let forgotten = shared.store.forget_workflows(UNUSED_FOR, STEP_WORKFLOWS).await?;
        shared.definitions.forget(&forgotten);
        count += forgotten.len();
        let rest = begun.elapsed().saturating_mul(REST).max(LEAST_REST);
        if forgotten.len() < STEP_WORKFLOWS as usize || !nap(shared, rest).await {
            return Ok(count);
        }
    }
}

fn earlier(now: Timestamp, by: Duration) -> Timestamp {
    let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(now.as_millis().saturating_sub(millis))
}
