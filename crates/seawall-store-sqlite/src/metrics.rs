use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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

#[derive(Default)]
pub(crate) struct Counters {
    commits: AtomicU64,
    ops: AtomicU64,
    last_flush_us: AtomicU64,
}

impl Counters {
    pub(crate) fn committed(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn flushed(&self, ops: usize, took: Duration) {
        self.ops.fetch_add(ops as u64, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.last_flush_us.store(micros, Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self, queued: usize) -> SqliteMetrics {
        SqliteMetrics {
            commits: self.commits.load(Ordering::Relaxed),
            ops: self.ops.load(Ordering::Relaxed),
            last_flush_us: self.last_flush_us.load(Ordering::Relaxed),
            queued,
        }
    }
}
