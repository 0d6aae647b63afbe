use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use seawall_store::{Spread, WriteStats};

use crate::slow::SLOW;

/// What the writer has done so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SqliteMetrics {
    /// Transactions that changed something and are durable.
    pub commits: u64,
    /// Operations answered, refused ones included.
    pub ops: u64,
    /// From the first statement to the end of COMMIT, of the last batch.
    pub last_flush_us: u64,
    /// Operations that wait for the writer.
    pub queued: usize,
}

/// Upper bounds of operations in a batch: up to what a batch may hold.
const BATCH_BOUNDS: [u64; 11] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
/// Upper bounds in microseconds.
const FLUSH_BOUNDS: [u64; 11] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000,
];

#[derive(Default)]
pub(crate) struct Counters {
    commits: AtomicU64,
    ops: AtomicU64,
    last_flush_us: AtomicU64,
    batches: Buckets,
    flushes: Buckets,
}

/// Counts by range; the last place is for what is beyond all bounds.
#[derive(Default)]
struct Buckets {
    counts: [AtomicU64; 12],
    sum: AtomicU64,
}

impl Buckets {
    fn add(&self, bounds: &[u64; 11], value: u64) {
        let place = bounds.partition_point(|bound| *bound < value);
        self.counts[place].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    fn spread(&self, bounds: &[u64; 11]) -> Spread {
        let count = |place: usize| self.counts[place].load(Ordering::Relaxed);
        Spread {
            buckets: bounds.iter().copied().zip((0..).map(count)).collect(),
            beyond: count(bounds.len()),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

impl Counters {
    pub(crate) fn committed(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn flushed(&self, ops: usize, took: Duration) {
        let (ops, micros) = (ops as u64, u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        self.ops.fetch_add(ops, Ordering::Relaxed);
        self.last_flush_us.store(micros, Ordering::Relaxed);
        self.batches.add(&BATCH_BOUNDS, ops);
        self.flushes.add(&FLUSH_BOUNDS, micros);
        if took >= SLOW {
            tracing::warn!(
                operations = ops,
                duration_ms = micros / 1000,
                "a batch of changes was slow: its statements, or the disk"
            );
        }
    }

    pub(crate) fn snapshot(&self, queued: usize) -> SqliteMetrics {
        SqliteMetrics {
            commits: self.commits.load(Ordering::Relaxed),
            ops: self.ops.load(Ordering::Relaxed),
            last_flush_us: self.last_flush_us.load(Ordering::Relaxed),
            queued,
        }
    }

    pub(crate) fn writes(&self, queued: usize) -> WriteStats {
        WriteStats {
            commits: self.commits.load(Ordering::Relaxed),
            operations: self.ops.load(Ordering::Relaxed),
            queued,
            batches: self.batches.spread(&BATCH_BOUNDS),
            flushes: self.flushes.spread(&FLUSH_BOUNDS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_falls_into_the_first_range_that_holds_it() {
        let counters = Counters::default();
        for (ops, micros) in [(1, 100), (2, 101), (1024, 2_500_000), (1025, 2_500_001)] {
            counters.flushed(ops, Duration::from_micros(micros));
        }
        let writes = counters.writes(7);
        assert_eq!((writes.operations, writes.queued), (2052, 7));
        let filled = |spread: &Spread| -> Vec<u64> {
            let filled = spread.buckets.iter().filter(|(_, count)| *count > 0);
            filled.map(|(bound, _)| *bound).collect()
        };
        assert_eq!(filled(&writes.batches), [1, 2, 1024]);
        assert_eq!(filled(&writes.flushes), [100, 250, 2_500_000]);
        assert_eq!((writes.batches.beyond, writes.flushes.beyond), (1, 1));
        assert_eq!((writes.batches.count(), writes.batches.sum), (4, 2052));
    }
}
