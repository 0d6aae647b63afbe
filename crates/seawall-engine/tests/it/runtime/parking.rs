//! Waiting runs leave memory and come back.

use std::time::Duration;

use seawall_engine::store::{Fault, RunStatus, StoreOp};
use serde_json::json;

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, flow, probe};

fn waits() -> serde_json::Value {
    let mut flow = flow(json!([{ "id": "hear", "kind": "wait_signal", "with": { "name": "go" } }]));
    flow["output"] = json!("{{ steps.hear.output }}");
    flow
}

#[tokio::test(start_paused = true)]
async fn a_sleeping_run_leaves_memory_and_its_timer_brings_it_back() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let run = world
        .start(
            &engine,
            flow(json!([{ "id": "nap", "kind": "sleep", "with": { "for": "1h" } }])),
        )
        .await;
    world.settle().await;
    assert_eq!(world.in_memory(), 0);
    assert_eq!(world.calls.of(StoreOp::Append), 1);
    tokio::time::sleep(Duration::from_secs(3590)).await;
    assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Waiting);
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_short_sleep_stays_in_memory() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let view = world
        .run(
            &engine,
            flow(json!([{ "id": "nap", "kind": "sleep", "with": { "for": "500ms" } }])),
        )
        .await;
    assert_eq!(view.status, RunStatus::Succeeded);
    world.settle().await;
    assert_eq!(world.calls.of(StoreOp::Claim), 0);
}

#[tokio::test(start_paused = true)]
async fn a_signal_wakes_a_parked_run_and_counts_once() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let view = world.run(&engine, waits()).await;
    world.settle().await;
    assert_eq!((view.status, world.in_memory()), (RunStatus::Waiting, 0));
    let me = &world.me;
    assert!(engine.signal(me, view.id, "go", Some("1"), json!("hi")).await.unwrap());
    let again = engine.signal(me, view.id, "go", Some("1"), json!("hi")).await.unwrap();
    assert!(!again);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let view = world.wait(&engine, view.id).await;
    assert_eq!((view.status, view.output.json()), (RunStatus::Succeeded, &json!("hi")));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_meets_the_parking_run_is_not_lost() {
    for yields in 0..40 {
        let world = World::new();
        let engine = world.engine(&Probe::echo()).await;
        let run = world.start(&engine, waits()).await;
        for _ in 0..yields {
            tokio::task::yield_now().await;
        }
        engine.signal(&world.me, run, "go", None, json!(yields)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
        let view = engine.run(&world.me, run).await.unwrap();
        assert_eq!(
            (view.status, view.output.json()),
            (RunStatus::Succeeded, &json!(yields))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_messages_is_taken_in_order() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let steps: Vec<_> = (0..300)
        .map(|index: usize| {
            let needs: Vec<String> = index
                .checked_sub(1)
                .map(|before| format!("s{before}"))
                .into_iter()
                .collect();
            json!({ "id": format!("s{index}"), "kind": "wait_signal", "with": { "name": "go" }, "needs": needs })
        })
        .collect();
    let mut definition = flow(json!(steps));
    definition["output"] = json!("{{ [steps.s0.output, steps.s299.output] }}");
    let run = world.start(&engine, definition).await;
    for index in 0..300 {
        engine.signal(&world.me, run, "go", None, json!(index)).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    let view = engine.run(&world.me, run).await.unwrap();
    assert_eq!(
        (view.status, view.output.json()),
        (RunStatus::Succeeded, &json!([0, 299]))
    );
    world.events(&engine, run).await;
}

#[tokio::test(start_paused = true)]
async fn a_parked_run_outlives_its_process() {
    let world = World::new();
    let executor = Probe::echo();
    let engine = world.engine(&executor).await;
    let definition = flow(json!([
        { "id": "nap", "kind": "sleep", "with": { "for": "10m" } },
        probe("after", "once", &["nap"]),
    ]));
    let run = world.start(&engine, definition).await;
    world.settle().await;
    world.crash(engine).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let engine = world.engine(&executor).await;
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded);
    assert_eq!(executor.begun(), ["after"]);
}

#[tokio::test(start_paused = true)]
async fn messages_that_are_taken_and_not_yet_durable_are_not_taken_again() {
    let world = World::new();
    let engine = world.engine(&Probe::deaf()).await;
    let mut busy = probe("busy", "read", &[]);
    busy["timeout"] = json!("1h");
    let run = world.start(&engine, flow(json!([busy]))).await;
    world.settle().await;
    world
        .calls
        .fail(|point| (point.op == StoreOp::Append).then_some(Fault::BeforeWrite));
    for index in 0..400 {
        engine.signal(&world.me, run, "go", None, json!(index)).await.unwrap();
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    world.calls.heal();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let events = world.events(&engine, run).await;
    assert_eq!(events.iter().filter(|kind| **kind == "signal.received").count(), 400);
}
