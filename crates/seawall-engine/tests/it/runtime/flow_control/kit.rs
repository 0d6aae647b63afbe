use seawall_engine::Engine;
use seawall_engine::store::{Page, RunId, RunStatus, WorkflowRef};
use serde_json::{Value, json};

use crate::runtime::world::World;

/// Waits for the signal `go`.
pub(super) fn hears(control: Value) -> Value {
    let mut definition = json!({
        "name": "hears", "steps": [{ "id": "hear", "kind": "wait_signal", "with": { "name": "go" } }],
    });
    definition
        .as_object_mut()
        .unwrap()
        .extend(control.as_object().unwrap().clone());
    definition
}

pub(super) async fn status(world: &World, engine: &Engine, run: RunId) -> RunStatus {
    world.settle().await;
    engine.run(&world.me, run).await.unwrap().status
}

pub(super) async fn go(world: &World, engine: &Engine, run: RunId) {
    engine.signal(&world.me, run, "go", None, json!(null)).await.unwrap();
    world.settle().await;
}

pub(super) async fn why(world: &World, engine: &Engine, run: RunId) -> (&'static str, String) {
    world.settle().await;
    let reasons = engine.why(&world.me, run).await.unwrap();
    let reason = reasons.last().unwrap().clone();
    (reason.kind, reason.detail)
}

/// Runs at once and waiting, over all keys, as the store counts them.
pub(super) async fn counts(world: &World, engine: &Engine, definition: &Value) -> (u32, u32) {
    use seawall_engine::store::{Digest, NewWorkflow, WorkflowId, WorkflowStore as _};
    // The same digest gives the workflow that the runs are of.
    let compiled = seawall_engine::compile(definition, engine.registry()).ok().unwrap();
    let kept = world.store.keep_inline(
        &world.me.tenant,
        NewWorkflow {
            id: WorkflowId::generate(),
            name: compiled.name.clone(),
            description: None,
            source: compiled.source.clone(),
            digest: Digest::of(compiled.source.as_bytes()),
        },
    );
    let target = WorkflowRef::Id(kept.await.unwrap().id);
    let (_, lines) = engine.flow(&world.me, &target, Page::first(200)).await.unwrap();
    let running = lines.items.iter().map(|line| line.running).sum();
    let waiting = lines.items.iter().map(|line| line.queued + line.waiting).sum();
    (running, waiting)
}
