//! Cancel, pause, resume, retry, resolve.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use seawall_engine::store::RunStatus;
use seawall_engine::{ActivityRef, EngineError, Outcome, Resolution, StepError, StepId};
use serde_json::json;

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, flow, probe};

fn is_conflict<T: std::fmt::Debug>(answer: &Result<T, EngineError>) -> bool {
    matches!(answer, Err(EngineError::Conflict { .. }))
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_tells_its_attempt_and_ends() {
    let world = World::new();
    let executor = Probe::new(|_, context| async move {
        context.cancel.cancelled().await;
        Outcome::NotBegun(StepError::new("cancelled", "stopped"))
    });
    let engine = world.engine(&executor).await;
    let run = world.start(&engine, flow(json!([probe("a", "once", &[])]))).await;
    world.settle().await;
    engine.cancel(&world.me, run).await.unwrap();
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Cancelled);
    assert!(is_conflict(&engine.cancel(&world.me, run).await));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_parent_cancels_its_child() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let mut child = flow(json!([{ "id": "hear", "kind": "wait_signal", "with": { "name": "never" } }]));
    child["name"] = json!("child");
    engine.create_workflow(&world.me, &child).await.unwrap();
    let parent = flow(json!([{ "id": "ask", "kind": "workflow", "with": { "workflow": "child" } }]));
    let run = world.start(&engine, parent).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    engine.cancel(&world.me, run).await.unwrap();
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Cancelled);
    let page = seawall_engine::store::Page::first(10);
    let runs = engine.list_runs(&world.me, Default::default(), page).await.unwrap();
    assert!(runs.items.iter().all(|run| run.status == RunStatus::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn a_paused_run_begins_nothing_until_it_is_resumed() {
    let world = World::new();
    let executor = Probe::new(|_, _| async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        Outcome::Succeeded(json!(1))
    });
    let engine = world.engine(&executor).await;
    let run = world
        .start(
            &engine,
            flow(json!([probe("a", "read", &[]), probe("b", "read", &["a"])])),
        )
        .await;
    world.settle().await;
    assert!(is_conflict(&engine.resume(&world.me, run).await));
    engine.pause(&world.me, run).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Paused);
    assert_eq!((executor.begun().len(), world.in_memory()), (1, 0));
    assert!(is_conflict(&engine.pause(&world.me, run).await));
    engine.resume(&world.me, run).await.unwrap();
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_failed_run_is_retried_from_its_failed_step() {
    let world = World::new();
    let broken = Arc::new(AtomicBool::new(true));
    let script = Arc::clone(&broken);
    let executor = Probe::new(move |attempt, _| {
        let fails = attempt.activity.to_string() == "b" && script.load(Ordering::SeqCst);
        async move {
            if fails {
                return Outcome::Failed(StepError::permanent("broken", "it is broken"));
            }
            Outcome::Succeeded(json!(1))
        }
    });
    let engine = world.engine(&executor).await;
    let view = world
        .run(
            &engine,
            flow(json!([probe("a", "once", &[]), probe("b", "once", &["a"])])),
        )
        .await;
    assert_eq!(view.status, RunStatus::Failed);
    assert!(is_conflict(&engine.pause(&world.me, view.id).await));
    broken.store(false, Ordering::SeqCst);
    // Until the run has taken it, the same request is the same retry.
    for _ in 0..2 {
        engine.retry(&world.me, view.id).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.wait(&engine, view.id).await.status, RunStatus::Succeeded);
    assert_eq!(executor.begun(), ["a", "b", "b"]);
    let late = engine.retry(&world.me, view.id).await.unwrap_err();
    assert!(
        late.to_string().contains("has been retried already and is succeeded"),
        "{late}"
    );
}

#[tokio::test(start_paused = true)]
async fn only_an_unknown_outcome_can_be_resolved_and_only_once() {
    let world = World::new();
    let executor = Probe::new(|attempt, _| async move {
        if attempt.number == 1 {
            return Outcome::Unknown(StepError::new("reset", "the connection was reset"));
        }
        Outcome::Succeeded(json!("second"))
    });
    let engine = world.engine(&executor).await;
    let view = world.run(&engine, flow(json!([probe("a", "once", &[])]))).await;
    assert_eq!(view.status, RunStatus::Blocked);
    assert!(is_conflict(&engine.resume(&world.me, view.id).await));
    let step = |name: &str| ActivityRef::step(StepId::parse(name).unwrap());
    let nobody = engine.resolve(&world.me, view.id, step("zz"), Resolution::Retry).await;
    assert!(matches!(nobody, Err(EngineError::NotFound("step"))), "{nobody:?}");
    engine
        .resolve(&world.me, view.id, step("a"), Resolution::Retry)
        .await
        .unwrap();
    let second = engine
        .resolve(&world.me, view.id, step("a"), Resolution::Failed(String::new()))
        .await;
    assert!(is_conflict(&second), "{second:?}");
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(world.wait(&engine, view.id).await.status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn who_resolves_a_map_instead_of_its_items_hears_which_ones_are_meant() {
    let world = World::new();
    let executor = Probe::new(|attempt, _| async move {
        match (attempt.activity.item, attempt.number) {
            (Some(1), _) | (_, 2..) => Outcome::Succeeded(json!(1)),
            _ => Outcome::Unknown(StepError::new("reset", "the connection was reset")),
        }
    });
    let engine = world.engine(&executor).await;
    let over = json!({ "over": [1, 2, 3], "step": { "kind": "probe", "effect": "once" } });
    let view = world
        .run(&engine, flow(json!([{ "id": "m", "kind": "map", "with": over }])))
        .await;
    assert_eq!(view.status, RunStatus::Blocked);
    let step = ActivityRef::step(StepId::parse("m").unwrap());
    let refused = engine
        .resolve(&world.me, view.id, step, Resolution::Retry)
        .await
        .unwrap_err();
    assert!(refused.to_string().ends_with("unknown are m[0], m[2]"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_signal_is_taken_once_for_each_id_of_a_name() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let hears =
        |id: &str, needs: &[&str]| json!({ "id": id, "kind": "wait_signal", "needs": needs, "with": { "name": id } });
    let run = world
        .start(&engine, flow(json!([hears("a", &[]), hears("b", &["a"])])))
        .await;
    let send = |name: &'static str, id: &'static str, payload: i32| {
        engine.signal(&world.me, run, name, Some(id), json!(payload))
    };
    assert!(send("a", "1", 1).await.unwrap());
    assert!(!send("a", "1", 1).await.unwrap());
    world.settle().await;
    // Its message was read, and still it is known what it said.
    assert!(!send("a", "1", 1).await.unwrap());
    assert!(is_conflict(&send("a", "1", 2).await));
    // The same id under other names.
    assert!(send("b-1", "1", 0).await.unwrap() && send("b", "1", 2).await.unwrap());
    world.settle().await;
    let view = world.wait(&engine, run).await;
    assert_eq!(view.status, RunStatus::Succeeded);
    assert_eq!(view.steps[1].output.json(), &json!(2));
}

#[tokio::test(start_paused = true)]
async fn a_list_says_why_a_run_has_failed() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    // Two bytes each: the cut falls between characters.
    let message = format!("x{}", "é".repeat(1000));
    let fails = json!({ "id": "no", "kind": "fail", "with": { "message": message } });
    let run = world.run(&engine, flow(json!([fails]))).await;
    assert_eq!(run.error.unwrap().message.as_deref(), Some(&*message));
    let page = seawall_engine::store::Page::first(10);
    let runs = engine.list_runs(&world.me, Default::default(), page).await.unwrap();
    let error = runs.items[0].error.as_ref().unwrap();
    assert_eq!(&*error.code, "fail");
    assert_eq!(error.step, StepId::parse("no"));
    assert_eq!(error.message.as_deref(), Some(&message[..1023]));
    world.verify().await;
}
