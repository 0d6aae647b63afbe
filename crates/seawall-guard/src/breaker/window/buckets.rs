use std::time::Duration;

use tokio::time::Instant;

use super::{Mark, Sums};

/// The calls of the last so much time, in buckets of equal width.
#[derive(Debug)]
pub(in crate::breaker) struct Buckets {
    began: Instant,
    width_nanos: u64,
    buckets: Box<[Sums]>,
    /// The number of the newest bucket, counted from `began`. It never goes back.
    current: u64,
    sums: Sums,
}

impl Buckets {
    /// `count`: at least 1, and at most as many as `length` has nanoseconds.
    pub(super) fn new(length: Duration, count: usize, began: Instant) -> Self {
        Self {
            began,
            width_nanos: (nanos(length) / count as u64).max(1),
            buckets: vec![Sums::default(); count].into_boxed_slice(),
            current: 0,
            sums: Sums::default(),
        }
    }

    /// Who comes with an older time, by a race to the lock, counts in the newest bucket.
    pub(super) fn add(&mut self, mark: Mark, at: Instant) {
        self.roll(at);
        let place = self.place(self.current);
        self.buckets[place].add(mark);
        self.sums.add(mark);
    }

    /// Drops what is too old by now. Costs at most a look at each bucket, however much time has passed.
    pub(super) fn roll(&mut self, at: Instant) {
        let number = nanos(at.saturating_duration_since(self.began)) / self.width_nanos;
        let passed = number.saturating_sub(self.current);
        if passed >= self.buckets.len() as u64 {
            self.clear();
            self.current = number;
        }
        while self.current < number {
            self.current += 1;
            let place = self.place(self.current);
            let dropped = std::mem::take(&mut self.buckets[place]);
            self.sums.evict_all(dropped);
        }
    }

    pub(super) fn clear(&mut self) {
        self.buckets.fill(Sums::default());
        self.sums = Sums::default();
    }

    pub(super) const fn sums(&self) -> Sums {
        self.sums
    }

    fn place(&self, number: u64) -> usize {
        usize::try_from(number % self.buckets.len() as u64).unwrap_or(0)
    }
}

/// A division of 64 bits is quick, and they hold the nanoseconds of 584 years.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
