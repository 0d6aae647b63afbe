//! Schedules: each of their times is dealt with once, and makes a run as far as the policies let it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use seawall_engine::CatchUp;
use seawall_engine::store::{
    Fired, Firing, MemoryStore, NewSchedule, Overlap, Page, RunId, ScheduleId, ScheduleRecord, ScheduleStore as _,
    StoreClock as _, StoreResult, TenantId, Timestamp,
};

use crate::sim::store::now;
use crate::sim::witness::{Witness, record};

/// So late a time may be that was not missed.
const MOST_GRACE: i64 = 60_000;
/// Runs that one change makes at most, besides that of a firing that has waited.
const BATCH: usize = 16;

/// So late a scheduler is at most in calm weather that nobody disturbs.
const PROMPT: Duration = Duration::from_secs(11);

/// When a schedule fires, and what becomes of what is late or in the way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    pub(crate) every: Duration,
    /// By the calendar instead of from the making of the schedule on.
    pub(crate) cron: bool,
    pub(crate) overlap: Overlap,
    pub(crate) catch_up: CatchUp,
}

/// A schedule, and the times that made runs.
struct Own {
    timing: Timing,
    created_at: Timestamp,
    made: BTreeMap<Timestamp, RunId>,
}

#[derive(Default)]
pub(super) struct Firings {
    /// Of the schedule that is made next.
    next: Option<Timing>,
    own: BTreeMap<ScheduleId, Own>,
}

impl Own {
    /// How many of its times lie after `after`, up to `until`.
    fn times(&self, after: Timestamp, until: Timestamp) -> i64 {
        let passed = |at: Timestamp| (at.as_millis() - self.origin()).max(0) / self.step();
        (passed(until) - passed(after)).max(0)
    }

    fn step(&self) -> i64 {
        i64::try_from(self.timing.every.as_millis()).expect("it is short")
    }

    const fn origin(&self) -> i64 {
        if self.timing.cron {
            0
        } else {
            self.created_at.as_millis()
        }
    }

    /// Missed times for which one change makes runs at most, besides that of a firing that has waited.
    fn made_up_for(&self) -> usize {
        match self.timing.catch_up {
            CatchUp::Skip => 0,
            CatchUp::Once => 1,
            CatchUp::Last(count) => count as usize,
        }
    }
}

impl Witness {
    /// What the next schedule is like: its settings are the engine's.
    pub(crate) fn expect_schedule(&self, timing: Timing) {
        self.firings.lock().next = Some(timing);
    }

    pub(crate) fn create_schedule(
        &self,
        rows: &MemoryStore,
        tenant: &TenantId,
        new: NewSchedule,
    ) -> StoreResult<ScheduleRecord> {
        let answer = now(rows.create_schedule(tenant, new));
        if let Ok(record) = &answer {
            let mut firings = self.firings.lock();
            let own = firings.next.map(|timing| Own {
                timing,
                created_at: record.created_at,
                made: BTreeMap::new(),
            });
            firings.own.extend(own.map(|own| (record.id, own)));
        }
        answer
    }

