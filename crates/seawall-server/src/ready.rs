//! What readiness depends on.

use std::sync::Arc;
use std::time::Duration;

use seawall_guard::health::{Readiness, Verdict};
use seawall_store::HealthStore;
use tokio_util::sync::CancellationToken;

/// For all checks together.
const DEADLINE: Duration = Duration::from_secs(2);

pub(crate) fn readiness(store: &Arc<dyn HealthStore>, draining: &CancellationToken) -> Readiness {
    let (store, draining) = (Arc::clone(store), draining.clone());
    Readiness::within(DEADLINE)
        .critical("server", move || {
            let stopping = draining.is_cancelled();
            async move {
                match stopping {
                    true => Verdict::down("the server is stopping"),
                    false => Verdict::up(),
                }
            }
        })
        .critical("store", move || {
            let store = Arc::clone(&store);
            async move { check(&*store).await }
        })
        .build()
}

/// Anybody may read what it says; the cause is for the log.
async fn check(store: &dyn HealthStore) -> Verdict {
    match store.check().await {
        Ok(_) => Verdict::up(),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the store's check failed");
            Verdict::down("the store cannot work")
        }
    }
}
