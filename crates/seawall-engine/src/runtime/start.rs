//! Coming up: the first identity, then the tasks that work for it.

use std::sync::Arc;

use seawall_store::StoreResult;

use crate::runtime::config::EngineConfig;
use crate::runtime::held::Held;
use crate::runtime::node::Node;
use crate::runtime::shared::{Parts, Shared};
use crate::runtime::spawn::Spawner;
use crate::runtime::{dispatcher, heartbeat};

/// Registers the node and starts its dispatcher and its heartbeat.
pub(crate) async fn start(parts: Parts, config: EngineConfig) -> StoreResult<Arc<Shared>> {
    let spawner = Spawner::default();
    let held = Arc::new(Held::default());
    let node = Node::register(
        Arc::clone(&parts.store),
        Arc::clone(&parts.clock),
        config.clone(),
        Arc::clone(&held),
        spawner.root().clone(),
    )
    .await?;
    let shared = Arc::new(Shared::new(parts, config, held, node, spawner));
    shared.spawner.spawn(dispatcher::dispatch(Arc::clone(&shared)));
    shared.spawner.spawn(heartbeat::beat(Arc::clone(&shared)));
    Ok(shared)
}
