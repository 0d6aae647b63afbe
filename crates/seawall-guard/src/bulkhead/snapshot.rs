use std::sync::Arc;
use std::time::Duration;

/// What a bulkhead holds. The figures are read one after the other: under load they may be of different moments.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    pub name: Arc<str>,
    pub permits: usize,
    /// Permits that are held, or on their way to who waited for them.
    pub in_use: usize,
    pub waiting: usize,
    /// Places in the queue.
    pub most_waiting: usize,
    /// How long a call waits at most.
    pub wait: Duration,
    pub totals: Totals,
}

/// Since the bulkhead was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    pub admitted: u64,
    /// Refused because all permits and places were taken.
    pub full: u64,
    /// Refused after they had waited.
    pub late: u64,
}
