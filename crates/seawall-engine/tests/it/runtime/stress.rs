//! Many runs on several threads, with the comparison of memory and store never resting.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use seawall_engine::store::{RunStatus, StoreOp};
use serde_json::json;

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, flow, probe};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_attempt_is_made_twice_however_often_memory_and_store_are_compared() {
    let mut world = World::new();
    world.config.sweep = Duration::from_millis(1);
    let executor = Probe::echo();
    let engine = world.engine(&executor).await;
    let world = Arc::new(world);
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (world, engine) = (Arc::clone(&world), engine.clone());
        clients.spawn(async move {
            for _ in 0..20 {
                let steps = json!([
                    probe("a", "once", &[]),
                    { "id": "b", "kind": "transform", "with": { "value": 1 }, "effect": "idempotent", "needs": ["a"] },
                    { "id": "hear", "kind": "wait_signal", "with": { "name": "go" }, "needs": ["b"] },
                    probe("c", "once", &["hear"]),
                ]);
                let run = world.start(&engine, flow(steps)).await;
                engine
                    .signal(&world.me, run, "go", None, json!(1))
                    .await
                    .expect("the signal is taken");
                let mut view = world.wait(&engine, run).await;
                while !view.status.is_terminal() {
                    tokio::task::yield_now().await;
                    view = world.wait(&engine, run).await;
                }
                assert_eq!(view.status, RunStatus::Succeeded, "{:?}", view.error);
                world.events(&engine, run).await;
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.expect("the client ends");
    }
    let mut begun: HashMap<String, u32> = HashMap::new();
    for attempt in executor.log.lock().iter() {
        *begun
            .entry(format!("{} {}", attempt.run, attempt.activity))
            .or_default() += 1;
    }
    assert_eq!(begun.len(), 32 * 20 * 2);
    assert!(begun.values().all(|times| *times == 1));
    assert!(world.calls.of(StoreOp::Held) > 1, "memory and store were compared");
}
