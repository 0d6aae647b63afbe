//! Slots: who gets one, and that every end gives it back.

use std::time::Duration;

use seawall_engine::store::{Page, RunStatus, WorkflowRef};
use seawall_engine::{CreateRun, WorkflowSource};
use serde_json::{Value, json};

use super::kit::{counts, go, hears, status, why};
use crate::runtime::probe::Probe;
use crate::runtime::world::World;

#[tokio::test(start_paused = true)]
async fn a_run_waits_for_a_slot_and_gets_it_when_another_ends() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let definition = hears(json!({ "concurrency": 1 }));
    let first = world.start(&engine, definition.clone()).await;
    let second = world.start(&engine, definition.clone()).await;
    let third = world.start(&engine, definition.clone()).await;
    assert_eq!(status(&world, &engine, first).await, RunStatus::Waiting);
    assert_eq!(status(&world, &engine, second).await, RunStatus::Queued);
    let (kind, detail) = why(&world, &engine, third).await;
    assert_eq!(kind, "concurrency");
    assert_eq!(detail, "waits for one of 1 slots: 1 running; it is number 2 of 2");
    assert_eq!(world.in_memory(), 0, "who waits occupies no memory");
    assert_eq!(counts(&world, &engine, &definition).await, (1, 2));
    go(&world, &engine, first).await;
    assert_eq!(status(&world, &engine, first).await, RunStatus::Succeeded);
    assert_eq!(status(&world, &engine, second).await, RunStatus::Waiting);
    assert_eq!(status(&world, &engine, third).await, RunStatus::Queued);
    assert_eq!(
        world.events(&engine, second).await,
        [
            "run.created",
            "run.admitted",
            "run.started",
            "step.started",
            "signal.awaited"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn who_waits_behind_a_run_that_stands_is_told_which_one() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let definition = hears(json!({ "concurrency": 1 }));
    let first = world.start(&engine, definition.clone()).await;
    let second = world.start(&engine, definition).await;
    world.settle().await;
    engine.pause(&world.me, first).await.unwrap();
    assert_eq!(status(&world, &engine, first).await, RunStatus::Paused);
    let (kind, detail) = why(&world, &engine, second).await;
    assert_eq!(kind, "concurrency");
    assert!(
        detail.ends_with(&format!("; {first} has one and is paused")),
        "{detail}"
    );
    engine.resume(&world.me, first).await.unwrap();
    let (_, detail) = why(&world, &engine, second).await;
    assert!(
        !detail.contains(&first.to_string()),
        "it waits for a signal, as it is meant to: {detail}"
    );
}

#[tokio::test(start_paused = true)]
async fn every_end_gives_the_slot_back() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let definition = hears(json!({ "concurrency": 1, "timeout": "1h" }));
    let mut runs = Vec::new();
    for _ in 0..4 {
        runs.push(world.start(&engine, definition.clone()).await);
    }
    world.settle().await;
    go(&world, &engine, runs[0]).await;
    assert_eq!(status(&world, &engine, runs[1]).await, RunStatus::Waiting);
    engine.cancel(&world.me, runs[1]).await.unwrap();
    assert_eq!(status(&world, &engine, runs[1]).await, RunStatus::Cancelled);
    assert_eq!(status(&world, &engine, runs[2]).await, RunStatus::Waiting);
    // One that times out while it waits leaves the queue, one that times out with a slot frees it.
    tokio::time::sleep(Duration::from_secs(3700)).await;
    for run in &runs[2..] {
        assert_eq!(status(&world, &engine, *run).await, RunStatus::Failed);
    }
    assert_eq!(counts(&world, &engine, &definition).await, (0, 0));
    let next = world.start(&engine, definition).await;
    assert_eq!(status(&world, &engine, next).await, RunStatus::Waiting);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_run_can_be_cancelled_and_paused() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let definition = hears(json!({ "concurrency": 1 }));
    let holder = world.start(&engine, definition.clone()).await;
    let (gone, paused) = (
        world.start(&engine, definition.clone()).await,
        world.start(&engine, definition.clone()).await,
    );
    engine.cancel(&world.me, gone).await.unwrap();
    engine.pause(&world.me, paused).await.unwrap();
    assert_eq!(status(&world, &engine, gone).await, RunStatus::Cancelled);
    assert_eq!(status(&world, &engine, paused).await, RunStatus::Paused);
    assert_eq!(world.in_memory(), 0);
    go(&world, &engine, holder).await;
    // It has its slot, and begins nothing with it.
    assert_eq!(status(&world, &engine, paused).await, RunStatus::Paused);
    assert_eq!(counts(&world, &engine, &definition).await, (1, 0));
    engine.resume(&world.me, paused).await.unwrap();
    assert_eq!(status(&world, &engine, paused).await, RunStatus::Waiting);
}

