//! The output commit rule.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use seawall_engine::Outcome;
use seawall_engine::store::{Fault, RunStatus, RunStore as _, StoreOp};
use serde_json::json;

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, flow, probe};

/// For each attempt the last durable place of its run when it began.
fn recorder(world: &World) -> (Arc<Probe>, Arc<Mutex<Vec<u64>>>) {
    let seen: Arc<Mutex<Vec<u64>>> = Arc::default();
    let (store, log, tenant) = (Arc::clone(&world.store), Arc::clone(&seen), world.me.tenant.clone());
    let executor = Probe::new(move |attempt, _| {
        let (store, log, tenant) = (Arc::clone(&store), Arc::clone(&log), tenant.clone());
        async move {
            let record = store
                .run(&tenant, attempt.run)
                .await
                .expect("the store reads")
                .expect("the run exists");
            log.lock().push(record.last_seq.0);
            Outcome::Succeeded(json!(1))
        }
    });
    (executor, seen)
}

#[tokio::test(start_paused = true)]
async fn a_once_attempt_begins_only_when_its_start_is_durable() {
    for effect in ["once", "idempotent"] {
        let world = World::new();
        let (executor, seen) = recorder(&world);
        let engine = world.engine(&executor).await;
        world
            .calls
            .fail(|point| (point.op == StoreOp::Append).then_some(Fault::BeforeWrite));
        let run = world
            .start(
                &engine,
                flow(json!([probe("look", "read", &[]), probe("act", effect, &["look"])])),
            )
            .await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(executor.begun(), ["look"], "{effect}");
        world.calls.heal();
        assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded);
        assert_eq!(executor.begun(), ["look", "act"]);
        // created, started, look started, look succeeded, act started
        assert_eq!(seen.lock()[1], 5);
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_does_not_wait_for_what_was_read_before() {
    let world = World::new();
    let (executor, _) = recorder(&world);
    let engine = world.engine(&executor).await;
    world
        .calls
        .fail(|point| (point.op == StoreOp::Append).then_some(Fault::BeforeWrite));
    let run = world
        .start(
            &engine,
            flow(json!([probe("a", "read", &[]), probe("b", "read", &["a"])])),
        )
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(executor.begun(), ["a", "b"]);
    // But nobody is told of it before it is durable.
    let view = engine.run(&world.me, run).await.unwrap();
    assert_eq!((view.status, view.seq.0), (RunStatus::Running, 3));
    world.calls.heal();
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn no_effect_begins_with_less_than_two_seconds_of_the_lease_left() {
    let world = World::new();
    let executor = Probe::new(|_, context| async move {
        tokio::time::sleep(Duration::from_secs(9)).await;
        match context.fence.begin() {
            Ok(()) => Outcome::Succeeded(json!("begun")),
            Err(refused) => Outcome::NotBegun(seawall_engine::StepError::permanent("fence", refused.to_string())),
        }
    });
    let engine = world.engine(&executor).await;
    world
        .calls
        .fail(|point| (point.op == StoreOp::Renew).then_some(Fault::BeforeWrite));
    let run = world.start(&engine, flow(json!([probe("a", "once", &[])]))).await;
    tokio::time::sleep(Duration::from_millis(9500)).await;
    let view = engine.run(&world.me, run).await.unwrap();
    assert_eq!(
        view.steps[0].error.as_ref().map(|e| e.code.to_string()).as_deref(),
        Some("fence")
    );
}
