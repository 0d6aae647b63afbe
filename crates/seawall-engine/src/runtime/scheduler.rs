//! The scheduler: makes the runs of schedules whose time has come.
//!
//! It sleeps until the earliest time in the store, the end of a run that a firing waits for, or a change of the schedules;
//! where there are none it does nothing at all. What it decides it writes in one change that names what it saw: of several
//! nodes, or of two tries of which one lost its answer, one makes the runs.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _, iter};
use seawall_store::{DueSchedule, DueSchedules, RunId, RunWatch, ScheduleId, StoreError, StoreResult, Timestamp};
use tokio::time::Instant;

use crate::runtime::firing::{UNREADABLE_CODE, firing, keeps_waiting};
use crate::runtime::shared::Shared;
use crate::runtime::stuck::{PassedOver, Stuck, backoff};

/// Schedules that are looked at together.
const BATCH: u32 = 64;
/// Firings that are written at once; the store folds them into few commits.
const AT_ONCE: usize = 16;
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// So late a firing is still on time whatever this process did before; and so soon a wall clock that jumps is noticed, so
/// that what came after the jump is on time.
const GRACE: Duration = Duration::from_secs(2);
/// So late it is when this process was there all the time and had too much to do.
const MOST_GRACE: Duration = Duration::from_secs(60);
/// By so much may the store's clock go ahead between two looks: clocks that are disciplined do.
const TOLERANCE: Duration = Duration::from_secs(1);

/// What the scheduler knows between two looks.
#[derive(Default)]
struct Memory {
    /// The runs that firings wait for.
    awaited: HashMap<RunId, RunWatch>,
    /// Where the store's clock and this process's stood at the last look.
    looked: Option<(Timestamp, Instant)>,
    /// When nothing was due for the last time, or when this process was there again.
    idle_at: Option<Timestamp>,
    /// Schedules that could not be fired.
    stuck: Stuck<ScheduleId>,
    /// Schedules that are passed over, those with a waiting firing that this program cannot read among them: they stand in
    /// front of others.
    passed_over: u32,
}

/// Works until the engine drains or ends.
pub(crate) async fn fire_schedules(shared: Arc<Shared>) {
    let mut memory = Memory::default();
    let mut failures = 0u32;
    while !shared.draining.is_cancelled() {
        match look(&shared, &mut memory).await {
            Ok(rest) => {
                failures = 0;
                sleep(&shared, &mut memory, rest).await;
            }
            Err(error) => {
                if failures == 0 {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "schedules cannot be fired now; trying again"
                    );
                }
                let rest = backoff(failures);
                failures = failures.saturating_add(1);
                tokio::select! {
                    biased;
                    () = shared.draining.cancelled() => {}
                    () = tokio::time::sleep(rest) => {}
                }
            }
        }
    }
}

/// Fires until nothing is due. Answers how long to sleep; None: until somebody wakes it.
async fn look(shared: &Arc<Shared>, memory: &mut Memory) -> StoreResult<Option<Duration>> {
    while !shared.draining.is_cancelled() {
        let limit = BATCH.saturating_add(memory.passed_over);
        // Before the store looks at its clock: a slow answer is no jump.
        let asked = Instant::now();
        let mut found = shared.store.due_schedules(limit).await?;
        let now = found.now;
        memory.look_at_clock(now, asked);
        let due = memory.left_to_fire(std::mem::take(&mut found.due), now);
        if !due.is_empty() {
            let fired = fire_all(shared, due, now, memory.on_time(now)).await;
            memory.remember(fired)?;
            continue;
        }
        if memory.passed_over >= limit {
            // Others may stand behind them.
            continue;
        }
        memory.idle_at = Some(found.now);
        if memory.watch(shared, &found) {
            return Ok(memory.rest(shared, &found));
        }
    }
    Ok(None)
}

type Fires = Vec<(ScheduleId, StoreResult<()>)>;

async fn fire_all(shared: &Arc<Shared>, due: Vec<DueSchedule>, now: Timestamp, on_time: Timestamp) -> Fires {
    let firings = due.into_iter().map(|due| async move {
        let schedule = due.record.id;
        (schedule, fire_one(shared, due, now, on_time).await)
    });
    iter(firings).buffer_unordered(AT_ONCE).collect().await
}

