use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::memory::fault::StoreOp;
use crate::memory::store::MemoryStore;
use crate::records::StoreHealth;
use crate::roles::HealthStore;

impl HealthStore for MemoryStore {
    fn check(&self) -> BoxFuture<'_, StoreResult<StoreHealth>> {
        Box::pin(async move {
            self.call(StoreOp::Check, None, |_, _| {
                Ok(StoreHealth {
                    backend: "memory",
                    latency: Duration::ZERO,
                    queued: 0,
                })
            })
        })
    }

    fn close(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            self.close_now();
            Ok(())
        })
    }
}
