use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What jitter is drawn from: SplitMix64, one atomic addition a draw. Clones draw from the same. It is no secret, and not for secrets.
#[derive(Clone, Debug)]
pub struct Chance(Arc<AtomicU64>);

/// 2^64 divided by the golden ratio, odd: adding it visits all numbers.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Chance {
    /// The same draws each time.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }

    fn draw(&self) -> u64 {
        let mut drawn = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        drawn ^ (drawn >> 31)
    }

    /// Both bounds can come. Should they be the wrong way round, the first is it.
    pub(super) fn between(&self, least: Duration, most: Duration) -> Duration {
        let span = u64::try_from(most.saturating_sub(least).as_nanos()).unwrap_or(u64::MAX);
        let share = (u128::from(self.draw()) * (u128::from(span) + 1)) >> 64;
        least.saturating_add(Duration::from_nanos(u64::try_from(share).unwrap_or(span)))
    }
}

impl Default for Chance {
    /// Seeded by the operating system's chance.
    fn default() -> Self {
        Self::seeded(RandomState::new().hash_one(0))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn draws_are_those_of_splitmix64() {
        // The published first outputs for the seed 1234567.
        let chance = Chance::seeded(1_234_567);
        let drawn = [chance.draw(), chance.clone().draw(), chance.draw()];
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn both_bounds_come_and_nothing_else() {
        let chance = Chance::seeded(3);
        let nanos = Duration::from_nanos;
        let drawn: HashSet<_> = (0..200).map(|_| chance.between(nanos(5), nanos(8))).collect();
        assert_eq!(drawn, HashSet::from([5, 6, 7, 8].map(nanos)));
        assert_eq!(chance.between(nanos(8), nanos(5)), nanos(8));
        assert!(chance.between(Duration::ZERO, Duration::MAX) < Duration::MAX);
        assert_ne!(Chance::default().draw(), Chance::default().draw());
    }
}
