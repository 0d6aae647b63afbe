//! The clean end: nothing new, what runs may end, every run is given back, the node leaves.

use std::time::Duration;

use crate::runtime::held::Held;
use crate::runtime::shared::Shared;

/// For the last appends, after the attempts have said what they know.
const LAST_WORDS: Duration = Duration::from_secs(5);

pub(crate) async fn shut_down(shared: &Shared, deadline: Duration) {
    shared.draining.cancel();
    let emptied = shared.held.until(Held::is_empty);
    if tokio::time::timeout(deadline, emptied).await.is_err() {
        shared.hurrying.cancel();
        let rest = shared.config.grace + LAST_WORDS;
        let emptied = shared.held.until(Held::is_empty);
        if tokio::time::timeout(rest, emptied).await.is_err() {
            let runs = shared.held.len();
            tracing::warn!(
                runs,
                "some runs could not be given back in time; they will be recovered"
            );
        }
    }
    shared.spawner.abandon();
    shared.spawner.drained().await;
    let node = shared.node.current();
    if let Err(error) = shared.store.retire(node.id).await {
        tracing::warn!(
            node.id = %node.id,
            error = &error as &dyn std::error::Error,
            "the node could not take its leave of the store"
        );
    }
}
