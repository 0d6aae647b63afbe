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
    if tokio::time::timeout(LAST_WORDS, shared.spawner.drained())
        .await
        .is_err()
    {
        // A task that never awaits cannot be dropped. What it does is not over, so its runs are not given away: that they
        // are recovered after this process is the honest end.
        tracing::warn!("a task of the runtime does not let go; the node leaves without a farewell");
        return;
    }
    let node = shared.node.current();
    if let Err(error) = shared.store.retire(node.id).await {
        tracing::warn!(
            node.id = %node.id,
            error = &error as &dyn std::error::Error,
            "the node could not take its leave of the store"
        );
    }
}
