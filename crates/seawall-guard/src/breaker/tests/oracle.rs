//! What a breaker has to do, worked out from a log of all calls each time anew. Slow, without locks, rings, sums or a clock of its
//! own: time is milliseconds since the beginning.

use std::time::Duration;

use crate::breaker::snapshot::Totals;
use crate::breaker::{AfterHalfOpen, BreakerConfig, Cause, Counts, Outcome, State, Window};

/// A configuration as it was asked for, in numbers that are exact.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub(super) window: OracleWindow,
    pub(super) minimum_calls: u64,
    /// Percent.
    pub(super) failure_ratio: Option<u64>,
    /// From so many milliseconds, and percent.
    pub(super) slow: Option<(u64, u64)>,
    pub(super) consecutive_failures: Option<u64>,
    pub(super) open_for: u64,
    pub(super) factor: u64,
    pub(super) longest: u64,
    pub(super) permits: u64,
    pub(super) half_open_at_most: u64,
    pub(super) after_half_open: AfterHalfOpen,
    pub(super) retry_after_at_most: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum OracleWindow {
    Calls(usize),
    Time { buckets: u64, width: u64 },
}

impl Setup {
    pub(super) fn config(&self) -> BreakerConfig {
        let mut builder = BreakerConfig::builder()
            .window(match self.window {
                OracleWindow::Calls(calls) => Window::Calls(calls),
                OracleWindow::Time { buckets, width } => Window::Time {
                    length: Duration::from_millis(buckets * width),
                    buckets: usize::try_from(buckets).unwrap(),
                },
            })
            .minimum_calls(self.minimum_calls)
            .open_for(Duration::from_millis(self.open_for))
            .open_growth(self.factor as f64, Duration::from_millis(self.longest))
            .jitter(0.0)
            .half_open_permits(u32::try_from(self.permits).unwrap())
            .half_open_at_most(Duration::from_millis(self.half_open_at_most), self.after_half_open)
            .retry_after_at_most(Duration::from_millis(self.retry_after_at_most));
        if let Some(percent) = self.failure_ratio {
            builder = builder.failure_ratio(percent as f64 / 100.0);
        }
        if let Some((from, percent)) = self.slow {
            builder = builder.slow_calls(Duration::from_millis(from), percent as f64 / 100.0);
        }
        if let Some(failures) = self.consecutive_failures {
            builder = builder.consecutive_failures(failures);
        }
        builder.build().unwrap()
    }
}

/// A call that was admitted and has not ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    visit: usize,
    began: u64,
}

/// A call that ended in the visit to a state that had admitted it.
#[derive(Clone, Copy, Debug)]
struct Ended {
    visit: usize,
    outcome: Outcome,
    slow: bool,
    at: u64,
}

/// A transition: from, to, why, when, open for how long.
pub(super) type Told = (State, State, Cause, u64, Option<u64>);

pub(super) struct Oracle {
    setup: Setup,
    pub(super) now: u64,
    pub(super) held: Vec<Held>,
    log: Vec<Ended>,
    pub(super) told: Vec<Told>,
    pub(super) totals: Totals,
    pub(super) state: State,
    /// How many states it has been in; each stay is a visit of its own.
    visit: usize,
    pub(super) since: u64,
    /// The end of open or forced-open, or of half-open.
    until: Option<u64>,
    pub(super) openings: u32,
    would_be_open: bool,
    /// Whose calls are shown, and as of when if that is over.
    shown: usize,
    shown_until: Option<u64>,
}

impl Oracle {
    pub(super) fn new(setup: Setup) -> Self {
        Self {
            setup,
            now: 0,
            held: Vec::new(),
            log: Vec::new(),
            told: Vec::new(),
            totals: Totals::default(),
            state: State::Closed,
            visit: 0,
            since: 0,
            until: None,
            openings: 0,
            would_be_open: false,
            shown: 0,
            shown_until: None,
        }
    }

    pub(super) fn admit(&mut self) -> Result<(), (State, Option<u64>)> {
        self.settle();
        if self.state == State::Open && self.until.unwrap() <= self.now {
            let until = self.now + self.setup.half_open_at_most;
            self.enter(State::HalfOpen, Some(until), Cause::TimeOver, self.now);
        }
        let passes = match self.state {
            State::Closed | State::Disabled | State::MetricsOnly => true,
            State::HalfOpen => self.probes_under_way() + self.counts().calls < self.setup.permits,
            State::Open | State::ForcedOpen => false,
        };
        if !passes {
            self.totals.rejected += 1;
            return Err((self.state, self.time_to_half_open()));
        }
        let (visit, began) = (self.visit, self.now);
        self.held.push(Held { visit, began });
        Ok(())
    }