    pub(crate) fn fire(&self, rows: &MemoryStore, firing: Firing) -> StoreResult<Fired> {
        let (tenant, id) = (firing.tenant.clone(), firing.schedule);
        let before = now(rows.schedule(&tenant, id)).ok().flatten();
        // The time of each, and when it was decided.
        let times = firing
            .runs
            .iter()
            .map(|run| (run.run.id, (run.fire_at, run.run.created_at)));
        let times: BTreeMap<RunId, (Timestamp, Timestamp)> = times.collect();
        let lanes = firing
            .runs
            .iter()
            .filter(|run| run.run.flow.is_some())
            .map(|run| run.run.id);
        let lanes: Vec<RunId> = lanes.collect();
        let known: BTreeSet<RunId> = times
            .keys()
            .copied()
            .filter(|run| record(rows, *run).is_some())
            .collect();
        let last_lives = before
            .as_ref()
            .and_then(|record| record.last_run)
            .is_some_and(|run| record(rows, run).is_some_and(|record| !record.projection.status.is_terminal()));
        let answer = now(rows.fire(firing));
        let (Ok(fired), Some(before)) = (&answer, before) else {
            return answer;
        };
        let comes_in: Vec<RunId> = lanes.into_iter().filter(|run| fired.made.contains(run)).collect();
        self.lanes_enter(rows, &comes_in);
        let after = now(rows.schedule(&tenant, id)).ok().flatten();
        let after = after.expect("what has fired exists");
        let mut firings = self.firings.lock();
        let Some(own) = firings.own.get_mut(&id) else {
            self.unless(false, || format!("{id} fires, and nobody has made it"));
            return answer;
        };
        self.times_are_dealt_with(own, (&before, &after), (fired, known.len()));
        let waited = usize::from(before.waiting.is_some());
        let is_late = |(fire_at, at): &&(Timestamp, Timestamp)| at.as_millis() - fire_at.as_millis() > MOST_GRACE;
        let late = times.values().filter(is_late).count();
        self.unless(
            late <= own.made_up_for() + waited && times.len() <= BATCH + waited,
            || format!("{id} makes {} runs at once, {late} late: {:?}", times.len(), own.timing),
        );
        let free = own.timing.overlap == Overlap::Allow || (!last_lives && fired.made.len() <= 1);
        self.unless(fired.made.is_empty() || free, || {
            format!(
                "{id} makes {:?} while a run goes on: {last_lives}, {:?}",
                fired.made, own.timing
            )
        });
        for run in &fired.made {
            let (fire_at, at) = times.get(run).copied().unwrap_or_default();
            self.trace.count("schedule fired");
            let on_grid = own.times(Timestamp::from_millis(fire_at.as_millis() - 1), fire_at) == 1;
            // One that has waited may be of a time before the clock was set back.
            let waited = before.waiting == Some(fire_at);
            self.unless(on_grid && (fire_at <= at || waited), || {
                format!("{id} fires for {fire_at:?} at {at:?}")
            });
            let late = at.as_millis() - fire_at.as_millis();
            let missed = own.timing.catch_up == CatchUp::Skip && late > MOST_GRACE && !waited;
            self.unless(!missed, || format!("{id} makes up for {fire_at:?} at {at:?}"));
            let twice = own.made.insert(fire_at, *run);
            self.unless(twice.is_none(), || {
                format!("{id} makes {run} and {twice:?} for {fire_at:?}")
            });
        }
        answer
    }

    /// Every time between two cursors has made a run, waits, or is counted.
    fn times_are_dealt_with(
        &self,
        own: &Own,
        (before, after): (&ScheduleRecord, &ScheduleRecord),
        (fired, known): (&Fired, usize),
    ) {
        let counted = |record: &ScheduleRecord| {
            let counted = record.skipped + record.missed + record.failed + u64::from(record.waiting.is_some());
            i64::try_from(counted).expect("there are few")
        };
        let made = i64::try_from(fired.made.len() + known).expect("there are few");
        let dealt_with = made + counted(after) - counted(before);
        let times = own.times(before.cursor, after.cursor);
        self.unless(times == dealt_with, || {
            format!(
                "{} had {times} times and dealt with {dealt_with}: {before:?} {after:?}",
                before.id
            )
        });
    }

    /// In calm weather no time passes without being dealt with, and no firing waits for what has ended.
    pub(crate) fn schedules_are_on_time(&self, rows: &MemoryStore) {
        let (tenant, at) = (TenantId::default(), self.clock.now());
        let listed = now(rows.list_schedules(&tenant, Page::first(100))).expect("reading works");
        for schedule in listed.items {
            let late = schedule.next_at.is_some_and(|next| next.saturating_add(PROMPT) < at);
            self.unless(!late, || format!("{schedule:?} is late at {at:?}"));
            let last = schedule.last_run.and_then(|run| record(rows, run));
            let ended = last.is_none_or(|last| {
                let end = last
                    .projection
                    .finished_at
                    .filter(|_| last.projection.status.is_terminal());
                end.is_some_and(|end| end.saturating_add(PROMPT) < at)
            });
            self.unless(schedule.waiting.is_none() || !ended, || {
                format!("{schedule:?} waits for nothing at {at:?}")
            });
        }
    }

    /// The runs that the schedules have made, with their times.
    pub(crate) fn fired(&self) -> BTreeMap<(ScheduleId, Timestamp), RunId> {
        let firings = self.firings.lock();
        let made = firings
            .own
            .iter()
            .flat_map(|(id, own)| own.made.iter().map(|(at, run)| ((*id, *at), *run)));
        made.collect()
    }
}
