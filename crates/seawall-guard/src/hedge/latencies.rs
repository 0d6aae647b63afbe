//! How long calls took lately, and which time a given part of them took at most. Cost and memory do not depend on how many there were.

use std::time::Duration;

use crate::buckets::{BUCKETS, bucket_of, middle_of};

/// How long a slot lasts.
const SLOT: Duration = Duration::from_secs(10);
const SLOTS: usize = 6;

/// The last 50 to 60 seconds, and their quantile.
#[derive(Debug)]
pub(super) struct Latencies {
    quantile: f64,
    /// By bucket; slot `n` at `n % SLOTS`.
    slots: [Box<[u32; BUCKETS]>; SLOTS],
    newest: u64,
    /// The sums of all slots: what leaves the window is subtracted.
    sums: Box<[u64; BUCKETS]>,
    count: u64,
    /// The bucket of the quantile, and how many are in those before it.
    at: usize,
    below: u64,
}

impl Latencies {
    /// `quantile`: between 0 and 1.
    pub(super) fn new(quantile: f64) -> Self {
        Self {
            quantile,
            slots: std::array::from_fn(|_| Box::new([0; BUCKETS])),
            newest: 0,
            sums: Box::new([0; BUCKETS]),
            count: 0,
            at: 0,
            below: 0,
        }
    }

    /// `now`, here and below: since the beginning, for all calls the same.
    pub(super) fn record(&mut self, now: Duration, took: Duration) {
        self.advance(now);
        let bucket = bucket_of(took);
        let held = &mut self.slots[place(self.newest)][bucket];
        let Some(more) = held.checked_add(1) else {
            return;
        };
        *held = more;
        self.sums[bucket] += 1;
        self.count += 1;
        self.below += u64::from(bucket < self.at);
        self.settle();
    }

    /// The smallest time that so large a part of the calls did not exceed; nothing before there were `enough`.
    pub(super) fn quantile(&mut self, now: Duration, enough: u64) -> Option<Duration> {
        self.advance(now);
        (self.count >= enough.max(1)).then(|| middle_of(self.at))
    }

    /// Moves to the bucket of the rank: a step or two after one more call, at most all buckets after a slot has left.
    fn settle(&mut self) {
        if self.count == 0 {
            (self.at, self.below) = (0, 0);
            return;
        }
        let rank = ((self.quantile * self.count as f64).ceil() as u64).clamp(1, self.count);
        while self.below >= rank {
            self.at -= 1;
            self.below -= self.sums[self.at];
        }
        while self.below + self.sums[self.at] < rank {
            self.below += self.sums[self.at];
            self.at += 1;
        }
    }

    fn advance(&mut self, now: Duration) {
        let number = now.as_secs() / SLOT.as_secs();
        // Who comes so late that its slot is over counts in the newest.
        let passed = number.saturating_sub(self.newest).min(SLOTS as u64);
        if passed == 0 {
            return;
        }
        for step in 1..=passed {
            let slot = &mut self.slots[place(self.newest + step)];
            for (bucket, (held, sum)) in slot.iter_mut().zip(self.sums.iter_mut()).enumerate() {
                let gone = u64::from(std::mem::take(held));
                *sum -= gone;
                self.count -= gone;
                self.below -= if bucket < self.at { gone } else { 0 };
            }
        }
        self.newest = number;
        self.settle();
    }
}

fn place(slot: u64) -> usize {
    usize::try_from(slot % SLOTS as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All there was, and what follows from it by the definition alone.
    fn exact(calls: &[(u64, Duration)], now: u64, quantile: f64) -> Option<Duration> {
        let current = calls.iter().filter(|(at, _)| at / 10 + 6 > now / 10);
        let mut durations: Vec<_> = current.map(|(_, took)| *took).collect();
        durations.sort_unstable();
        let rank = ((quantile * durations.len() as f64).ceil() as usize).max(1);
        durations.get(rank - 1).copied()
    }

    proptest! {
        #[test]
        fn the_quantile_is_off_by_a_32nd_at_most(
            quantile in 0.01..0.999f64,
            calls in prop::collection::vec((0..15u64, 0..38u32, any::<u64>()), 1..300),
        ) {
            let (mut latencies, mut all, mut now) = (Latencies::new(quantile), Vec::new(), 0);
            for (wait, bits, noise) in calls {
                // Mostly close together, at times minutes apart.
                now += if wait == 14 { 45 } else { wait / 7 };
                let took = Duration::from_nanos((1 << bits) | (noise & ((1 << bits) - 1)));
                latencies.record(Duration::from_secs(now), took);
                all.push((now, took));
                for later in [now, now + 13] {
                    // Looking ahead moves the window on, so a copy of it looks.
                    let mut copy = Latencies { slots: latencies.slots.clone(), sums: latencies.sums.clone(), ..latencies };
                    let seen = copy.quantile(Duration::from_secs(later), 1);
                    let exact = exact(&all, later, quantile);
                    prop_assert_eq!(seen.is_some(), exact.is_some());
                    let (seen, exact) = (seen.unwrap_or_default(), exact.unwrap_or_default());
                    prop_assert!(seen.abs_diff(exact) * 32 <= exact, "{:?} for {:?}", seen, exact);
                }
            }
            prop_assert_eq!(latencies.quantile(Duration::from_secs(now + 60), 1), None);
        }
    }

    #[test]
    fn it_says_nothing_before_there_were_enough() {
        let mut latencies = Latencies::new(0.5);
        assert_eq!(latencies.quantile(Duration::ZERO, 0), None);
        latencies.record(Duration::ZERO, Duration::from_nanos(7));
        assert_eq!(latencies.quantile(Duration::ZERO, 2), None);
        latencies.record(Duration::ZERO, Duration::from_nanos(9));
        assert_eq!(latencies.quantile(Duration::ZERO, 2), Some(Duration::from_nanos(7)));
    }
}