#[tokio::test(start_paused = true)]
async fn keys_do_not_wait_for_each_other() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let definition = hears(json!({ "concurrency": { "limit": 1, "key": "{{ input.who }}" } }));
    let mut runs = Vec::new();
    for who in ["ann", "ann", "bob"] {
        let started = world
            .try_start(&engine, definition.clone(), json!({ "who": who }))
            .await;
        runs.push(started.unwrap().run);
    }
    let mut found = Vec::new();
    for run in runs {
        found.push(status(&world, &engine, run).await);
    }
    assert_eq!(found, [RunStatus::Waiting, RunStatus::Queued, RunStatus::Waiting]);
}

#[tokio::test(start_paused = true)]
async fn a_retried_run_takes_a_slot_again() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let definition = hears(json!({ "concurrency": 1 }));
    let failed = world.start(&engine, definition.clone()).await;
    world.settle().await;
    engine.cancel(&world.me, failed).await.unwrap();
    world.settle().await;
    let holder = world.start(&engine, definition.clone()).await;
    engine.retry(&world.me, failed).await.unwrap();
    assert_eq!(status(&world, &engine, failed).await, RunStatus::Cancelled);
    let (kind, detail) = why(&world, &engine, failed).await;
    assert_eq!((kind, &detail[..10]), ("concurrency", "its retry "));
    go(&world, &engine, holder).await;
    assert_eq!(status(&world, &engine, failed).await, RunStatus::Waiting);
    assert_eq!(counts(&world, &engine, &definition).await, (1, 0));
    go(&world, &engine, failed).await;
    assert_eq!(status(&world, &engine, failed).await, RunStatus::Succeeded);
    assert_eq!(counts(&world, &engine, &definition).await, (0, 0));
}

fn parent(on_error: &str) -> Value {
    let child =
        json!({ "id": "call", "kind": "workflow", "on_error": on_error, "with": { "workflow": "child", "input": {} } });
    json!({ "name": "parent", "steps": [child] })
}

#[tokio::test(start_paused = true)]
async fn a_child_waits_for_its_slot_and_a_refused_one_fails_its_step() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let mut child = hears(json!({ "concurrency": { "limit": 1, "on_conflict": "queue" } }));
    child["name"] = json!("child");
    let record = engine.create_workflow(&world.me, &child).await.unwrap();
    let target = WorkflowRef::Id(record.id);
    let parents = [
        world.start(&engine, parent("fail")).await,
        world.start(&engine, parent("fail")).await,
    ];
    world.settle().await;
    let (_, lines) = engine.flow(&world.me, &target, Page::first(10)).await.unwrap();
    assert_eq!((lines.items[0].running, lines.items[0].queued), (1, 1));
    assert_eq!(status(&world, &engine, parents[1]).await, RunStatus::Waiting);
    child["concurrency"]["on_conflict"] = json!("reject");
    engine.update_workflow(&world.me, &target, &child, None).await.unwrap();
    let third = world.start(&engine, parent("fail")).await;
    let view = world.wait(&engine, third).await;
    assert_eq!(view.status, RunStatus::Failed);
    assert_eq!(&*view.error.unwrap().code, "flow-rejected");
}

