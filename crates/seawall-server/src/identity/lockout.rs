//! When an account takes no more passwords for a while. Pure: what happened and when comes in, what is kept goes out.
//!
//! It holds for names without a user as well, with the same numbers, so that it tells nobody who exists. It slows guessing
//! down and cannot be used to shut somebody out for long: the longest lock is [`LockoutPolicy::longest`].

use std::time::Duration;

use seawall_store::Timestamp;

/// So many failures in so long a time lock, for a time that doubles with each lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LockoutPolicy {
    pub failures: u32,
    pub window: Duration,
    /// How long the first lock is.
    pub shortest: Duration,
    pub longest: Duration,
    /// After so long without a failure, everything is forgotten.
    pub forgotten_after: Duration,
}

impl LockoutPolicy {
    /// Five failures in 15 minutes; 1 minute, 2, 4 and so on to 1 hour; forgotten after a day. That is at most 120 guesses
    /// in a day at one account once the locks are long.
    pub const DEFAULT: Self = Self {
        failures: 5,
        window: Duration::from_secs(15 * 60),
        shortest: Duration::from_secs(60),
        longest: Duration::from_secs(60 * 60),
        forgotten_after: Duration::from_secs(24 * 60 * 60),
    };
}

/// What is kept of an account's failures. A success clears it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Failures {
    /// In the window that began at `since`.
    pub count: u32,
    pub since: Timestamp,
    pub last: Timestamp,
    /// How many locks there have been.
    pub locks: u32,
    pub locked_until: Option<Timestamp>,
}

impl Failures {
    /// How long the account is still locked. None: a password may be tried.
    #[must_use]
    pub fn locked_for(&self, now: Timestamp) -> Option<Duration> {
        let until = self.locked_until.filter(|until| *until > now)?;
        Some(until.since(now))
    }

    /// `(open | locked) => (open | locked)`: what is kept after one more wrong password. One that comes while the account
    /// is locked was not looked at and changes nothing.
    #[must_use]
    pub fn after_failure(self, policy: &LockoutPolicy, now: Timestamp) -> Self {
        if self.locked_for(now).is_some() {
            return self;
        }
        let kept = if now.since(self.last) >= policy.forgotten_after {
            Self::default()
        } else {
            self
        };
        // A clock that was set back does not make a window endless: it begins anew.
        let in_window = kept.count > 0 && kept.since <= now && now.since(kept.since) < policy.window;
        let (count, since) = if in_window {
            (kept.count.saturating_add(1), kept.since)
        } else {
            (1, now)
        };
        if count < policy.failures {
            return Self {
                count,
                since,
                last: now,
                locked_until: None,
                ..kept
            };
        }
        Self {
            count: 0,
            since: now,
            last: now,
            locks: kept.locks.saturating_add(1),
            locked_until: Some(now.saturating_add(lock(policy, kept.locks))),
        }
    }
}

/// The length of the lock after `before` others.
fn lock(policy: &LockoutPolicy, before: u32) -> Duration {
    let factor = 1_u32.checked_shl(before.min(31)).unwrap_or(u32::MAX);
    policy.shortest.saturating_mul(factor).min(policy.longest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: LockoutPolicy = LockoutPolicy::DEFAULT;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000).saturating_add(Duration::from_secs(seconds))
    }

    #[test]
    fn the_fifth_failure_in_the_window_locks_and_an_older_one_does_not_count() {
        let mut failures = Failures::default();
        for second in 0..4 {
            failures = failures.after_failure(&POLICY, at(second));
            assert_eq!(failures.locked_for(at(second)), None);
        }
        // The window began at 0 and is over.
        let later = failures.after_failure(&POLICY, at(900));
        assert_eq!((later.count, later.locked_for(at(900))), (1, None));
        let locked = failures.after_failure(&POLICY, at(899));
        assert_eq!(locked.locked_for(at(899)), Some(Duration::from_secs(60)));
        assert_eq!(locked.locked_for(at(958)), Some(Duration::from_secs(1)));
        assert_eq!(locked.locked_for(at(959)), None);
        assert_eq!(
            locked.after_failure(&POLICY, at(930)),
            locked,
            "it was locked and changes nothing"
        );
    }

    #[test]
    fn locks_grow_to_their_longest_and_are_forgotten_after_a_quiet_day() {
        let mut failures = Failures::default();
        let mut now = at(0);
        let mut locks = Vec::new();
        for _ in 0..40 {
            for _ in 0..POLICY.failures {
                failures = failures.after_failure(&POLICY, now);
            }
            let lock = failures.locked_for(now).unwrap();
            locks.push(lock.as_secs() / 60);
            now = now.saturating_add(lock);
        }
        assert_eq!(locks[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(locks[39], 60);
        let quiet = now.saturating_add(POLICY.forgotten_after);
        let fresh = failures.after_failure(&POLICY, quiet);
        assert_eq!((fresh.count, fresh.locks), (1, 0));
    }

    proptest! {
        /// Against a log of all tries: within any window there are never more looked-at failures than the policy allows.
        #[test]
        fn no_more_passwords_are_tried_in_any_window_than_the_policy_allows(gaps in prop::collection::vec(0_u64..1_000, 1..200)) {
            let (mut failures, mut now, mut tried) = (Failures::default(), 0, Vec::new());
            for gap in gaps {
                now += gap;
                if failures.locked_for(at(now)).is_none() {
                    failures = failures.after_failure(&POLICY, at(now));
                    tried.push(now);
                }
            }
            // Windows lie end to end, so that any stretch of one window's length meets two of them at most.
            let window = POLICY.window.as_secs();
            for (index, first) in tried.iter().enumerate() {
                let within = tried[index..].iter().take_while(|second| **second < first + window).count();
                prop_assert!(within <= 2 * POLICY.failures as usize + lock_room(window), "{within}");
            }
        }
    }

    /// How many more fit into a window because locks are shorter than it: one batch for each short lock.
    fn lock_room(window: u64) -> usize {
        let short = (0..32)
            .take_while(|before| lock(&POLICY, *before).as_secs() < window)
            .count();
        short * POLICY.failures as usize
    }
}