    pub(super) fn end(&mut self, place: usize, outcome: Outcome) {
        self.settle();
        let held = self.held.remove(place);
        if held.visit != self.visit {
            self.totals.late += 1;
            if let (State::Open, Some(wait)) = (self.state, self.asked(outcome)) {
                self.until = self.until.max(Some(self.now + wait));
            }
            return;
        }
        if self.state == State::Disabled {
            return;
        }
        let slow = self.setup.slow.is_some_and(|(from, _)| self.now - held.began >= from);
        self.total(outcome, slow);
        let (visit, at) = (self.visit, self.now);
        self.log.push(Ended {
            visit,
            outcome,
            slow,
            at,
        });
        if outcome == Outcome::Ignored {
            return;
        }
        match self.state {
            State::Closed => {
                if let Some(cause) = self.broken(outcome) {
                    self.open(cause, self.now, self.asked(outcome));
                }
            }
            State::MetricsOnly => {
                let broken = self.broken(outcome);
                self.shadow(broken);
            }
            _ => self.probed(outcome),
        }
    }

    pub(super) fn cancel(&mut self, place: usize) {
        self.settle();
        let held = self.held.remove(place);
        let counts = held.visit == self.visit && self.state != State::Disabled;
        self.totals.cancelled += u64::from(counts);
    }

    pub(super) fn force_open(&mut self, time: Option<u64>) {
        self.settle();
        let until = time.map(|time| self.now + time);
        self.enter(State::ForcedOpen, until, Cause::Control, self.now);
    }

    pub(super) fn pass_all(&mut self, state: State) {
        self.settle();
        if self.state != state {
            self.openings = 0;
            self.enter(state, None, Cause::Control, self.now);
        }
    }

    pub(super) fn release(&mut self) {
        self.settle();
        match self.state {
            State::ForcedOpen => self.enter(State::Open, Some(self.now), Cause::Control, self.now),
            State::Disabled | State::MetricsOnly => self.close(Cause::Control, self.now),
            _ => {}
        }
    }

    pub(super) fn reset(&mut self) {
        self.settle();
        self.close(Cause::Control, self.now);
    }

    pub(super) fn trip(&mut self, time: Option<u64>) {
        self.settle();
        match self.state {
            State::Closed | State::HalfOpen => self.open(Cause::Vote, self.now, time),
            State::Open => self.until = self.until.max(Some(self.now + time.unwrap_or(0))),
            State::MetricsOnly => {
                if !self.would_be_open {
                    self.shadow(Some(Cause::Vote));
                }
            }
            State::ForcedOpen | State::Disabled => {}
        }
    }

    /// What time alone has done.
    pub(super) fn settle(&mut self) {
        let Some(until) = self.until.filter(|until| *until <= self.now) else {
            return;
        };
        match (self.state, self.setup.after_half_open) {
            (State::HalfOpen, AfterHalfOpen::Open) => self.open(Cause::HalfOpenOver, until, None),
            (State::HalfOpen, AfterHalfOpen::Close) => self.close(Cause::HalfOpenOver, until),
            (State::ForcedOpen, _) => self.enter(State::Open, Some(until), Cause::TimeOver, until),
            _ => {}
        }
    }

    pub(super) fn time_to_half_open(&self) -> Option<u64> {
        let open = matches!(self.state, State::Open | State::ForcedOpen);
        self.until.filter(|_| open).map(|until| until.saturating_sub(self.now))
    }

    pub(super) fn probes_under_way(&self) -> u64 {
        self.held.iter().filter(|held| held.visit == self.visit).count() as u64
    }

    /// As a snapshot shows them.
    pub(super) fn counts(&self) -> Counts {
        let calls = self.calls();
        Counts {
            calls: calls.len() as u64,
            failures: calls.iter().filter(|call| failed(call.outcome)).count() as u64,
            slow: calls.iter().filter(|call| call.slow).count() as u64,
            consecutive_failures: self.row(),
        }
    }

    /// Those of the window, or the probes.
    fn calls(&self) -> Vec<Ended> {
        let of = |visit| {
            let calls = self.log.iter().filter(move |call| call.visit == visit);
            calls.filter(|call| call.outcome != Outcome::Ignored).copied()
        };
        if self.state == State::HalfOpen {
            return of(self.visit).collect();
        }
        let calls: Vec<_> = of(self.shown).collect();
        match self.setup.window {
            OracleWindow::Calls(most) => calls[calls.len().saturating_sub(most)..].to_vec(),
            OracleWindow::Time { buckets, width } => {
                let newest = self.shown_until.unwrap_or(self.now) / width;
                let in_window = |call: &Ended| call.at / width + buckets > newest;
                calls.into_iter().filter(in_window).collect()
            }
        }
    }

