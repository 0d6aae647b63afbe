use std::time::Duration;

use crate::time::Timestamp;

/// When guessing at a password is stopped, and for how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LockPolicy {
    /// Attempts in a row without a success, before the first lock.
    pub after: u32,
    /// How long the first lock lasts; each further attempt doubles it.
    pub first: Duration,
    pub longest: Duration,
}

impl LockPolicy {
    /// For how long attempts are refused after this many in a row.
    #[must_use]
    pub fn lock_after(&self, attempts: u32) -> Option<Duration> {
        let further = attempts.checked_sub(self.after)?;
        let factor = 1_u32.checked_shl(further).unwrap_or(u32::MAX);
        Some(self.first.saturating_mul(factor).min(self.longest))
    }
}

/// Whether a password may be looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoginAttempt {
    /// It is counted as a failure until a session begins.
    Admitted {
        /// With this one.
        attempts: u32,
    },
    /// There were too many. This one is not counted.
    Locked { until: Timestamp },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_double_up_to_the_longest() {
        let policy = LockPolicy {
            after: 3,
            first: Duration::from_secs(10),
            longest: Duration::from_secs(60),
        };
        let seconds = |attempts| policy.lock_after(attempts).map(|lock| lock.as_secs());
        let found: Vec<_> = [0, 2, 3, 4, 5, 6, 34, 35, 36, u32::MAX]
            .into_iter()
            .map(seconds)
            .collect();
        let longest = Some(60);
        assert_eq!(
            found,
            [
                None,
                None,
                Some(10),
                Some(20),
                Some(40),
                longest,
                longest,
                longest,
                longest,
                longest
            ]
        );
    }
}
