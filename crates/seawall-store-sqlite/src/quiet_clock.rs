use std::sync::atomic::{AtomicI64, Ordering};

use seawall_store::Timestamp;

/// The latest time, in milliseconds, from which the wait of a debounced run may have been counted: a clock behind it was set
/// back since, perhaps. It only saves looking: each wait says in its row what it was counted from, and no index does.
pub(crate) struct QuietClock(AtomicI64);

impl QuietClock {
    /// Nobody has looked yet.
    pub(crate) const fn unknown() -> Self {
        Self(AtomicI64::new(i64::MAX))
    }

    pub(crate) fn latest(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Acquire))
    }

    /// A wait is counted from `now`.
    pub(crate) fn count_from(&self, now: Timestamp) {
        self.0.fetch_max(now.as_millis(), Ordering::AcqRel);
    }

    /// All waits were looked at, and none was counted from a later time. Only the writer knows that.
    pub(crate) fn is_none_after(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Ordering::Release);
    }

    /// What was done to waits may have come to nothing.
    pub(crate) fn forget(&self) {
        self.0.store(i64::MAX, Ordering::Release);
    }
}
