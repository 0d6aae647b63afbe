use std::time::Duration;

use super::{Chance, InvalidRetry};

/// How waits grow: the first whole one is `initial`, each next one `multiplier` times as long, none longer than `max`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Backoff {
    initial: Duration,
    multiplier: f64,
    max: Duration,
    jitter: Jitter,
}

/// How a wait is spread, so that those who failed together do not come again together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Jitter {
    /// The whole wait: for tests, and for a single caller.
    None,
    /// Between nothing and the whole wait.
    Full,
    /// Between half and the whole wait.
    Equal,
    /// Between `initial` and three times the last wait, at most `max`; the multiplier says nothing here. What lies beyond `max` is
    /// not cut down to it, where all would meet again: chance decides between the bounds.
    Decorrelated,
}

impl Backoff {
    /// Waits from `initial` to `max` that double, with full jitter.
    ///
    /// # Errors
    /// `initial` is longer than `max`.
    pub const fn new(initial: Duration, max: Duration) -> Result<Self, InvalidRetry> {
        if initial.as_nanos() > max.as_nanos() {
            return Err(InvalidRetry::Backoff { initial, max });
        }
        Ok(Self {
            initial,
            multiplier: 2.0,
            max,
            jitter: Jitter::Full,
        })
    }

    /// # Errors
    /// The multiplier is not a number from 1 on: waits would shrink.
    pub fn with_multiplier(mut self, multiplier: f64) -> Result<Self, InvalidRetry> {
        if !multiplier.is_finite() || multiplier < 1.0 {
            return Err(InvalidRetry::Multiplier(multiplier));
        }
        self.multiplier = multiplier;
        Ok(self)
    }

    #[must_use]
    pub const fn with_jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// The wait after `failures` earlier failures (0: the first one), before jitter.
    fn whole(&self, failures: u32) -> Duration {
        if self.initial.is_zero() {
            return Duration::ZERO;
        }
        let power = i32::try_from(failures).unwrap_or(i32::MAX);
        let grown = self.initial.as_secs_f64() * self.multiplier.powi(power);
        let whole = Duration::try_from_secs_f64(grown).unwrap_or(self.max);
        whole.min(self.max)
    }
}

impl Default for Backoff {
    /// From 100 ms to 10 s.
    fn default() -> Self {
        Self {
            initial: Duration::from_millis(100),
            multiplier: 2.0,
            max: Duration::from_secs(10),
            jitter: Jitter::Full,
        }
    }
}

/// The waits of one call, one after the other.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Waits {
    failures: u32,
    /// None: nobody has waited yet.
    last: Option<Duration>,
}

