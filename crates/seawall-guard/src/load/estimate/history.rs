/// Windows that are looked back on.
const LENGTH: usize = 24;
const FEWEST: usize = 8;
/// A number of calls that moved less than this (its deviation against its mean) says nothing of what moves with it.
const MOVED: f64 = 0.05;
const CLOSELY: f64 = 0.7;
const LOOSELY: f64 = 0.3;
/// Latency that moved less than this did not move, however well it correlates.
const LENGTHENED: f64 = 0.02;

#[derive(Clone, Copy, Default, Debug)]
struct Entry {
    in_flight: f64,
    throughput: f64,
    latency: f64,
}

/// What more calls at once did in the last windows: to the time they take, and to how many are done.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    entries: [Entry; LENGTH],
    next: usize,
    len: usize,
}

impl History {
    pub(super) fn push(&mut self, in_flight: f64, throughput: f64, latency: f64) {
        self.entries[self.next] = Entry {
            in_flight,
            throughput,
            latency,
        };
        self.next = (self.next + 1) % LENGTH;
        self.len = (self.len + 1).min(LENGTH);
    }

    /// What was seen before things changed says nothing of how they are.
    pub(super) fn clear(&mut self) {
        self.len = 0;
        self.next = 0;
    }

    /// More calls at once took longer, and no more of them were done. Needs no idea of how long calls take without load, and so
    /// holds where that idea is wrong.
    pub(super) fn saturated(&self) -> bool {
        let seen = &self.entries[..self.len];
        if seen.len() < FEWEST {
            return false;
        }
        let in_flight = Series::of(seen, |entry| entry.in_flight);
        let throughput = Series::of(seen, |entry| entry.throughput);
        let latency = Series::of(seen, |entry| entry.latency);
        in_flight.variation() >= MOVED
            && latency.variation() >= LENGTHENED
            && in_flight.correlation(&latency) >= CLOSELY
            && in_flight.correlation(&throughput) <= LOOSELY
    }
}

struct Series {
    values: [f64; LENGTH],
    len: usize,
    mean: f64,
    deviation: f64,
}

impl Series {
    fn of(entries: &[Entry], value: impl Fn(&Entry) -> f64) -> Self {
        let mut values = [0.0; LENGTH];
        for (place, entry) in values.iter_mut().zip(entries) {
            *place = value(entry);
        }
        let count = entries.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares = values[..entries.len()].iter().map(|value| (value - mean).powi(2));
        let deviation = (squares.sum::<f64>() / count).sqrt();
        Self {
            values,
            len: entries.len(),
            mean,
            deviation,
        }
    }

    fn variation(&self) -> f64 {
        if self.mean > 0.0 {
            self.deviation / self.mean
        } else {
            0.0
        }
    }

    /// Pearson's; 0 where one of them did not move.
    fn correlation(&self, other: &Self) -> f64 {
        let scale = self.deviation * other.deviation;
        if scale <= f64::EPSILON * self.mean * other.mean {
            return 0.0;
        }
        let pairs = self.values[..self.len].iter().zip(&other.values);
        let products = pairs.map(|(one, two)| (one - self.mean) * (two - other.mean));
        products.sum::<f64>() / (self.len as f64 * scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(windows: impl IntoIterator<Item = (f64, f64, f64)>) -> History {
        let mut history = History::default();
        for (in_flight, throughput, latency) in windows {
            history.push(in_flight, throughput, latency);
        }
        history
    }

    #[test]
    fn longer_and_no_more_done_is_saturated() {
        let numbers = || (10..20).map(f64::from);
        // A server that does 100 a second whatever comes; one that keeps up; one that nothing was tried on; one seen too little.
        assert!(history(numbers().map(|n| (n, 100.0, n / 100.0))).saturated());
        assert!(!history(numbers().map(|n| (n, n * 10.0, 0.1))).saturated());
        assert!(!history(numbers().map(|_| (10.0, 100.0, 0.1))).saturated());
        assert!(!history(numbers().take(7).map(|n| (n, 100.0, n / 100.0))).saturated());
        let mut history = history(numbers().map(|n| (n, 100.0, n / 100.0)));
        history.clear();
        assert!(!history.saturated());
    }

    #[test]
    fn only_the_last_windows_count() {
        let before = (10..20).map(|n| (f64::from(n), 100.0, f64::from(n) / 100.0));
        let after = (0..24).map(|n| (f64::from(10 + n % 5), f64::from(10 + n % 5), 1.0));
        assert!(!history(before.chain(after)).saturated());
    }
}
