//! The heartbeat: three renewals in each lease while runs are held, none while the node is idle.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::StoreError;

use crate::runtime::shared::Shared;

/// Beats until the engine ends.
pub(crate) async fn beat(shared: Arc<Shared>) {
    let lease = shared.config.lease;
    let (third, retry) = (lease / 3, lease / 20);
    loop {
        shared.held.occupied().await;
        let identity = shared.node.current();
        let left = identity.left(shared.clock.boot());
        let due = if identity.is_lost() {
            // Its runs are leaving, or the dispatcher is about to replace it.
            third
        } else {
            left.saturating_sub(lease - third)
        };
        if !due.is_zero() {
            tokio::time::sleep(due).await;
            continue;
        }
        match shared.node.renew(&identity).await {
            Ok(()) => {}
            Err(StoreError::NodeDead) => shared.node.lose(&identity, "the store declared it dead"),
            Err(error) => {
                tracing::debug!(node.id = %identity.id, error = &error as &dyn std::error::Error, "a renewal failed");
                if identity.left(shared.clock.boot()).is_zero() {
                    shared.node.lose(&identity, "its lease could not be renewed in time");
                } else {
                    tokio::time::sleep(retry.max(Duration::from_millis(10))).await;
                }
            }
        }
    }
}
