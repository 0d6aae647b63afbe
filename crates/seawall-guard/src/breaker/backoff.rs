use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

/// How long a breaker is open, by how often it has opened without having been closed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Backoff {
    pub(super) first: Duration,
    pub(super) factor: f64,
    pub(super) longest: Duration,
    /// The part of it that chance may take away.
    pub(super) jitter: f64,
}

impl Backoff {
    /// `opening` counts from 1.
    pub(super) fn open_time(&self, opening: u32) -> Duration {
        let steps = i32::try_from(opening.saturating_sub(1)).unwrap_or(i32::MAX);
        let grown = self.first.as_secs_f64() * self.factor.powi(steps);
        let longest = self.longest.as_secs_f64();
        // Too large for any number is infinite, and the cap is still the cap.
        let seconds = grown.min(longest) * (1.0 - self.jitter * chance());
        Duration::from_secs_f64(seconds).min(self.longest)
    }
}

/// From 0 to less than 1. The standard library's keys for hash maps are random and differ each time: enough to bring many
/// processes out of step, at a moment that is rare.
fn chance() -> f64 {
    let bits = RandomState::new().hash_one(0_u8) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        first: Duration::from_millis(1500),
        factor: 2.0,
        longest: Duration::from_secs(10),
        jitter: 0.0,
    };

    #[test]
    fn it_grows_to_its_cap_and_not_beyond() {
        let times = [1, 2, 3, 4, 5, u32::MAX].map(|opening| BACKOFF.open_time(opening).as_millis());
        assert_eq!(times, [1500, 3000, 6000, 10_000, 10_000, 10_000]);
    }

    #[test]
    fn chance_takes_at_most_its_part_and_not_always_the_same() {
        let backoff = Backoff { jitter: 0.5, ..BACKOFF };
        let times: Vec<_> = (0..200).map(|_| backoff.open_time(4).as_millis()).collect();
        assert!(times.iter().all(|time| (5000..=10_000).contains(time)), "{times:?}");
        assert!(times.iter().any(|time| *time < 6500) && times.iter().any(|time| *time > 8500));
    }
}
