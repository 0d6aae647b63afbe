use tokio::time::Instant;

use super::buckets::Buckets;
use super::ring::Ring;
use super::{Mark, Sums};
use crate::breaker::config::Window;

/// The calls of the window.
#[derive(Debug)]
pub(in crate::breaker) enum Tally {
    Calls(Ring),
    Time(Buckets),
}

impl Tally {
    pub(in crate::breaker) fn new(window: Window, now: Instant) -> Self {
        match window {
            Window::Calls(calls) => Self::Calls(Ring::new(calls)),
            Window::Time { length, buckets } => Self::Time(Buckets::new(length, buckets, now)),
        }
    }

    /// `at` is asked for by windows of time only.
    #[inline]
    pub(in crate::breaker) fn add(&mut self, mark: Mark, at: impl FnOnce() -> Instant) {
        match self {
            Self::Calls(ring) => ring.add(mark),
            Self::Time(buckets) => buckets.add(mark, at()),
        }
    }

    pub(in crate::breaker) fn roll(&mut self, now: Instant) {
        if let Self::Time(buckets) = self {
            buckets.roll(now);
        }
    }

    pub(in crate::breaker) fn clear(&mut self) {
        match self {
            Self::Calls(ring) => ring.clear(),
            Self::Time(buckets) => buckets.clear(),
        }
    }

    #[inline]
    pub(in crate::breaker) const fn sums(&self) -> Sums {
        match self {
            Self::Calls(ring) => ring.sums(),
            Self::Time(buckets) => buckets.sums(),
        }
    }
}

#[cfg(test)]
mod tests;