async fn fire_one(shared: &Shared, due: DueSchedule, now: Timestamp, on_time: Timestamp) -> StoreResult<()> {
    let firing = firing(shared, &due, now, on_time).await?;
    let error = firing.error.clone();
    match shared.store.fire(firing).await {
        Ok(fired) => {
            let schedule = due.record.id;
            let told = |code: &str| {
                let last = due.record.last_error.as_ref();
                code == UNREADABLE_CODE && last.is_some_and(|last| &*last.code == code)
            };
            if let Some(error) = error.filter(|error| !told(&error.code)) {
                tracing::warn!(schedule.id = %schedule, error.code = %error.code, "a schedule made no run");
            }
            for run in fired.made {
                tracing::info!(schedule.id = %schedule, run.id = %run, "a schedule made a run");
            }
            Ok(())
        }
        // Somebody was first, changed it or deleted it: the next look sees what is left to do.
        Err(StoreError::PreconditionFailed | StoreError::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

impl Memory {
    /// After a suspension or a jump of the clock nobody was there.
    fn look_at_clock(&mut self, now: Timestamp, instant: Instant) {
        let was_there = self
            .looked
            .replace((now, instant))
            .is_some_and(|then| !is_ahead(then, (now, instant)));
        if !was_there {
            self.idle_at = Some(now);
        }
    }

    /// Those that are not passed over.
    fn left_to_fire(&mut self, mut due: Vec<DueSchedule>, now: Timestamp) -> Vec<DueSchedule> {
        let before = due.len();
        let seen: HashSet<ScheduleId> = due.iter().map(|due| due.record.id).collect();
        self.stuck.retain(|id| seen.contains(id));
        due.retain(|due| !self.stuck.waits(&due.record.id) && !keeps_waiting(&due.record, now));
        self.passed_over = u32::try_from(before - due.len()).unwrap_or(u32::MAX);
        due
    }

    /// What fails holds up no other one, unless there is too much of it.
    fn remember(&mut self, fired: Fires) -> StoreResult<()> {
        for (schedule, fired) in fired {
            let Err(error) = fired else {
                self.stuck.succeeded(&schedule);
                continue;
            };
            match self.stuck.failed(schedule, &error) {
                PassedOver::Newly => tracing::warn!(
                    schedule.id = %schedule,
                    error = &error as &dyn std::error::Error,
                    "a schedule cannot be fired now; trying again"
                ),
                PassedOver::Again => {}
                PassedOver::No => return Err(error),
            }
        }
        Ok(())
    }

    /// Since when a time was not missed. A process that was there all along may be late because it was busy.
    fn on_time(&self, now: Timestamp) -> Timestamp {
        let ago = |time: Duration| Timestamp::from_millis(now.as_millis().saturating_sub(millis(time)));
        let grace = self.idle_at.map_or(ago(GRACE), |idle| idle.min(ago(GRACE)));
        grace.max(ago(MOST_GRACE))
    }

    /// Watches the runs that firings wait for. False: one of them may have ended before it was watched.
    fn watch(&mut self, shared: &Shared, found: &DueSchedules) -> bool {
        self.awaited.retain(|run, _| found.awaited.contains(run));
        let known = self.awaited.len();
        for run in &found.awaited {
            self.awaited.entry(*run).or_insert_with(|| shared.store.watch(*run));
        }
        known == self.awaited.len()
    }

    fn rest(&self, shared: &Shared, found: &DueSchedules) -> Option<Duration> {
        let next = found.next.map(|next| next.since(found.now));
        let next = [next, self.stuck.next()].into_iter().flatten().min();
        let mut longest = (next.is_some() || !self.awaited.is_empty()).then_some(LONGEST_SLEEP);
        if !shared.config.exclusive {
            // Others change schedules and end runs without a word to this process.
            longest = Some(shared.config.sweep.min(LONGEST_SLEEP));
        }
        match (next, longest) {
            (Some(next), Some(longest)) => Some(next.min(longest)),
            (next, longest) => next.or(longest),
        }
    }
}

/// The store's clock went on by more than the process's, from the one look at both to the other.
fn is_ahead((then, before): (Timestamp, Instant), (now, instant): (Timestamp, Instant)) -> bool {
    now.since(then) > instant.duration_since(before).saturating_add(TOLERANCE)
}

/// Ends when the clock has been set ahead, or the machine has slept.
async fn jumped(shared: &Shared) {
    let looked = (shared.clock.now(), Instant::now());
    loop {
        tokio::time::sleep(GRACE).await;
        if is_ahead(looked, (shared.clock.now(), Instant::now())) {
            return;
        }
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

async fn sleep(shared: &Shared, memory: &mut Memory, rest: Option<Duration>) {
    let mut ends: FuturesUnordered<_> = memory.awaited.values_mut().map(ended).collect();
    let waits = !ends.is_empty();
    tokio::select! {
        biased;
        () = shared.draining.cancelled() => {}
        () = shared.store.watchers().wait_for_schedules() => {}
        _ = ends.next(), if waits => {}
        () = tokio::time::sleep(rest.unwrap_or_default()), if rest.is_some() => {}
        () = jumped(shared), if rest.is_some() => {}
    }
}

async fn ended(watch: &mut RunWatch) {
    while !watch.progressed().await.status.is_terminal() {}
}
