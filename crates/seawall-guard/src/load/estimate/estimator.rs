use std::time::Duration;

use tokio::time::Instant;

use super::history::History;
use super::queue::{band, queued};
use super::window::{View, Window};
use super::{Cause, Change, Sample};
use crate::load::{LoadConfig, Outcome};

/// From this share of overloaded calls on, the limit is what overloads.
const OVERLOADED: f64 = 0.1;
/// A limit that was reached for a moment has not been in anybody's way: there have to be so many under way on the average.
const USED: f64 = 0.85;
/// Falls in a row after which it is asked whether it is the load that calls take longer from.
const DOUBTFUL: u32 = 5;
/// Starting is faster than going on: nothing is known yet that could be lost.
const START: f64 = 1.5;
const SATURATED: f64 = 0.95;
/// At most so much of the limit goes at once because of what queues.
const STEEPEST: f64 = 0.3;
/// Calls that take longer than this are not waited for.
const LONGEST_SETTLING: Duration = Duration::from_secs(5);

/// Finds the limit. A window of calls is looked at, the limit is set, the next window is looked at.
///
/// What calls take without load is learnt where there is little (at most half of the limit is under way), or by a probe: half
/// of the limit for the time of a window. So if it was learnt under load, then from half of it, and what queues at the full limit
/// is seen to be too much all the same.
#[derive(Clone, Debug)]
pub(in crate::load) struct Estimator {
    config: LoadConfig,
    limit: f64,
    phase: Phase,
    window: Window,
    history: History,
    /// Seconds without load.
    unloaded: Option<f64>,
    /// Seconds lately.
    latency: Option<f64>,
    /// Successful calls in a second, lately.
    throughput: Option<f64>,
    /// When `unloaded` was last learnt where there was little load.
    learnt: Instant,
    probed: Instant,
    falls: u32,
}

/// Starting => Steady, with the first window that queues. (Starting | Steady) => Probing => Steady. Steady => Starting, after
/// overload that has passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Starting,
    Steady,
    Probing,
}

impl Estimator {
    pub(in crate::load) fn new(config: LoadConfig, now: Instant) -> Self {
        Self {
            config,
            limit: f64::from(config.initial),
            phase: Phase::Starting,
            window: Window::open(now),
            history: History::default(),
            unloaded: None,
            latency: None,
            throughput: None,
            learnt: now,
            probed: now,
            falls: 0,
        }
    }

    /// How many may be under way now.
    pub(in crate::load) fn limit(&self) -> u32 {
        let limit = match self.phase {
            Phase::Probing => (self.limit / 2.0).ceil(),
            Phase::Starting | Phase::Steady => self.limit.floor(),
        };
        // Between bounds that are u32 themselves.
        (limit as u32).clamp(self.config.min, self.config.max)
    }

    pub(in crate::load) fn latency(&self) -> Option<Duration> {
        self.latency.map(Duration::from_secs_f64)
    }

    pub(in crate::load) fn unloaded(&self) -> Option<Duration> {
        self.unloaded.map(Duration::from_secs_f64)
    }

    /// Successful calls in a second.
    pub(in crate::load) fn throughput(&self, now: Instant) -> Option<f64> {
        match (self.throughput, self.window.stalled(now)) {
            (Some(known), Some(stalled)) => Some(known.min(stalled)),
            (known, _) => known,
        }
    }

    pub(in crate::load) fn add(&mut self, now: Instant, sample: &Sample) -> Option<Change> {
        self.window.add(now, sample);
        if sample.outcome == Outcome::Ignored || !self.window.is_over(now, self.latency.unwrap_or_default()) {
            return None;
        }
        let (from, view) = (self.limit(), self.window.view(now));
        let cause = self.judge(now, &view);
        self.window = Window::open(self.settled(now));
        let to = self.limit();
        let cause = cause.filter(|_| to != from)?;
        Some(Change {
            from,
            to,
            cause,
            latency: self.latency(),
            unloaded: self.unloaded(),
        })
    }

    /// When the calls that end are by and large those that began under the limit as it is set now.
    fn settled(&self, now: Instant) -> Instant {
        now + self.latency().unwrap_or_default().min(LONGEST_SETTLING)
    }

    fn judge(&mut self, now: Instant, view: &View) -> Option<Cause> {
        if view.overload >= OVERLOADED {
            return Some(self.overloaded(view.overload));
        }
        let latency = view.latency?;
        self.latency = Some(latency);
        self.throughput = Some(
            self.throughput
                .map_or(view.throughput, |before| (before + view.throughput) / 2.0),
        );
        self.history.push(view.in_flight, view.throughput, latency);
        let saturated = self.history.saturated();
        if self.phase == Phase::Probing {
            self.phase = Phase::Steady;
            self.unloaded = Some(latency);
            self.learnt = now;
            self.falls = 0;
            return Some(Cause::Probed);
        }
        self.learn(now, view, latency, saturated);
        let cause = self.set(view, latency, saturated);
        if self.is_in_doubt(now, view) {
            self.phase = Phase::Probing;
            self.probed = now;
            return Some(Cause::Probe);
        }
        cause
    }

    /// All overloaded: half of it. Some: less in proportion.
    fn overloaded(&mut self, share: f64) -> Cause {
        self.shrink_to(self.limit * (1.0 - share / 2.0));
        // What was seen until now was another server. When this one answers again, there is nothing to lose from looking.
        self.phase = Phase::Starting;
        self.history.clear();
        Cause::Overload
    }

    fn learn(&mut self, now: Instant, view: &View, latency: f64, saturated: bool) {
        let little = f64::from(view.peak) * 2.0 <= self.limit;
        let known = *self.unloaded.get_or_insert(latency);
        // In part: a window is never more than a sample, and the least of many is too little.
        if latency < known || little && !saturated {
            self.unloaded = Some(known + (latency - known) / 4.0);
        }
        if little {
            self.learnt = now;
        }
    }

    fn set(&mut self, view: &View, latency: f64, saturated: bool) -> Option<Cause> {
        let unloaded = self.unloaded?;
        let queued = queued(view.in_flight, unloaded, latency);
        let (fewest, most) = band(self.limit);
        let used = view.in_flight >= USED * self.limit.floor();
        if saturated {
            self.phase = Phase::Steady;
            self.falls += 1;
            self.shrink_to(self.limit * SATURATED);
            return Some(Cause::Saturated);
        }
        if queued > most {
            self.phase = Phase::Steady;
            self.falls += 1;
            let excess = (queued - fewest) / 2.0;
            self.shrink_to(self.limit - excess.min(self.limit * STEEPEST));
            return Some(Cause::Queue);
        }
        self.falls = 0;
        if queued >= fewest {
            self.phase = Phase::Steady;
            return None;
        }
        if !used {
            return None;
        }
        let more = match self.phase {
            Phase::Starting => self.limit * START,
            Phase::Steady | Phase::Probing => self.limit + self.limit.log10().max(1.0),
        };
        self.limit = more.min(f64::from(self.config.max));
        Some(Cause::Room)
    }

    /// It is long ago that calls were seen without load, or the limit falls and falls and nothing gets better.
    fn is_in_doubt(&self, now: Instant, view: &View) -> bool {
        let busy = f64::from(view.peak) * 2.0 > self.limit;
        let every = self.config.probe_every;
        let known_for = now.saturating_duration_since(self.learnt);
        let since = now.saturating_duration_since(self.probed);
        busy && (known_for >= every && since >= every || self.falls >= DOUBTFUL && since >= every / 10)
    }

    fn shrink_to(&mut self, limit: f64) {
        self.limit = limit.max(f64::from(self.config.min));
    }
}
