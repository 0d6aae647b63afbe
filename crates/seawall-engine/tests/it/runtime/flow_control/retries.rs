//! Retries under flow control: they take a slot again, and can be withdrawn while they wait for one.

use seawall_engine::store::{Page, RunFilter, RunId, RunStatus, WorkflowRef};
use seawall_engine::{CreateRun, Engine, EngineError, WorkflowSource};
use serde_json::{Value, json};

use super::kit::{counts, go, hears, status, why};
use crate::runtime::probe::Probe;
use crate::runtime::world::World;

fn child_definition(on_conflict: &str) -> Value {
    let mut child = hears(json!({ "concurrency": { "limit": 1, "on_conflict": on_conflict } }));
    child["name"] = json!("child");
    child
}

fn by_name() -> WorkflowRef {
    WorkflowRef::Name("child".to_owned())
}

async fn start_child_workflow(world: &World, engine: &Engine) -> RunId {
    let request = CreateRun {
        workflow: WorkflowSource::Registered(by_name()),
        input: json!({}),
        priority: None,
        idempotency: None,
    };
    let run = engine.create_run(&world.me, request).await.unwrap().run;
    world.settle().await;
    run
}

/// Runs and waits.
async fn line(world: &World, engine: &Engine) -> (u32, u32) {
    let (_, lines) = engine.flow(&world.me, &by_name(), Page::first(10)).await.unwrap();
    lines.items.first().map_or((0, 0), |line| (line.running, line.queued))
}

/// A parent that failed with its child, the child, and a run that has the child's slot since. The parent's retry waits.
async fn retried(world: &World, engine: &Engine, on_conflict: &str) -> (RunId, RunId, RunId) {
    let definition = child_definition(on_conflict);
    engine.create_workflow(&world.me, &definition).await.unwrap();
    let call = json!({ "id": "call", "kind": "workflow", "with": { "workflow": "child", "input": {} } });
    let parent = world.start(engine, json!({ "name": "parent", "steps": [call] })).await;
    world.settle().await;
    let listed = engine
        .list_runs(&world.me, RunFilter::default(), Page::first(1))
        .await
        .unwrap();
    let child = listed.items[0].id;
    engine.cancel(&world.me, child).await.unwrap();
    assert_eq!(status(world, engine, parent).await, RunStatus::Failed);
    let holder = start_child_workflow(world, engine).await;
    engine.retry(&world.me, parent).await.unwrap();
    world.settle().await;
    (parent, child, holder)
}

#[tokio::test(start_paused = true)]
async fn a_child_that_its_parents_retry_sets_going_again_waits_for_a_slot() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let (parent, child, holder) = retried(&world, &engine, "queue").await;
    assert_eq!(line(&world, &engine).await, (1, 1));
    assert_eq!(status(&world, &engine, child).await, RunStatus::Cancelled);
    assert_eq!(status(&world, &engine, parent).await, RunStatus::Waiting);
    let (kind, detail) = why(&world, &engine, child).await;
    assert_eq!((kind, &detail[..10]), ("concurrency", "its retry "));
    world.crash(engine).await;
    let engine = world.engine(&Probe::echo()).await;
    go(&world, &engine, holder).await;
    assert_eq!(status(&world, &engine, child).await, RunStatus::Waiting);
    assert_eq!(line(&world, &engine).await, (1, 0));
    go(&world, &engine, child).await;
    assert_eq!(status(&world, &engine, parent).await, RunStatus::Succeeded);
    assert_eq!(line(&world, &engine).await, (0, 0));
    let events = world.events(&engine, child).await;
    let again = events.iter().position(|event| *event == "run.retry_requested").unwrap();
    assert_eq!(events[again + 1..again + 3], ["run.admitted", "run.retried"]);
    world.replays(&engine, child).await;
    world.replays(&engine, parent).await;
    world.verify().await;
}

#[tokio::test(start_paused = true)]
async fn a_parent_that_is_cancelled_takes_the_waiting_retry_of_its_child_back() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let (parent, child, _) = retried(&world, &engine, "queue").await;
    engine.cancel(&world.me, parent).await.unwrap();
    assert!(status(&world, &engine, parent).await.is_terminal());
    assert_eq!(status(&world, &engine, child).await, RunStatus::Cancelled);
    assert_eq!(line(&world, &engine).await, (1, 0));
    let events = world.events(&engine, child).await;
    assert_eq!(events.last(), Some(&"run.retry_withdrawn"), "{events:?}");
    // And once more.
    engine.retry(&world.me, parent).await.unwrap();
    world.settle().await;
    assert_eq!(line(&world, &engine).await, (1, 1));
    world.replays(&engine, child).await;
    world.verify().await;
}