    /// Failures since the last success, whatever lies between.
    fn row(&self) -> u64 {
        let shown = self.log.iter().filter(|call| call.visit == self.shown).rev();
        let row = shown.take_while(|call| call.outcome != Outcome::Success);
        row.filter(|call| matches!(call.outcome, Outcome::Failure { .. }))
            .count() as u64
    }

    fn broken(&self, last: Outcome) -> Option<Cause> {
        if self.asked(last).is_some() {
            return Some(Cause::RetryAfter);
        }
        let counts = self.counts();
        if self
            .setup
            .consecutive_failures
            .is_some_and(|most| counts.consecutive_failures >= most)
        {
            return Some(Cause::ConsecutiveFailures);
        }
        if counts.calls < self.setup.minimum_calls {
            return None;
        }
        let met = |part: u64, percent: Option<u64>| percent.is_some_and(|percent| part * 100 >= percent * counts.calls);
        if met(counts.failures, self.setup.failure_ratio) {
            return Some(Cause::FailureRatio);
        }
        met(counts.slow, self.setup.slow.map(|slow| slow.1)).then_some(Cause::SlowRatio)
    }

    fn probed(&mut self, outcome: Outcome) {
        if let Some(wait) = self.asked(outcome) {
            self.open(Cause::RetryAfter, self.now, Some(wait));
            return;
        }
        let Counts {
            calls, failures, slow, ..
        } = self.counts();
        if calls < self.setup.permits {
            return;
        }
        let failed = match self.setup.failure_ratio {
            Some(percent) => failures * 100 >= percent * calls,
            None => failures > 0,
        };
        let too_slow = self
            .setup
            .slow
            .is_some_and(|(_, percent)| slow * 100 >= percent * calls);
        match failed || too_slow {
            true => self.open(Cause::ProbesFailed, self.now, None),
            false => self.close(Cause::ProbesPassed, self.now),
        }
    }

    fn shadow(&mut self, broken: Option<Cause>) {
        let was = std::mem::replace(&mut self.would_be_open, broken.is_some());
        if let (false, Some(cause)) = (was, broken) {
            self.totals.would_open += 1;
            self.told.push((State::MetricsOnly, State::Open, cause, self.now, None));
        }
    }

    fn open(&mut self, cause: Cause, at: u64, asked: Option<u64>) {
        self.openings += 1;
        self.totals.openings += 1;
        let mut time = self.setup.open_for;
        for _ in 1..self.openings {
            time = (time * self.setup.factor).min(self.setup.longest);
        }
        self.enter(State::Open, Some(at + asked.unwrap_or(time)), cause, at);
    }

    fn close(&mut self, cause: Cause, at: u64) {
        self.openings = 0;
        self.enter(State::Closed, None, cause, at);
    }

    fn enter(&mut self, state: State, until: Option<u64>, cause: Cause, at: u64) {
        let passes = |state| matches!(state, State::Closed | State::Disabled | State::MetricsOnly);
        let open_for = until.filter(|_| state != State::HalfOpen).map(|until| until - at);
        self.told.push((self.state, state, cause, at, open_for));
        if passes(self.state) {
            self.shown_until = Some(at);
        }
        self.visit += 1;
        (self.state, self.until, self.since) = (state, until, at);
        self.would_be_open = false;
        if passes(state) {
            (self.shown, self.shown_until) = (self.visit, None);
        }
    }

    fn asked(&self, outcome: Outcome) -> Option<u64> {
        let (Outcome::Failure { retry_after } | Outcome::Throttled { retry_after }) = outcome else {
            return None;
        };
        let wait = u64::try_from(retry_after?.as_millis()).unwrap();
        (wait > 0).then_some(wait.min(self.setup.retry_after_at_most))
    }

    fn total(&mut self, outcome: Outcome, slow: bool) {
        let totals = &mut self.totals;
        match outcome {
            Outcome::Success => totals.successes += 1,
            Outcome::Failure { .. } => totals.failures += 1,
            Outcome::Throttled { .. } => totals.throttled += 1,
            Outcome::Ignored => totals.ignored += 1,
        }
        totals.slow += u64::from(slow && outcome != Outcome::Ignored);
    }
}

fn failed(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failure { .. } | Outcome::Throttled { .. })
}
