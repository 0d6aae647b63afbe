use std::path::PathBuf;
use std::sync::Arc;

use seawall_store::StoreClock;

/// How much may wait for the writer, and how much it takes at once. An operation costs its payload and a fixed part, so
/// bytes bound their number too.
#[derive(Clone, Copy, Debug)]
pub struct QueueBounds {
    /// Bytes of client operations that may wait; beyond, clients are answered `Busy`.
    pub client_bytes: usize,
    /// Bytes of operations of held runs that may wait; beyond, their callers wait. Apart from the clients' bytes, so that
    /// no flood of new work keeps a held run from its append.
    pub held_bytes: usize,
    /// Operations in one commit.
    pub batch_ops: usize,
    /// Bytes in one commit (one larger operation still goes, alone).
    pub batch_bytes: usize,
}

impl Default for QueueBounds {
    fn default() -> Self {
        Self {
            client_bytes: 32 << 20,
            held_bytes: 64 << 20,
            batch_ops: 1024,
            batch_bytes: 4 << 20,
        }
    }
}

/// How a [`crate::SqliteStore`] is opened.
#[derive(Clone)]
pub struct SqliteOptions {
    pub path: PathBuf,
    pub clock: Arc<dyn StoreClock>,
    /// Bring the file to this program's version; otherwise an older file is refused.
    pub migrate: bool,
    /// Connections for reading.
    pub readers: usize,
    /// Page cache of the writer, in bytes; each reader has a quarter of it.
    pub cache_bytes: usize,
    pub queue: QueueBounds,
    /// Asked at each named point; see [`crate::FailAction`].
    #[cfg(feature = "failpoints")]
    pub failpoints: Option<crate::FailHook>,
}

impl SqliteOptions {
    /// The defaults: migrates, three readers, 8 MiB of cache.
    pub fn new(path: impl Into<PathBuf>, clock: Arc<dyn StoreClock>) -> Self {
        Self {
            path: path.into(),
            clock,
            migrate: true,
            readers: 3,
            cache_bytes: 8 << 20,
            queue: QueueBounds::default(),
            #[cfg(feature = "failpoints")]
            failpoints: None,
        }
    }
}
