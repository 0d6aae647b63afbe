use std::sync::Arc;
use std::time::Duration;

use super::Priority;

/// What a limiter holds and knows, at one moment. What is by priority is in the order of [`Priority::ALL`].
#[derive(Clone, PartialEq, Debug)]
pub struct Snapshot {
    pub name: Arc<str>,
    /// How many calls that are not control may be under way now.
    pub limit: u32,
    /// What the limit is at least.
    pub least: u32,
    /// What the limit is at most.
    pub most: u32,
    pub in_flight: [u32; Priority::ALL.len()],
    pub waiting: [usize; Priority::ALL.len()],
    /// Places in the queue.
    pub most_waiting: usize,
    /// Who has calls under way or waiting.
    pub principals: usize,
    /// How long calls took in the last window.
    pub latency: Option<Duration>,
    /// How long they take when there is little load, as far as is known.
    pub unloaded: Option<Duration>,
    /// Successful calls in a second, lately.
    pub throughput: Option<f64>,
    pub totals: Totals,
}

/// Since the limiter was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// By priority.
    pub admitted: [u64; Priority::ALL.len()],
    /// By priority.
    pub shed: [u64; Priority::ALL.len()],
    /// Shed because there was no room, and no place to wait.
    pub full: u64,
    /// Shed for somebody with more right to the place.
    pub displaced: u64,
    /// Shed after they had waited.
    pub late: u64,
}
