//! Opening: lock, settings, migrations, one flush, readers, writer; in this order.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use seawall_store::Watchers;

use crate::error::OpenError;
use crate::failpoints::Failpoints;
use crate::latest::LatestWorkflows;
use crate::lock::{FileLock, resolve};
use crate::migrate;
use crate::options::SqliteOptions;
use crate::quiet_clock::QuietClock;
use crate::readers::Readers;
use crate::store::SqliteStore;
use crate::writer::{Parts, Writer, raise_mark};

impl SqliteStore {
    /// Opens the file, or makes it. Blocks for as long as the disk takes.
    ///
    /// # Errors
    /// `Locked` when a process has the file open, this one included; `NewerVersion`; `OlderVersion` without `migrate`;
    /// errors of the file.
    pub fn open(options: SqliteOptions) -> Result<Self, OpenError> {
        let path = resolve(&options.path)?;
        let lock = FileLock::take(&path)?;
        let conn = migrate::open_ours(&path, options.cache_bytes)?;
        if options.migrate {
            migrate::apply(&conn, &*options.clock)?;
        } else {
            migrate::require_current(&conn)?;
        }
        // What a crash left in the page cache can be read but is not yet durable. This commit flushes the log, and all
        // that stands before it, ahead of the first reader.
        raise_mark(&conn).map_err(OpenError::database("write to the database"))?;
        let readers = Readers::open(path.clone(), options.readers, options.cache_bytes / 4)
            .map_err(OpenError::database("open the database for reading"))?;
        let watchers = Watchers::default();
        #[cfg(feature = "failpoints")]
        let failpoints = Failpoints::new(options.failpoints);
        #[cfg(not(feature = "failpoints"))]
        let failpoints = Failpoints;
        let quiet = Arc::new(QuietClock::unknown());
        let writer = Writer::start(Parts {
            path,
            lock,
            conn,
            cache_bytes: options.cache_bytes,
            queue: options.queue,
            clock: options.clock.clone(),
            quiet: Arc::clone(&quiet),
            watchers: watchers.clone(),
            failpoints,
        })?;
        Ok(Self {
            writer,
            readers,
            latest: LatestWorkflows::default(),
            watchers,
            clock: options.clock,
            quiet,
            claims: AtomicU64::new(0),
        })
    }
}