#[tokio::test(start_paused = true)]
async fn a_parent_with_the_only_slot_of_its_own_workflow_is_named() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let step = json!({ "id": "again", "kind": "workflow", "with": { "workflow": "round", "input": {} } });
    let definition = json!({ "name": "round", "concurrency": 1, "steps": [step] });
    engine.create_workflow(&world.me, &definition).await.unwrap();
    let request = CreateRun {
        workflow: WorkflowSource::Registered(WorkflowRef::Name("round".to_owned())),
        input: json!({}),
        priority: None,
        idempotency: None,
    };
    let run = engine.create_run(&world.me, request).await.unwrap().run;
    world.settle().await;
    let listed = engine
        .list_runs(&world.me, Default::default(), Page::first(10))
        .await
        .unwrap();
    let child = listed.items[0].id;
    assert_ne!(child, run);
    let (kind, detail) = why(&world, &engine, child).await;
    assert_eq!(kind, "concurrency");
    assert!(
        detail.contains(&format!("The run {run} above it has one of them")),
        "{detail}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_moment_loses_no_slot_and_no_run() {
    for yields in 0..80 {
        let world = World::new();
        let executor = Probe::echo();
        let mut engine = world.engine(&executor).await;
        let step = json!({ "id": "a", "kind": "probe", "with": { "value": 1 }, "effect": "idempotent" });
        let definition = json!({ "name": "short", "concurrency": 2, "steps": [step] });
        let mut runs = Vec::new();
        for _ in 0..6 {
            runs.push(world.start(&engine, definition.clone()).await);
        }
        for round in 0..3 {
            for _ in 0..yields * (round + 1) / 2 {
                tokio::task::yield_now().await;
            }
            let (running, _) = counts(&world, &engine, &definition).await;
            assert!(running <= 2, "{running} run at once");
            world.crash(engine).await;
            engine = world.engine(&executor).await;
        }
        for run in runs {
            let view = world.wait(&engine, run).await;
            assert_eq!(view.status, RunStatus::Succeeded, "after {yields}");
            let events = world.events(&engine, run).await;
            let admitted = events.iter().filter(|event| **event == "run.admitted").count();
            assert_eq!(admitted, 1);
        }
        assert_eq!(counts(&world, &engine, &definition).await, (0, 0));
    }
}

/// Fails at once, or runs for ever.
fn one_at_a_time() -> Value {
    json!({ "name": "one", "concurrency": { "limit": 1, "on_conflict": "cancel_running" }, "steps": [
        { "id": "no", "kind": "fail", "when": "{{ input.fail }}", "with": { "message": "no" } },
        { "id": "long", "kind": "probe", "effect": "read", "when": "{{ not input.fail }}" },
    ] })
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_gave_way_can_be_asked_for_again() {
    let world = World::new();
    // Its attempts do not hear that they are to end, so that a cancelled run keeps its slot for a while.
    let engine = world.engine(&Probe::deaf()).await;
    let start = async |fail: bool| {
        let started = world.try_start(&engine, one_at_a_time(), json!({ "fail": fail })).await;
        world.settle().await;
        started.unwrap().run
    };
    let failed = start(true).await;
    assert_eq!(status(&world, &engine, failed).await, RunStatus::Failed);
    let holds = start(false).await;
    engine.retry(&world.me, failed).await.unwrap();
    assert_eq!(why(&world, &engine, failed).await.0, "concurrency");
    let next = start(false).await;
    let (kind, _) = why(&world, &engine, failed).await;
    assert_eq!(kind, "ended");
    engine.cancel(&world.me, next).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(status(&world, &engine, holds).await.is_terminal());
    assert!(status(&world, &engine, next).await.is_terminal());
    let before = world.events(&engine, failed).await.len();
    engine.retry(&world.me, failed).await.unwrap();
    world.settle().await;
    let events = world.events(&engine, failed).await;
    assert_eq!(events[before], "run.retried", "{events:?}");
}
