//! What tests of tasks need: a worker's words.

use std::time::Duration;

use seawall_engine::store::QueueName;
use seawall_engine::store::RunId;
use seawall_engine::{ClaimTasks, Engine, EngineError, RunView, TaskOutput, TaskView};
use serde_json::{Value, json};

use crate::runtime::world::World;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
/// What the tests claim tasks for.
pub(crate) const LEASE: Duration = Duration::from_secs(10);

pub(crate) fn task(id: &str, effect: &str, needs: &[&str]) -> Value {
    json!({ "id": id, "kind": "task", "effect": effect, "needs": needs, "timeout": "60s",
        "with": { "queue": "q", "payload": { "of": id } } })
}

pub(crate) fn queue() -> QueueName {
    QueueName::parse("q").unwrap()
}

pub(crate) fn asks(worker: &str) -> ClaimTasks {
    ClaimTasks {
        max: 1,
        worker: worker.to_owned(),
        lease_for: LEASE,
        max_bytes: 1024,
    }
}

pub(crate) async fn claim_as(
    world: &World,
    engine: &Engine,
    asks: ClaimTasks,
    wait: Duration,
) -> Result<Vec<TaskView>, EngineError> {
    let (queue, for_ever) = (queue(), std::future::pending());
    engine.claim_tasks(&world.me, &queue, asks, wait, for_ever).await
}

pub(crate) async fn claims(world: &World, engine: &Engine, wait: Duration) -> Option<TaskView> {
    claim_as(world, engine, asks("w"), wait).await.unwrap().pop()
}

/// A task that is there.
pub(crate) async fn claim(world: &World, engine: &Engine) -> TaskView {
    claims(world, engine, SECOND).await.expect("a task is offered")
}

pub(crate) async fn complete(
    world: &World,
    engine: &Engine,
    task: &TaskView,
    output: Value,
) -> Result<(), EngineError> {
    let (id, lease) = (task.id, task.lease);
    engine.complete_task(&world.me, TaskOutput { id, lease, output }).await
}

pub(crate) fn conflict<T: std::fmt::Debug>(said: Result<T, EngineError>) -> String {
    match said {
        Err(EngineError::Conflict { detail, .. }) => detail,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn seen(world: &World, engine: &Engine, run: RunId) -> RunView {
    world.settle().await;
    engine.run(&world.me, run).await.unwrap()
}

pub(crate) async fn why(world: &World, engine: &Engine, run: RunId) -> String {
    let reasons = engine.why(&world.me, run).await.unwrap();
    let of_task = reasons.iter().find(|reason| reason.kind == "task");
    of_task.map_or_else(|| panic!("{reasons:?}"), |reason| reason.detail.clone())
}
