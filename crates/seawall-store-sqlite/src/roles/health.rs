use std::time::Instant;

use futures_util::future::BoxFuture;
use seawall_store::{HealthStore, StoreHealth, StoreResult, WriteStats};

use crate::SqliteStore;
use crate::ops::Probe;
use crate::writer::Lane;

impl HealthStore for SqliteStore {
    fn check(&self) -> BoxFuture<'_, StoreResult<StoreHealth>> {
        Box::pin(async move {
            let started = Instant::now();
            if self.writer.is_faulty() {
                // Its commit clears the fault.
                self.writer.submit(Lane::Held, Probe).await?;
            }
            self.readers
                .read(|conn| {
                    let read = conn
                        .prepare_cached("SELECT n FROM mark WHERE mark_no = 1")?
                        .exists([])?;
                    Ok(read)
                })
                .await?;
            Ok(StoreHealth {
                backend: "sqlite",
                latency: started.elapsed(),
                queued: self.writer.queued(),
            })
        })
    }

    fn writes(&self) -> WriteStats {
        self.writer.writes()
    }

    fn close(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            // The writer last: the last connection to go copies the log into the database, and a reader cannot.
            self.readers.close().await;
            self.writer.close().await;
            Ok(())
        })
    }
}