#[tokio::test(start_paused = true)]
async fn a_waiting_retry_of_a_child_that_is_withdrawn_fails_the_step() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let (parent, child, _) = retried(&world, &engine, "queue").await;
    engine.cancel(&world.me, child).await.unwrap();
    assert_eq!(line(&world, &engine).await, (1, 0));
    let view = world.wait(&engine, parent).await;
    assert_eq!(
        (view.status, &*view.error.unwrap().code),
        (RunStatus::Failed, "child-cancelled")
    );
    assert_eq!(status(&world, &engine, child).await, RunStatus::Cancelled);
    world.verify().await;
}

#[tokio::test(start_paused = true)]
async fn a_retried_child_that_must_not_wait_fails_the_step() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let (parent, child, holder) = retried(&world, &engine, "reject").await;
    for _ in 0..2 {
        let view = world.wait(&engine, parent).await;
        assert_eq!(
            (view.status, &*view.error.unwrap().code),
            (RunStatus::Failed, "flow-rejected")
        );
        assert_eq!(line(&world, &engine).await, (1, 0));
        engine.retry(&world.me, parent).await.unwrap();
        world.settle().await;
    }
    go(&world, &engine, holder).await;
    engine.retry(&world.me, parent).await.unwrap();
    assert_eq!(status(&world, &engine, child).await, RunStatus::Waiting);
    world.verify().await;
}

#[tokio::test(start_paused = true)]
async fn a_retried_child_that_gives_way_fails_the_step() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let (parent, child, holder) = retried(&world, &engine, "cancel_running").await;
    // The one that had the slot gave way to the retry.
    assert_eq!(status(&world, &engine, holder).await, RunStatus::Cancelled);
    assert_eq!(status(&world, &engine, child).await, RunStatus::Waiting);
    start_child_workflow(&world, &engine).await;
    let view = world.wait(&engine, parent).await;
    assert_eq!(
        (view.status, &*view.error.unwrap().code),
        (RunStatus::Failed, "child-cancelled")
    );
    world.verify().await;
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_waits_for_a_slot_can_be_withdrawn() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let definition = hears(json!({ "concurrency": 1 }));
    let ended = world.start(&engine, definition.clone()).await;
    world.settle().await;
    engine.cancel(&world.me, ended).await.unwrap();
    world.settle().await;
    let refused = engine.cancel(&world.me, ended).await;
    assert!(matches!(refused, Err(EngineError::Conflict { .. })), "{refused:?}");
    let holder = world.start(&engine, definition.clone()).await;
    for round in 1..=2 {
        engine.retry(&world.me, ended).await.unwrap();
        assert_eq!(counts(&world, &engine, &definition).await, (1, 1));
        let kept = engine.delete_run(&world.me, ended).await.unwrap_err().to_string();
        assert!(kept.contains("cancel it first"), "{kept}");
        engine.cancel(&world.me, ended).await.unwrap();
        // At once, not when somebody has read it.
        assert_eq!(counts(&world, &engine, &definition).await, (1, 0));
        assert_eq!(status(&world, &engine, ended).await, RunStatus::Cancelled);
        assert_eq!(why(&world, &engine, ended).await.0, "ended");
        let events = world.events(&engine, ended).await;
        let withdrawn = events.iter().filter(|event| **event == "run.retry_withdrawn").count();
        assert_eq!((withdrawn, *events.last().unwrap()), (round, "run.retry_withdrawn"));
        let refused = engine.cancel(&world.me, ended).await;
        assert!(matches!(refused, Err(EngineError::Conflict { .. })), "{refused:?}");
    }
    go(&world, &engine, holder).await;
    assert_eq!(counts(&world, &engine, &definition).await, (0, 0));
    world.replays(&engine, ended).await;
    world.verify().await;
    // It can still be retried, and deleted after that.
    engine.retry(&world.me, ended).await.unwrap();
    assert_eq!(status(&world, &engine, ended).await, RunStatus::Waiting);
    go(&world, &engine, ended).await;
    assert_eq!(status(&world, &engine, ended).await, RunStatus::Succeeded);
    engine.delete_run(&world.me, ended).await.unwrap();
}
