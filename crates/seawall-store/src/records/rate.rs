use std::time::Duration;

use crate::time::Timestamp;

/// So many in that time: a burst of `limit` at once, and then one each `per / limit`.
///
/// Kept as one instant, the cell rate algorithm's "theoretical arrival time": when all that was let through is made up for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    pub limit: u32,
    pub per: Duration,
}

/// How far a rate is used up: when it is as good as new, in microseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Spent(pub i64);

impl Spent {
    /// As good as new at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(now.as_millis().saturating_mul(1000))
    }
}

impl Rate {
    /// Rounded up: never faster than asked for.
    fn interval(self) -> i64 {
        let per = i64::try_from(self.per.as_micros()).unwrap_or(i64::MAX);
        let limit = i64::from(self.limit.max(1));
        (per / limit + i64::from(per % limit != 0)).max(1)
    }

    /// How long after one the next is let through, once the burst is used up.
    #[must_use]
    pub fn spacing(self) -> Duration {
        Duration::from_micros(u64::try_from(self.interval()).unwrap_or(u64::MAX))
    }

    fn burst(self) -> i64 {
        self.interval().saturating_mul(i64::from(self.limit.max(1)))
    }

    /// No debt is longer than a burst. One that seems so was made by another rate or before the clock was set back: one is let
    /// through at once, which brings the debt up to this clock; else nothing would pass until the old time is reached.
    fn debt(self, spent: Spent, now: Timestamp) -> i64 {
        let debt = spent.0.saturating_sub(Spent::at(now).0).max(0);
        if debt > self.burst() {
            self.burst() - self.interval()
        } else {
            debt
        }
    }

    /// How many are let through now.
    #[must_use]
    pub fn allowed(self, spent: Spent, now: Timestamp) -> u64 {
        let left = self.burst() - self.debt(spent, now);
        u64::try_from(left / self.interval()).unwrap_or(0)
    }

    /// What is spent once `count` more were let through now.
    #[must_use]
    pub fn spend(self, spent: Spent, now: Timestamp, count: u64) -> Spent {
        let more = self.interval().saturating_mul(i64::try_from(count).unwrap_or(i64::MAX));
        Spent(
            Spent::at(now)
                .0
                .saturating_add(self.debt(spent, now))
                .saturating_add(more),
        )
    }

    /// Lets one through.
    ///
    /// # Errors
    /// When the next one is let through.
    pub fn take(self, spent: Spent, now: Timestamp) -> Result<Spent, Timestamp> {
        if self.allowed(spent, now) == 0 {
            return Err(self.next(spent, now));
        }
        Ok(self.spend(spent, now, 1))
    }

    /// When the next one is let through; now if that is already so.
    #[must_use]
    pub fn next(self, spent: Spent, now: Timestamp) -> Timestamp {
        let wait = self.debt(spent, now) - (self.burst() - self.interval());
        let micros = u64::try_from(wait).unwrap_or(0);
        now.saturating_add(Duration::from_millis(micros.div_ceil(1000)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn later(millis: u64) -> Timestamp {
        NOW.saturating_add(Duration::from_millis(millis))
    }

    fn rate(limit: u32, seconds: u64) -> Rate {
        Rate {
            limit,
            per: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn a_burst_goes_at_once_and_then_one_after_the_other() {
        let rate = rate(4, 2);
        assert_eq!(rate.allowed(Spent::default(), NOW), 4);
        assert_eq!(rate.next(Spent::default(), NOW), NOW);
        let spent = rate.spend(Spent::default(), NOW, 4);
        assert_eq!((rate.allowed(spent, NOW), rate.next(spent, NOW)), (0, later(500)));
        assert_eq!(rate.allowed(spent, later(499)), 0);
        assert_eq!(rate.allowed(spent, later(500)), 1);
        assert_eq!(rate.allowed(spent, later(1999)), 3);
        assert_eq!(rate.allowed(spent, later(2000)), 4);
        assert_eq!(rate.allowed(spent, later(900_000)), 4);
    }

    #[test]
    fn a_waiter_comes_neither_too_early_nor_in_vain() {
        // A third of a second is no whole number of milliseconds.
        let rate = rate(3, 1);
        let spent = rate.spend(Spent::default(), NOW, 3);
        assert_eq!(rate.next(spent, NOW), later(334));
        assert_eq!(
            (rate.allowed(spent, later(333)), rate.allowed(spent, later(334))),
            (0, 1)
        );
    }

    #[test]
    fn a_debt_of_another_rate_or_another_clock_stops_a_rate_for_one_interval() {
        let slow = rate(1, 3600);
        let of_the_slow = slow.spend(Spent::default(), NOW, 1);
        let fast = rate(10, 1);
        let of_a_later_clock = fast.spend(Spent::default(), later(3_600_000), 10);
        for spent in [of_the_slow, of_a_later_clock] {
            assert_eq!(fast.next(spent, NOW), NOW);
            let spent = fast.take(spent, NOW).expect("one at once");
            assert_eq!(fast.take(spent, NOW), Err(later(100)));
            assert!(fast.take(spent, later(100)).is_ok());
        }
    }

    #[test]
    fn the_ends_of_numbers_do_no_harm() {
        for rate in [
            rate(0, 0),
            rate(u32::MAX, u64::MAX),
            rate(1, u64::MAX),
            rate(u32::MAX, 1),
        ] {
            for now in [Timestamp::from_millis(i64::MAX), Timestamp::from_millis(i64::MIN), NOW] {
                let spent = rate.spend(Spent(i64::MAX), now, u64::MAX);
                let _ = (rate.allowed(spent, now), rate.next(spent, now));
                let _ = (rate.allowed(Spent(i64::MIN), now), rate.next(Spent(i64::MIN), now));
            }
        }
    }
}
