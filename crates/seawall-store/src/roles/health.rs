use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::records::{StoreHealth, WriteStats};

/// Whether the store can do its work now.
pub trait HealthStore: Send + Sync + 'static {
    /// Reads something. After a failed write it also tries a small durable write, so that a store that has recovered
    /// shows it by itself; a healthy store is not written to.
    ///
    /// # Errors
    /// Any fault that would refuse new work.
    fn check(&self) -> BoxFuture<'_, StoreResult<StoreHealth>>;

    /// What the writer has done so far. It is read without waiting for anything.
    fn writes(&self) -> WriteStats {
        WriteStats::default()
    }

    /// Waits until everything accepted so far is answered, then refuses further work with `Unavailable`. For shutdown.
    fn close(&self) -> BoxFuture<'_, StoreResult<()>>;
}
