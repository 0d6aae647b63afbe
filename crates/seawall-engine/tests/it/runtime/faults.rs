//! A store that fails, or whose answers get lost.

use std::time::Duration;

use seawall_engine::EngineError;
use seawall_engine::store::{Fault, Page, RunFilter, RunStatus, StoreOp};
use serde_json::json;

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, chain, flow, probe};

const FAULTS: [Fault; 3] = [
    Fault::BeforeWrite,
    Fault::BeforeWriteLostAnswer,
    Fault::AfterWriteLostAnswer,
];

#[tokio::test(start_paused = true)]
async fn a_failed_append_leaves_no_hole_and_doubles_nothing() {
    for fault in FAULTS {
        for at in 1..=5 {
            let world = World::new();
            let executor = Probe::echo();
            let engine = world.engine(&executor).await;
            let mut calls = 0;
            world.calls.fail(move |point| {
                calls += usize::from(point.op == StoreOp::Append);
                (point.op == StoreOp::Append && (at..at + 3).contains(&calls)).then_some(fault)
            });
            let steps = json!([
                probe("a", "once", &[]),
                probe("b", "read", &["a"]),
                probe("c", "idempotent", &["b"]),
                { "id": "nap", "kind": "sleep", "needs": ["c"], "with": { "for": "1m" } },
                probe("d", "once", &["nap"]),
            ]);
            let run = world.start(&engine, flow(steps)).await;
            tokio::time::sleep(Duration::from_secs(300)).await;
            let view = engine.run(&world.me, run).await.unwrap();
            assert_eq!(view.status, RunStatus::Succeeded, "{fault:?} at {at}");
            assert_eq!(executor.begun(), ["a", "b", "c", "d"], "{fault:?} at {at}");
            world.events(&engine, run).await;
            assert_eq!(world.in_memory(), 0, "{fault:?} at {at}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_creation_whose_answer_was_lost_is_found_and_goes_on() {
    let world = World::new();
    let executor = Probe::echo();
    let engine = world.engine(&executor).await;
    world
        .calls
        .fail_next(StoreOp::CreateRun, Fault::AfterWriteLostAnswer, 1);
    let lost = world
        .try_start(&engine, flow(json!([probe("a", "idempotent", &[])])), json!(null))
        .await;
    assert!(matches!(lost, Err(EngineError::Store(_))), "{lost:?}");
    tokio::time::sleep(Duration::from_secs(60)).await;
    let runs = engine
        .list_runs(&world.me, RunFilter::default(), Page::first(10))
        .await
        .unwrap();
    assert_eq!(runs.items[0].status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_creation_that_failed_leaves_nothing() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    world.calls.fail_next(StoreOp::CreateRun, Fault::BeforeWrite, 1);
    let failed = world.try_start(&engine, chain(3, "idempotent"), json!(null)).await;
    assert!(failed.is_err());
    world.settle().await;
    assert_eq!(world.in_memory(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_answer_was_lost_strands_nothing() {
    for op in [
        StoreOp::Claim,
        StoreOp::Load,
        StoreOp::NextDue,
        StoreOp::Held,
        StoreOp::Unread,
    ] {
        for fault in FAULTS {
            let world = World::new();
            let executor = Probe::echo();
            let engine = world.engine(&executor).await;
            let definition = flow(json!([
                { "id": "nap", "kind": "sleep", "with": { "for": "1m" } },
                { "id": "hear", "kind": "wait_signal", "needs": ["nap"], "with": { "name": "go" } },
                probe("after", "once", &["hear"]),
            ]));
            let run = world.start(&engine, definition).await;
            world.settle().await;
            world.calls.fail_next(op, fault, 3);
            tokio::time::sleep(Duration::from_secs(120)).await;
            engine.signal(&world.me, run, "go", None, json!(1)).await.unwrap();
            tokio::time::sleep(Duration::from_secs(120)).await;
            let view = engine.run(&world.me, run).await.unwrap();
            assert_eq!(view.status, RunStatus::Succeeded, "{op:?} {fault:?}");
            assert_eq!(executor.begun(), ["after"]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_first_answer_was_lost_while_parking_is_given_back_once() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    world.calls.fail_next(StoreOp::Append, Fault::AfterWriteLostAnswer, 1);
    let definition = flow(json!([{ "id": "hear", "kind": "wait_signal", "with": { "name": "go" } }]));
    let run = world.start(&engine, definition).await;
    world.settle().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(world.in_memory(), 0);
    engine.signal(&world.me, run, "go", None, json!(1)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Succeeded);
}
