/// What is kept of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::breaker) struct Mark {
    pub(in crate::breaker) failed: bool,
    pub(in crate::breaker) slow: bool,
}

/// So many calls, and how they were.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::breaker) struct Sums {
    pub(in crate::breaker) calls: u64,
    pub(in crate::breaker) failed: u64,
    pub(in crate::breaker) slow: u64,
}

impl Sums {
    #[inline]
    pub(in crate::breaker) fn add(&mut self, mark: Mark) {
        self.calls += 1;
        self.failed += u64::from(mark.failed);
        self.slow += u64::from(mark.slow);
    }

    #[inline]
    pub(super) fn evict(&mut self, mark: Mark) {
        self.calls -= 1;
        self.failed -= u64::from(mark.failed);
        self.slow -= u64::from(mark.slow);
    }

    pub(super) fn evict_all(&mut self, other: Self) {
        self.calls -= other.calls;
        self.failed -= other.failed;
        self.slow -= other.slow;
    }

    /// None while there are no calls.
    pub(in crate::breaker) fn failure_ratio(self) -> Option<f64> {
        ratio(self.failed, self.calls)
    }

    /// None while there are no calls.
    pub(in crate::breaker) fn slow_ratio(self) -> Option<f64> {
        ratio(self.slow, self.calls)
    }
}

/// A division of whole numbers gives the number nearest to the true ratio, which a threshold written in decimals is too: 3 of 30
/// are 0.1. A product with the threshold would be off.
fn ratio(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_that_meets_a_threshold_in_decimals_is_not_below_it() {
        for hundredths in 1..=100_u64 {
            let threshold: f64 = format!("{}.{:02}", hundredths / 100, hundredths % 100).parse().unwrap();
            for times in [1, 3, 7, 1000] {
                let met = ratio(hundredths * times, 100 * times).unwrap();
                assert!(met >= threshold, "{hundredths} of 100, times {times}");
                let below = ratio(hundredths * times - 1, 100 * times).unwrap();
                assert!(below < threshold);
            }
        }
    }
}
