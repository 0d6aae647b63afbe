use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use seawall_store::{StoreClock, Watchers};

use crate::latest::LatestWorkflows;
use crate::metrics::SqliteMetrics;
use crate::quiet_clock::QuietClock;
use crate::readers::Readers;
use crate::writer::Writer;

/// The embedded store. Dropping it waits for what is queued and releases the file; `HealthStore::close` does the same
/// without blocking a thread of the runtime.
pub struct SqliteStore {
    // Dropped in this order: the last connection to go copies the log into the database, and a reader cannot.
    pub(crate) readers: Readers,
    pub(crate) writer: Writer,
    pub(crate) latest: LatestWorkflows,
    pub(crate) watchers: Watchers,
    pub(crate) clock: Arc<dyn StoreClock>,
    pub(crate) quiet: Arc<QuietClock>,
    /// How often was claimed: who begins changes.
    pub(crate) claims: AtomicU64,
}

impl SqliteStore {
    #[must_use]
    pub fn metrics(&self) -> SqliteMetrics {
        self.writer.metrics()
    }
}
