use super::Standing;

/// A bucket that fills evenly, kept as one number: the time at which it will be full again (the generic cell rate
/// algorithm's theoretical arrival time). Times are nanoseconds since the store began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Gcra {
    interval: u64,
    burst: u32,
}

impl Gcra {
    /// `interval * burst` must not overflow.
    pub(super) const fn new(interval: u64, burst: u32) -> Self {
        Self { interval, burst }
    }

    /// Until there is one more.
    pub(super) const fn interval(self) -> u64 {
        self.interval
    }

    pub(super) const fn burst(self) -> u32 {
        self.burst
    }

    /// How a bucket that is full at `full_at` stands before anything is taken, and whether it has room for `cost`.
    #[inline]
    pub(super) fn weigh(self, full_at: u64, now: u64, cost: u32) -> Standing {
        let used = full_at.saturating_sub(now);
        let free = (self.interval * u64::from(self.burst)).saturating_sub(used);
        // At most the burst, which is a u32.
        let remaining = u32::try_from(free / self.interval).unwrap_or(u32::MAX);
        let wait = match cost {
            // It never has room for more than its burst: when it is full is as good a time as any other.
            _ if cost > self.burst => used.max(self.interval),
            _ => self.price(cost).saturating_sub(free),
        };
        Standing::raw(remaining, used, wait, full_at.max(now))
    }

    /// The state after `cost`, for which there was room, and the standing with it.
    #[inline]
    pub(super) fn take(self, standing: &mut Standing, full_at: u64, now: u64, cost: u32) -> u64 {
        let full_at = full_at.max(now) + self.price(cost);
        standing.set_taken(cost, full_at - now);
        full_at
    }

    /// The state after `cost` is given back that was taken when the bucket would have been full at `mark`.
    ///
    /// What has come in since `mark` would have come in over the brim: it is not given a second time. So whatever is given back,
    /// the requests that were not stay within what a bucket admits.
    pub(super) fn give_back(self, full_at: u64, now: u64, cost: u32, mark: u64) -> u64 {
        let worth = self.price(cost).saturating_sub(now.saturating_sub(mark));
        full_at.saturating_sub(worth)
    }

    /// No request costs more than the burst.
    #[inline]
    fn price(self, cost: u32) -> u64 {
        self.interval * u64::from(cost.min(self.burst))
    }
}
