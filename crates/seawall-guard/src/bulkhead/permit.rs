use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::handle::Shared;
use crate::admission::Held;

/// Leave for one call. Dropped, it goes to who waits longest.
#[derive(Debug)]
pub struct Permit {
    shared: Arc<Shared>,
    since: Instant,
    /// Given back after what follows from how long it was held.
    _permit: OwnedSemaphorePermit,
}

impl Permit {
    pub(super) fn new(shared: Arc<Shared>, permit: OwnedSemaphorePermit) -> Self {
        Self {
            shared,
            since: Instant::now(),
            _permit: permit,
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shared.held(self.since);
    }
}

impl<T> Held<T> for Permit {
    fn end(self, _: &T) {}
}
