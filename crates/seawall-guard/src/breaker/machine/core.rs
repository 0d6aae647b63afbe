use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Phase;
use crate::breaker::config::AfterHalfOpen;
use crate::breaker::outbox::Outbox;
use crate::breaker::snapshot::Totals;
use crate::breaker::window::{Sums, Tally};
use crate::breaker::{BreakerConfig, Cause, State, Transition};

/// The state of one breaker.
#[derive(Debug)]
pub(in crate::breaker) struct Machine {
    pub(super) name: Arc<str>,
    pub(super) config: BreakerConfig,
    pub(super) phase: Phase,
    /// Which state this is of all it has been in. A permit bears that of the state that gave it.
    pub(super) generation: u64,
    pub(super) since: Instant,
    /// Why it came to this state; none for the first.
    pub(super) cause: Option<Cause>,
    pub(super) tally: Tally,
    /// How many calls have failed in a row.
    pub(super) row: u64,
    /// How often it has opened since it was closed.
    pub(super) openings: u32,
    pub(super) totals: Totals,
    pub(in crate::breaker) outbox: Outbox,
}

/// A call was not admitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::breaker) struct Refusal {
    pub(in crate::breaker) state: State,
    /// When it may be tried again, where that is known.
    pub(in crate::breaker) wait: Option<Duration>,
}

impl Machine {
    pub(in crate::breaker) fn new(name: Arc<str>, config: BreakerConfig, outbox: Outbox, now: Instant) -> Self {
        Self {
            name,
            tally: Tally::new(config.window, now),
            config,
            phase: Phase::Closed,
            generation: 0,
            since: now,
            cause: None,
            row: 0,
            openings: 0,
            totals: Totals::default(),
            outbox,
        }
    }

    /// The generation, if calls of it pass without asking.
    #[inline]
    pub(in crate::breaker) fn open_gate(&self) -> Option<u64> {
        self.phase.admits_all().then_some(self.generation)
    }

    /// The generation for the permit, or why there is none.
    pub(in crate::breaker) fn admit(&mut self, now: Instant) -> Result<u64, Refusal> {
        self.settle(now);
        if let Phase::Open { until } = self.phase
            && now >= until
        {
            let ends = now + self.config.half_open_at_most;
            let probing = Phase::HalfOpen {
                ends,
                under_way: 0,
                ended: Sums::default(),
            };
            self.go(probing, Cause::TimeOver, now);
        }
        let permits = u64::from(self.config.permits);
        if let Phase::HalfOpen { under_way, ended, .. } = &mut self.phase
            && u64::from(*under_way) + ended.calls < permits
        {
            *under_way += 1;
            return Ok(self.generation);
        }
        match self.open_gate() {
            Some(generation) => Ok(generation),
            None => Err(self.refuse(now)),
        }
    }

    /// Says no, whatever the state.
    pub(in crate::breaker) fn refuse(&mut self, now: Instant) -> Refusal {
        self.totals.rejected += 1;
        Refusal {
            state: self.phase.state(),
            wait: self.time_to_half_open(now),
        }
    }

    /// Whether a call would be refused now. Nothing changes but what time has changed already.
    pub(in crate::breaker) fn refuses(&mut self, now: Instant) -> bool {
        self.settle(now);
        match self.phase {
            Phase::Open { until } => now < until,
            Phase::ForcedOpen { .. } => true,
            Phase::HalfOpen { under_way, ended, .. } => {
                u64::from(under_way) + ended.calls >= u64::from(self.config.permits)
            }
            Phase::Closed | Phase::Disabled | Phase::MetricsOnly { .. } => false,
        }
    }

    /// What time alone has changed, as of when it did. Open => (HalfOpen) is not among it: that begins with the first probe, or
    /// a breaker that nobody calls would be half-open in vain.
    pub(super) fn settle(&mut self, now: Instant) {
        match self.phase {
            Phase::HalfOpen { ends, .. } if now >= ends => match self.config.after_half_open {
                AfterHalfOpen::Open => self.open(Cause::HalfOpenOver, ends, None),
                AfterHalfOpen::Close => self.close(Cause::HalfOpenOver, ends),
            },
            Phase::ForcedOpen { until: Some(until) } if now >= until => {
                self.go(Phase::Open { until }, Cause::TimeOver, until);
            }
            _ => {}
        }
    }

    /// For so long as the backoff says, or as was asked for.
    pub(super) fn open(&mut self, cause: Cause, at: Instant, asked: Option<Duration>) {
        self.openings = self.openings.saturating_add(1);
        self.totals.openings += 1;
        let time = asked.unwrap_or_else(|| self.config.backoff.open_time(self.openings));
        self.go(Phase::Open { until: at + time }, cause, at);
    }

    /// With nothing counted, as if it had never been anything else.
    pub(super) fn close(&mut self, cause: Cause, at: Instant) {
        self.openings = 0;
        self.go_counting(Phase::Closed, cause, at);
    }

    /// Into a state that begins to count.
    pub(super) fn go_counting(&mut self, phase: Phase, cause: Cause, at: Instant) {
        self.tally.clear();
        self.row = 0;
        self.go(phase, cause, at);
    }

    pub(super) fn go(&mut self, phase: Phase, cause: Cause, at: Instant) {
        let from = self.phase.state();
        // What it counted stays to be seen, as it was now.
        if self.phase.admits_all() {
            self.tally.roll(at);
        }
        self.phase = phase;
        self.generation += 1;
        self.since = at;
        self.cause = Some(cause);
        self.tell(from, phase.state(), cause, at);
    }

    pub(super) fn tell(&mut self, from: State, to: State, cause: Cause, at: Instant) {
        let name = &self.name;
        let until = self.ends();
        self.outbox.put(|sequence| Transition {
            breaker: Arc::clone(name),
            sequence,
            at,
            from,
            to,
            cause,
            open_for: until.map(|until| until.saturating_duration_since(at)),
        });
    }

    /// When calls are no longer refused outright, where that is known.
    const fn ends(&self) -> Option<Instant> {
        match self.phase {
            Phase::Open { until } => Some(until),
            Phase::ForcedOpen { until } => until,
            _ => None,
        }
    }

    pub(super) fn time_to_half_open(&self, now: Instant) -> Option<Duration> {
        self.ends().map(|until| until.saturating_duration_since(now))
    }
}
