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

/// Fewer calls are chance.
const ENOUGH: u32 = 20;
/// More calls would say the same.
const PLENTY: u32 = 400;
/// How well the mean has to be known: its standard error against itself.
const PRECISE: f64 = 0.05;
const SHORTEST: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(1);
/// Times as long for calls of which no two are alike.
const LONGEST: f64 = 5.0;

/// What is learnt of one setting of the limit. It opens when what began under the last one is over by and large. All that end
/// in it count, whenever they began: to count those only that also began in it would be to leave out the long ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    from: Instant,
    successes: u32,
    overloads: u32,
    seconds: f64,
    squares: f64,
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
            seconds: 0.0,
            squares: 0.0,
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
            Outcome::Overload => self.overloads += 1,
            Outcome::Success => {
                let seconds = now.saturating_duration_since(sample.began).as_secs_f64();
                self.successes += 1;
                self.seconds += seconds;
                self.squares += seconds * seconds;
                self.in_flight += f64::from(sample.in_flight);
            }
        }
    }

    /// Enough was seen: many calls over a little while, or some over a long one.
    pub(super) fn is_over(&self, now: Instant, latency: f64) -> bool {
        let seen = self.successes + self.overloads;
        let age = now.saturating_duration_since(self.from);
        let long = LONG.as_secs_f64().max(2.0 * latency);
        // In less than the time of a call, how many end is chance.
        let short = SHORTEST.max(Duration::try_from_secs_f64(latency).unwrap_or(LONG).min(LONG));
        let age_in_longs = age.as_secs_f64() / long;
        let clear = self.overloads > 0 || self.is_precise();
        match seen {
            0 => false,
            1..ENOUGH => age_in_longs >= if clear { 1.0 } else { LONGEST },
            ENOUGH..PLENTY => age >= short && (clear || age_in_longs >= LONGEST),
            PLENTY.. => age >= short,
        }
    }

    fn is_precise(&self) -> bool {
        let count = f64::from(self.successes);
        let mean = self.seconds / count;
        let variance = (self.squares / count - mean * mean).max(0.0);
        self.successes > 1 && variance <= count * (PRECISE * mean).powi(2)
    }

    pub(super) fn view(&self, now: Instant) -> View {
        let age = now.saturating_duration_since(self.from).as_secs_f64();
        let successes = f64::from(self.successes);
        let some = self.successes > 0;
        View {
            overload: f64::from(self.overloads) / f64::from((self.successes + self.overloads).max(1)),
            latency: some.then(|| self.seconds / successes),
            in_flight: if some {
                self.in_flight / successes
            } else {
                f64::from(self.peak)
            },
            peak: self.peak,
            throughput: successes / age.max(SHORTEST.as_secs_f64()),
        }
    }

    /// The throughput of a window that is open longer than it should: what has stalled does not go at yesterday's pace.
    pub(super) fn stalled(&self, now: Instant) -> Option<f64> {
        let age = now.saturating_duration_since(self.from);
        (age > 2 * LONG).then(|| f64::from(self.successes + 1) / age.as_secs_f64())
    }
}
