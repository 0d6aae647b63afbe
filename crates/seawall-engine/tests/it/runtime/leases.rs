//! Lost leases and lost identities.

use std::time::Duration;

use seawall_engine::Outcome;
use seawall_engine::store::{ClaimLimits, Fault, LeaseStore as _, NodeId, RunStatus, RunStore as _, StoreOp};
use serde_json::json;

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, flow, probe};

const TTL: Duration = Duration::from_secs(10);

fn slow() -> std::sync::Arc<Probe> {
    Probe::new(|_, _| async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        Outcome::Succeeded(json!("done"))
    })
}

#[tokio::test(start_paused = true)]
async fn a_run_that_another_node_took_is_dropped_and_not_written_to() {
    let mut world = World::new();
    // Nobody claims it back while the test looks.
    world.config.sweep = Duration::from_secs(3600);
    let executor = slow();
    let engine = world.engine(&executor).await;
    let run = world.start(&engine, flow(json!([probe("a", "idempotent", &[])]))).await;
    world.settle().await;
    let other = NodeId::generate();
    world.store.register(other, TTL).await.unwrap();
    let limits = ClaimLimits {
        max: 10,
        suspects: true,
        ttl: TTL,
    };
    let claimed = world.store.claim(other, limits).await.unwrap();
    assert_eq!(claimed[0].lease.run, run);
    let before = world.events(&engine, run).await;
    world
        .calls
        .fail(|point| (point.op == StoreOp::Register).then_some(Fault::BeforeWrite));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(world.events(&engine, run).await, before);
    assert_eq!(world.in_memory(), 0);
    assert_eq!(world.store.held(other).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_was_declared_dead_takes_a_new_identity_and_goes_on() {
    let world = World::new();
    let executor = slow();
    let engine = world.engine(&executor).await;
    let run = world
        .start(
            &engine,
            flow(json!([probe("a", "idempotent", &[]), probe("b", "idempotent", &["a"])])),
        )
        .await;
    world.settle().await;
    // Registering buries every other node of an exclusive store.
    world.store.register(NodeId::generate(), TTL).await.unwrap();
    let view = world.wait(&engine, run).await;
    assert_eq!(view.status, RunStatus::Succeeded);
    world.events(&engine, run).await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_cannot_be_renewed_is_given_up_in_time() {
    let world = World::new();
    let executor = Probe::new(|_, context| async move {
        context.cancel.cancelled().await;
        Outcome::NotBegun(seawall_engine::StepError::new("cancelled", ""))
    });
    let engine = world.engine(&executor).await;
    let mut step = probe("a", "idempotent", &[]);
    step["timeout"] = json!("1h");
    let run = world.start(&engine, flow(json!([step]))).await;
    world.settle().await;
    world.calls.fail(|point| {
        matches!(point.op, StoreOp::Renew | StoreOp::Retire | StoreOp::Register).then_some(Fault::BeforeWrite)
    });
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(world.in_memory(), 0, "its attempts are stopped and it is out of memory");
    world.calls.heal();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(executor.begun().len(), 2, "the same node goes on under a new identity");
    let record = world.store.run(&world.me.tenant, run).await.unwrap().unwrap();
    assert_eq!(record.deaths, 0, "nobody died");
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_holders_keep_dying_is_blocked_with_the_reason() {
    let world = World::new();
    let executor = Probe::deaf();
    let mut step = probe("a", "read", &[]);
    step["timeout"] = json!("1h");
    let mut engine = world.engine(&executor).await;
    // Appends fail, so no holder leaves a new event.
    let run = world.start(&engine, flow(json!([step]))).await;
    world.settle().await;
    world
        .calls
        .fail(|point| (point.op == StoreOp::Append).then_some(Fault::BeforeWrite));
    for _ in 0..10 {
        world.crash(engine).await;
        engine = world.engine(&executor).await;
        // Suspects wait for a backoff of up to five minutes.
        tokio::time::sleep(Duration::from_secs(400)).await;
    }
    world.calls.heal();
    let view = world.wait(&engine, run).await;
    assert_eq!(view.status, RunStatus::Blocked);
    assert!(world.events(&engine, run).await.contains(&"run.blocked"));
    engine.resume(&world.me, run).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Running);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_blocked_before_it_began_begins_when_it_is_let_go() {
    let mut world = World::new();
    let executor = Probe::echo();
    world.config.max_active_runs = 0;
    let mut engine = world.engine(&executor).await;
    let run = world.start(&engine, flow(json!([probe("a", "once", &[])]))).await;
    world.config.max_active_runs = 10;
    world
        .calls
        .fail(|point| (point.op == StoreOp::Append).then_some(Fault::BeforeWrite));
    for _ in 0..11 {
        world.crash(engine).await;
        engine = world.engine(&executor).await;
        tokio::time::sleep(Duration::from_secs(400)).await;
    }
    world.calls.heal();
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Blocked);
    assert!(executor.begun().is_empty());
    engine.resume(&world.me, run).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Succeeded);
    let begins = ["run.created", "run.blocked", "run.started", "run.unblocked"];
    assert_eq!(world.events(&engine, run).await[..4], begins);
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_steps_nobody_here_can_run_is_blocked_until_somebody_can() {
    let world = World::new();
    let executor = Probe::echo();
    let engine = world.engine(&executor).await;
    let definition = flow(json!([
        { "id": "nap", "kind": "sleep", "with": { "for": "1m" } },
        probe("a", "once", &["nap"]),
    ]));
    let run = world.start(&engine, definition).await;
    world.settle().await;
    engine.shutdown(Duration::from_secs(1)).await;
    let engine = world.engine_with(Vec::new()).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Blocked);
    assert_eq!(engine.why(&world.me, run).await.unwrap()[0].kind, "blocked");
    assert_eq!(world.in_memory(), 0);
    engine.shutdown(Duration::from_secs(1)).await;
    let engine = world.engine(&executor).await;
    engine.resume(&world.me, run).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Succeeded);
}