impl Waits {
    pub(super) fn next(&mut self, backoff: &Backoff, chance: &Chance) -> Duration {
        let whole = backoff.whole(self.failures);
        self.failures = self.failures.saturating_add(1);
        let wait = match backoff.jitter {
            Jitter::None => whole,
            Jitter::Full => chance.between(Duration::ZERO, whole),
            Jitter::Equal => chance.between(whole / 2, whole),
            Jitter::Decorrelated => {
                let longest = self.last.unwrap_or(backoff.initial).saturating_mul(3);
                chance.between(backoff.initial, longest.min(backoff.max))
            }
        };
        self.last = Some(wait);
        wait
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn waits(backoff: Backoff, seed: u64, count: usize) -> Vec<Duration> {
        let (mut waits, chance) = (Waits::default(), Chance::seeded(seed));
        (0..count).map(|_| waits.next(&backoff, &chance)).collect()
    }

    /// The shortest and the longest wait by the definitions alone.
    fn bounds(backoff: &Backoff, failures: usize, last: Duration) -> (Duration, Duration) {
        let mut whole = backoff.initial.as_nanos() as f64;
        for _ in 0..failures {
            whole = (whole * backoff.multiplier).min(backoff.max.as_nanos() as f64);
        }
        let whole = Duration::from_nanos(whole as u64);
        match backoff.jitter {
            Jitter::None => (whole, whole),
            Jitter::Full => (Duration::ZERO, whole),
            Jitter::Equal => (whole / 2, whole),
            Jitter::Decorrelated => (backoff.initial, (last * 3).min(backoff.max)),
        }
    }

    fn jitter() -> impl Strategy<Value = Jitter> {
        prop::sample::select(vec![Jitter::None, Jitter::Full, Jitter::Equal, Jitter::Decorrelated])
    }

    #[test]
    fn waits_grow_up_to_their_cap() {
        let backoff = Backoff::new(100 * MS, 1_000 * MS).unwrap().with_jitter(Jitter::None);
        assert_eq!(waits(backoff, 0, 6), [100, 200, 400, 800, 1000, 1000].map(|ms| ms * MS));
        let steep = backoff.with_multiplier(f64::MAX).unwrap();
        assert_eq!(waits(steep, 0, 4), [100, 1000, 1000, 1000].map(|ms| ms * MS));
        let (mut late, chance) = (
            Waits {
                failures: u32::MAX,
                last: None,
            },
            Chance::seeded(0),
        );
        assert_eq!(late.next(&backoff, &chance), 1_000 * MS);
        let none = Backoff::new(Duration::ZERO, Duration::ZERO).unwrap();
        assert_eq!(
            waits(none.with_multiplier(f64::MAX).unwrap(), 0, 3),
            [Duration::ZERO; 3]
        );
        assert_eq!(waits(Backoff::new(MS, Duration::MAX).unwrap(), 1, 80).len(), 80);
    }

    #[test]
    fn figures_that_make_no_sense_are_refused() {
        let error = Backoff::new(2 * MS, MS).unwrap_err().to_string();
        assert_eq!(error, "the first wait of 2ms is longer than the longest, 1ms");
        for multiplier in [0.9, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Backoff::default().with_multiplier(multiplier).is_err(), "{multiplier}");
        }
    }

    proptest! {
        #[test]
        fn every_wait_lies_between_its_bounds(
            jitter in jitter(),
            initial in 0..2_000u32,
            more in 0..60_000u32,
            multiplier in 1.0..4.0f64,
            seed in any::<u64>(),
        ) {
            let backoff = Backoff::new(initial * MS, (initial + more) * MS).unwrap().with_jitter(jitter);
            let backoff = backoff.with_multiplier(multiplier).unwrap();
            let mut last = backoff.initial;
            for (failures, wait) in waits(backoff, seed, 12).into_iter().enumerate() {
                let (least, most) = bounds(&backoff, failures, last);
                // The model rounds where it multiplies.
                let rounding = Duration::from_nanos(64);
                prop_assert!(least <= wait + rounding && wait <= most + rounding, "{failures}: {wait:?}");
                last = wait;
            }
        }
    }

    #[test]
    fn chance_reaches_all_between_the_bounds_evenly() {
        let chance = Chance::seeded(7);
        for (jitter, least, most) in [
            (Jitter::Full, Duration::ZERO, 400 * MS),
            (Jitter::Equal, 200 * MS, 400 * MS),
            // After 150 ms.
            (Jitter::Decorrelated, 100 * MS, 450 * MS),
        ] {
            let backoff = Backoff::new(100 * MS, 10_000 * MS).unwrap().with_jitter(jitter);
            let mut tenths = [0u32; 10];
            for _ in 0..10_000 {
                let mut waits = Waits {
                    failures: 2,
                    last: Some(150 * MS),
                };
                let wait = waits.next(&backoff, &chance);
                let share = (wait - least).div_duration_f64(most - least);
                tenths[((share * 10.0) as usize).min(9)] += 1;
            }
            // 1,000 each, with a standard deviation of 30.
            assert!(
                tenths.iter().all(|count| (850..1150).contains(count)),
                "{jitter:?} {tenths:?}"
            );
        }
    }
}
