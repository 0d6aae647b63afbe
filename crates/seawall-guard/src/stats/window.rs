use std::time::Duration;

use crate::buckets::{BUCKETS, bucket_of, middle_of};

/// How long a slot lasts.
const SLOT: Duration = Duration::from_secs(10);
const SLOTS: usize = 6;

/// What happened on one route lately. Memory and cost do not depend on how much it was.
#[derive(Debug)]
pub(super) struct Window {
    slots: [Slot; SLOTS],
}

/// Ten seconds. A slot is used again for later ones, and cleared then.
#[derive(Debug)]
struct Slot {
    /// Which ten seconds, counted from the beginning.
    number: u64,
    errors: u32,
    counts: Box<[u32; BUCKETS]>,
}

/// What a window says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Summary {
    pub(super) count: u64,
    pub(super) errors: u64,
    pub(super) quantiles: [Duration; 3],
}

impl Window {
    pub(super) fn new() -> Self {
        let slot = |number| Slot {
            number,
            errors: 0,
            counts: Box::new([0; BUCKETS]),
        };
        Self {
            slots: [0, 1, 2, 3, 4, 5].map(slot),
        }
    }

    /// `at`: since the beginning, for all calls the same.
    pub(super) fn record(&mut self, at: Duration, took: Duration, error: bool) {
        let number = slot_number(at);
        let place = usize::try_from(number % SLOTS as u64).unwrap_or(0);
        let slot = &mut self.slots[place];
        // Who comes so late that its slot is in use again counts there.
        if slot.number < number {
            slot.number = number;
            slot.errors = 0;
            slot.counts.fill(0);
        }
        slot.errors = slot.errors.saturating_add(u32::from(error));
        let count = &mut slot.counts[bucket_of(took)];
        *count = count.saturating_add(1);
    }

    /// Nothing, if nothing happened in the window. `quantiles`: between 0 and 1.
    pub(super) fn summary(&self, at: Duration, quantiles: [f64; 3]) -> Option<Summary> {
        let oldest = (slot_number(at) + 1).saturating_sub(SLOTS as u64);
        let current = || self.slots.iter().filter(|slot| slot.number >= oldest);
        let sums = (0..BUCKETS).map(|bucket| current().map(|slot| u64::from(slot.counts[bucket])).sum());
        let sums: Vec<u64> = sums.collect();
        let count: u64 = sums.iter().sum();
        (count > 0).then(|| Summary {
            count,
            errors: current().map(|slot| u64::from(slot.errors)).sum(),
            quantiles: quantiles.map(|quantile| nearest_rank(&sums, count, quantile)),
        })
    }
}

fn slot_number(at: Duration) -> u64 {
    at.as_secs() / SLOT.as_secs()
}

/// The smallest value that so large a part of all is not above.
fn nearest_rank(sums: &[u64], count: u64, quantile: f64) -> Duration {
    let rank = ((quantile * count as f64).ceil() as u64).clamp(1, count);
    let mut seen = 0;
    let bucket = sums.iter().position(|sum| {
        seen += sum;
        seen >= rank
    });
    middle_of(bucket.unwrap_or(BUCKETS - 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];

    /// All there was, and what follows from it by the definitions alone.
    #[derive(Default)]
    struct Oracle(Vec<(u64, Duration, bool)>);

    impl Oracle {
        fn summary(&self, now: u64) -> Option<(u64, u64, [Duration; 3])> {
            let current = || self.0.iter().filter(|(at, ..)| at / 10 + 6 > now / 10);
            let mut durations: Vec<_> = current().map(|(_, took, _)| *took).collect();
            durations.sort_unstable();
            let rank = |q: f64| durations[((q * durations.len() as f64).ceil() as usize).max(1) - 1];
            let errors = current().filter(|(.., error)| *error).count() as u64;
            (!durations.is_empty()).then(|| (durations.len() as u64, errors, QUANTILES.map(rank)))
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn counts_are_exact_and_quantiles_off_by_a_32nd_at_most(
            calls in prop::collection::vec((0..15u64, 0..38u32, any::<u64>(), any::<bool>()), 1..300)
        ) {
            let (mut window, mut oracle, mut now) = (Window::new(), Oracle::default(), 0);
            for (wait, bits, noise, error) in calls {
                // Mostly close together, at times minutes apart.
                now += if wait == 14 { 45 } else { wait / 7 };
                let took = Duration::from_nanos((1 << bits) | (noise & ((1 << bits) - 1)));
                window.record(Duration::from_secs(now), took, error);
                oracle.0.push((now, took, error));
                let seen = window.summary(Duration::from_secs(now), QUANTILES).unwrap();
                let (count, errors, exact) = oracle.summary(now).unwrap();
                prop_assert_eq!((seen.count, seen.errors), (count, errors));
                for (seen, exact) in seen.quantiles.iter().zip(exact) {
                    prop_assert!(seen.abs_diff(exact) * 32 <= exact, "{:?} for {:?}", seen, exact);
                }
            }
            for later in [now + 30, now + 59, now + 60, now + 3600] {
                let seen = window.summary(Duration::from_secs(later), QUANTILES);
                let seen = seen.map(|seen| (seen.count, seen.errors));
                let exact = oracle.summary(later).map(|(count, errors, _)| (count, errors));
                prop_assert_eq!(seen, exact, "{} s later", later - now);
            }
        }
    }

    #[test]
    fn who_comes_late_counts_and_clears_nothing() {
        let mut window = Window::new();
        let at = Duration::from_secs;
        window.record(at(65), Duration::from_secs(1), false);
        window.record(at(4), Duration::from_secs(1), true);
        let seen = window.summary(at(65), QUANTILES).unwrap();
        assert_eq!((seen.count, seen.errors), (2, 1));
    }
}
