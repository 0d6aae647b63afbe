//! What comes from outside: operators, and the votes of others.

use std::time::Duration;

use tokio::time::Instant;

use super::{Machine, Phase};
use crate::breaker::config::LONGEST;
use crate::breaker::{Cause, State};

impl Machine {
    pub(in crate::breaker) fn force_open(&mut self, time: Option<Duration>, now: Instant) {
        self.settle(now);
        let until = time.map(|time| now + time.min(LONGEST));
        self.go(Phase::ForcedOpen { until }, Cause::Control, now);
    }

    pub(in crate::breaker) fn disable(&mut self, now: Instant) {
        self.settle(now);
        if self.phase != Phase::Disabled {
            self.openings = 0;
            self.go_counting(Phase::Disabled, Cause::Control, now);
        }
    }

    pub(in crate::breaker) fn metrics_only(&mut self, now: Instant) {
        self.settle(now);
        if !matches!(self.phase, Phase::MetricsOnly { .. }) {
            self.openings = 0;
            self.go_counting(Phase::MetricsOnly { told: false }, Cause::Control, now);
        }
    }

    pub(in crate::breaker) fn release(&mut self, now: Instant) {
        self.settle(now);
        match self.phase {
            Phase::ForcedOpen { .. } => self.go(Phase::Open { until: now }, Cause::Control, now),
            Phase::Disabled | Phase::MetricsOnly { .. } => self.close(Cause::Control, now),
            Phase::Closed | Phase::Open { .. } | Phase::HalfOpen { .. } => {}
        }
    }

    pub(in crate::breaker) fn reset(&mut self, now: Instant) {
        self.settle(now);
        self.close(Cause::Control, now);
    }

    pub(in crate::breaker) fn trip(&mut self, time: Option<Duration>, now: Instant) {
        self.settle(now);
        let time = time.map(|time| time.min(LONGEST));
        match &mut self.phase {
            Phase::Closed | Phase::HalfOpen { .. } => self.open(Cause::Vote, now, time),
            Phase::Open { until } => *until = (*until).max(now + time.unwrap_or_default()),
            Phase::MetricsOnly { told: false } => {
                self.phase = Phase::MetricsOnly { told: true };
                self.totals.would_open += 1;
                self.tell(State::MetricsOnly, State::Open, Cause::Vote, now);
            }
            Phase::MetricsOnly { told: true } | Phase::ForcedOpen { .. } | Phase::Disabled => {}
        }
    }
}
