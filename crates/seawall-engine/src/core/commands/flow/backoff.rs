//! How long to wait before the next attempt.

use std::time::Duration;

use crate::definition::{Backoff, Jitter};

/// The delay after `failures` earlier failures (0: the first one). `random` decides the jitter.
pub(in crate::core::commands) fn delay(backoff: &Backoff, failures: u32, random: u64) -> Duration {
    let whole = whole(backoff, failures);
    // 53 bits: as many as a double holds.
    let share = (random >> 11) as f64 / (1u64 << 53) as f64;
    match backoff.jitter {
        Jitter::None => whole,
        Jitter::Full => whole.mul_f64(share),
        Jitter::Equal => whole.mul_f64(0.5 + share / 2.0),
    }
}

/// The shortest and the longest delay that [`delay`] gives, whatever chance says.
pub(crate) fn delays(backoff: &Backoff, failures: u32) -> (Duration, Duration) {
    let whole = whole(backoff, failures);
    let least = match backoff.jitter {
        Jitter::None => whole,
        Jitter::Full => Duration::ZERO,
        Jitter::Equal => whole.mul_f64(0.5),
    };
    (least, whole)
}

fn whole(backoff: &Backoff, failures: u32) -> Duration {
    let power = i32::try_from(failures).unwrap_or(i32::MAX);
    let grown = backoff.initial.as_secs_f64() * backoff.multiplier.powi(power);
    // NaN and infinity end at the cap as well.
    let seconds = if grown < backoff.max.as_secs_f64() {
        grown
    } else {
        backoff.max.as_secs_f64()
    };
    Duration::from_secs_f64(seconds.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Backoff = Backoff {
        initial: Duration::from_millis(100),
        multiplier: 2.0,
        max: Duration::from_secs(1),
        jitter: Jitter::None,
    };

    #[test]
    fn the_delay_grows_up_to_its_cap() {
        let delays: Vec<u128> = (0..6).map(|failures| delay(&POLICY, failures, 7).as_millis()).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1000, 1000]);
        assert_eq!(delay(&POLICY, u32::MAX, 7), POLICY.max);
    }

    #[test]
    fn jitter_stays_inside_its_half_or_its_whole() {
        for random in [0, 1, u64::MAX / 2, u64::MAX] {
            assert!(
                delay(
                    &Backoff {
                        jitter: Jitter::Full,
                        ..POLICY
                    },
                    1,
                    random
                ) <= Duration::from_millis(200)
            );
            let equal = delay(
                &Backoff {
                    jitter: Jitter::Equal,
                    ..POLICY
                },
                1,
                random,
            );
            assert!(equal >= Duration::from_millis(100) && equal <= Duration::from_millis(200));
        }
        assert_eq!(
            delay(
                &Backoff {
                    jitter: Jitter::Full,
                    ..POLICY
                },
                1,
                0
            ),
            Duration::ZERO
        );
    }

    #[test]
    fn every_delay_lies_between_the_shortest_and_the_longest() {
        for jitter in [Jitter::None, Jitter::Full, Jitter::Equal] {
            let backoff = Backoff { jitter, ..POLICY };
            for failures in [0, 1, 7] {
                let (least, most) = delays(&backoff, failures);
                assert_eq!(delay(&backoff, failures, 0), least);
                for random in [1, u64::MAX / 3, u64::MAX] {
                    let delay = delay(&backoff, failures, random);
                    assert!(least <= delay && delay <= most, "{jitter:?} {failures} {random}");
                }
            }
        }
    }
}
