use std::time::Duration;

use tokio::time::Instant;

use crate::load::Outcome;

/// A call that is over.
#[derive(Clone, Copy, Debug)]
pub(in crate::load) struct Sample {
    pub(in crate::load) began: Instant,
    pub(in crate::load) outcome: Outcome,
    /// How many were under way when it ended, itself included.
    pub(in crate::load) in_flight: u32,
}

const ENOUGH: u32 = 20;
const SHORTEST: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(1);

/// What is learnt of one setting of the limit. Only calls that began under it tell how long it makes them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// Calls that began earlier saw another setting.
    from: Instant,
    successes: u32,
    overloads: u32,
    done: u32,
    seconds: f64,
    in_flight: f64,
    peak: u32,
}

/// What a window saw.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    /// The share of calls that ended with a sign of overload.
    pub(super) overload: f64,
    /// Mean seconds of the successful ones; None if there was none.
    pub(super) latency: Option<f64>,
    /// Mean number under way.
    pub(super) in_flight: f64,
    pub(super) peak: u32,
    /// Successful calls in a second.
    pub(super) throughput: f64,
}

impl Window {
    pub(super) const fn open(from: Instant) -> Self {
        Self {
            from,
            successes: 0,
            overloads: 0,
            done: 0,
            seconds: 0.0,
            in_flight: 0.0,
            peak: 0,
        }
    }

    pub(super) fn add(&mut self, now: Instant, sample: &Sample) {
        if now < self.from {
            return;
        }
        self.peak = self.peak.max(sample.in_flight);
        match sample.outcome {
            Outcome::Ignored => {}
            // Also those that began earlier: time-outs are older than any window, and count.
            Outcome::Overload => self.overloads += 1,
            Outcome::Success => {
                self.done += 1;
                if sample.began >= self.from {
                    self.successes += 1;
                    self.seconds += now.saturating_duration_since(sample.began).as_secs_f64();
                    self.in_flight += f64::from(sample.in_flight);
                }
            }
        }
    }

    /// Enough was seen: many calls over a little while, or some over a long one.
    pub(super) fn is_over(&self, now: Instant, latency: f64) -> bool {
        let seen = self.successes + self.overloads;
        let age = now.saturating_duration_since(self.from);
        let long = LONG.as_secs_f64().max(2.0 * latency);
        seen >= ENOUGH && age >= SHORTEST || seen > 0 && age.as_secs_f64() >= long
    }

    pub(super) fn view(&self, now: Instant) -> View {
        let age = now.saturating_duration_since(self.from).as_secs_f64();
        let successes = f64::from(self.successes);
        let some = self.successes > 0;
        View {
            overload: f64::from(self.overloads) / f64::from((self.done + self.overloads).max(1)),
            latency: some.then(|| self.seconds / successes),
            in_flight: if some { self.in_flight / successes } else { f64::from(self.peak) },
            peak: self.peak,
            throughput: f64::from(self.done) / age.max(SHORTEST.as_secs_f64()),
        }
    }

    /// The throughput of a window that is open longer than it should: what has stalled does not go at yesterday's pace.
    pub(super) fn stalled(&self, now: Instant) -> Option<f64> {
        let age = now.saturating_duration_since(self.from);
        (age > 2 * LONG).then(|| f64::from(self.done + 1) / age.as_secs_f64())
    }
}
