//! Coming up: the first identity, then the tasks that work for it.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::FutureExt as _;
use seawall_store::StoreResult;

use crate::api::EngineParts;
use crate::observer::Observer;
use crate::runtime::config::EngineConfig;
use crate::runtime::held::Held;
use crate::runtime::node::Node;
use crate::runtime::shared::Shared;
use crate::runtime::spawn::Spawner;
use crate::runtime::{dispatcher, heartbeat, lapses, retention, scheduler};

const AGAIN: Duration = Duration::from_secs(1);

/// Registers the node.
pub(crate) async fn prepare(
    parts: EngineParts,
    config: EngineConfig,
    observer: Option<Arc<dyn Observer>>,
) -> StoreResult<Arc<Shared>> {
    let spawner = Spawner::default();
    let held = Arc::new(Held::default());
    let root = spawner.root().clone();
    let node = Node::register(&parts, config.clone(), Arc::clone(&held), root).await?;
    let shared = Shared::new(parts, config, held, node, spawner);
    Ok(Arc::new(shared.observed_by(observer)))
}

/// Registers the node and starts its dispatcher, its heartbeat, its keeper of leases and, where schedules fire, its
/// scheduler, and where runs are not kept for ever, its retention.
pub(crate) async fn start(
    parts: EngineParts,
    config: EngineConfig,
    observer: Option<Arc<dyn Observer>>,
) -> StoreResult<Arc<Shared>> {
    let shared = prepare(parts, config, observer).await?;
    let working = Arc::clone(&shared);
    let dispatch = move || dispatcher::dispatch(Arc::clone(&working));
    shared
        .spawner
        .spawn(survive(Arc::clone(&shared), "dispatcher", dispatch));
    let beating = Arc::clone(&shared);
    let beat = move || heartbeat::beat(Arc::clone(&beating));
    shared.spawner.spawn(survive(Arc::clone(&shared), "heartbeat", beat));
    if shared.config.schedules {
        let firing = Arc::clone(&shared);
        let fire = move || scheduler::fire_schedules(Arc::clone(&firing));
        shared.spawner.spawn(survive(Arc::clone(&shared), "scheduler", fire));
    }
    let keeping = Arc::clone(&shared);
    let keep = move || lapses::keep(Arc::clone(&keeping));
    shared.spawner.spawn(survive(Arc::clone(&shared), "lease keeper", keep));
    if let Some(keep) = shared.config.retention {
        let forgetting = Arc::clone(&shared);
        let retain = move || retention::retain(Arc::clone(&forgetting), keep);
        shared.spawner.spawn(survive(Arc::clone(&shared), "retention", retain));
    }
    Ok(shared)
}

/// Runs a task again that panicked: without it the node would hold runs and do nothing for them.
async fn survive<F: Future<Output = ()>>(shared: Arc<Shared>, name: &'static str, task: impl Fn() -> F) {
    while AssertUnwindSafe(task()).catch_unwind().await.is_err() {
        tracing::error!(
            task = name,
            "a task of the runtime failed in an unforeseen way; it begins again"
        );
        // It may have claimed runs that nobody got.
        shared.in_doubt();
        tokio::time::sleep(AGAIN).await;
    }
}
