//! How calls ended, and what follows from it.

use std::time::Duration;

use tokio::time::Instant;

use super::{Machine, Phase};
use crate::breaker::window::{Mark, Sums};
use crate::breaker::{Cause, Outcome, State};

impl Machine {
    /// `at` is when it ended, where that was looked up already.
    #[inline]
    pub(in crate::breaker) fn record(&mut self, generation: u64, outcome: Outcome, slow: bool, at: Option<Instant>) {
        self.settle_for_record(at);
        if generation != self.generation {
            self.late(outcome, at);
            return;
        }
        match self.phase {
            Phase::Closed => {
                if let Some(cause) = self.count(outcome, slow, at) {
                    self.open(cause, clock(at), self.asked(outcome));
                }
            }
            Phase::MetricsOnly { told } => self.shadow(told, outcome, slow, at),
            Phase::HalfOpen { .. } => self.probed(outcome, slow, at),
            // The first counts nothing, the others admit nobody.
            Phase::Disabled | Phase::Open { .. } | Phase::ForcedOpen { .. } => {}
        }
    }

    /// A permit was dropped without a word of how the call ended.
    pub(in crate::breaker) fn cancel(&mut self, generation: u64) {
        self.settle_for_record(None);
        if generation != self.generation || self.phase == Phase::Disabled {
            return;
        }
        self.totals.cancelled += 1;
        if let Phase::HalfOpen { under_way, .. } = &mut self.phase {
            *under_way = under_way.saturating_sub(1);
        }
    }

    /// A look at the clock only where it may change something.
    fn settle_for_record(&mut self, at: Option<Instant>) {
        if matches!(self.phase, Phase::HalfOpen { .. } | Phase::ForcedOpen { .. }) {
            self.settle(clock(at));
        }
    }

    /// Counts it, and says what it opens the breaker for.
    #[inline]
    fn count(&mut self, outcome: Outcome, slow: bool, at: Option<Instant>) -> Option<Cause> {
        self.totals.add(outcome, slow);
        let failed = outcome.failed();
        match outcome {
            Outcome::Ignored => return None,
            Outcome::Success => self.row = 0,
            Outcome::Failure { .. } => self.row += 1,
            Outcome::Throttled { .. } => {}
        }
        self.tally.add(Mark { failed, slow }, || clock(at));
        if outcome.retry_after().is_some() {
            return Some(Cause::RetryAfter);
        }
        self.exceeded()
    }

    fn exceeded(&self) -> Option<Cause> {
        if self.config.consecutive_failures.is_some_and(|most| self.row >= most) {
            return Some(Cause::ConsecutiveFailures);
        }
        let sums = self.tally.sums();
        if sums.calls < self.config.minimum_calls {
            return None;
        }
        if met(self.config.failure_ratio, || sums.failure_ratio()) {
            return Some(Cause::FailureRatio);
        }
        self.too_slow(sums).then_some(Cause::SlowRatio)
    }

    fn too_slow(&self, sums: Sums) -> bool {
        met(self.config.slow.map(|slow| slow.ratio), || sums.slow_ratio())
    }

    /// Tells once that it would open, and again when it would not have in between.
    fn shadow(&mut self, told: bool, outcome: Outcome, slow: bool, at: Option<Instant>) {
        if outcome == Outcome::Ignored {
            self.totals.add(outcome, slow);
            return;
        }
        let cause = self.count(outcome, slow, at);
        self.phase = Phase::MetricsOnly { told: cause.is_some() };
        if let Some(cause) = cause
            && !told
        {
            self.totals.would_open += 1;
            self.tell(State::MetricsOnly, State::Open, cause, clock(at));
        }
    }

    /// All of them decide together, whatever the first ones said. One that names a time needs no company.
    fn probed(&mut self, outcome: Outcome, slow: bool, at: Option<Instant>) {
        self.totals.add(outcome, slow);
        let Phase::HalfOpen { under_way, ended, .. } = &mut self.phase else {
            return;
        };
        *under_way = under_way.saturating_sub(1);
        if outcome == Outcome::Ignored {
            return;
        }
        let failed = outcome.failed();
        ended.add(Mark { failed, slow });
        let ended = *ended;
        if let Some(wait) = self.asked(outcome) {
            self.open(Cause::RetryAfter, clock(at), Some(wait));
        } else if ended.calls >= u64::from(self.config.permits) {
            self.decide(ended, clock(at));
        }
    }

    fn decide(&mut self, ended: Sums, at: Instant) {
        let failed = match self.config.failure_ratio {
            Some(_) => met(self.config.failure_ratio, || ended.failure_ratio()),
            None => ended.failed > 0,
        };
        if failed || self.too_slow(ended) {
            self.open(Cause::ProbesFailed, at, None);
        } else {
            self.close(Cause::ProbesPassed, at);
        }
    }

    /// It was admitted in another state than this. It may still know how long this one should last.
    fn late(&mut self, outcome: Outcome, at: Option<Instant>) {
        self.totals.late += 1;
        let asked = self.asked(outcome);
        if let (Phase::Open { until }, Some(wait)) = (&mut self.phase, asked) {
            *until = (*until).max(clock(at) + wait);
        }
    }

    /// The time that an answer named, bounded.
    fn asked(&self, outcome: Outcome) -> Option<Duration> {
        let wait = outcome.retry_after()?;
        Some(wait.min(self.config.retry_after_at_most))
    }
}

fn clock(at: Option<Instant>) -> Instant {
    at.unwrap_or_else(Instant::now)
}

/// A division only where there is something to hold it against.
fn met(threshold: Option<f64>, ratio: impl FnOnce() -> Option<f64>) -> bool {
    threshold.is_some_and(|threshold| ratio().is_some_and(|ratio| ratio >= threshold))
}
