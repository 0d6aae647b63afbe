//! Child runs whose parent is retried: what they have done stays done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use seawall_engine::store::{
    Fault, MessageKey, NewMessage, Page, RunId, RunStatus, RunStore as _, Sent, StatusSet, StoreOp, Turn,
};
use seawall_engine::{ActivityRef, Engine, Outcome, Resolution, StepError};
use serde_json::json;

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, flow, probe};

/// The workflow `child`: `x`, then `y`; and a run that has it done.
async fn start(world: &World, engine: &Engine, timeout: Option<&str>) -> RunId {
    let mut child = flow(json!([probe("x", "once", &[]), probe("y", "once", &["x"])]));
    child["name"] = json!("child");
    engine.create_workflow(&world.me, &child).await.unwrap();
    let mut step = json!({ "id": "c", "kind": "workflow", "with": { "workflow": "child" } });
    if let Some(timeout) = timeout {
        step["timeout"] = json!(timeout);
    }
    world.start(engine, flow(json!([step]))).await
}

async fn children(world: &World, engine: &Engine, parent: RunId) -> Vec<(RunId, RunStatus)> {
    let runs = engine
        .list_runs(&world.me, Default::default(), Page::first(10))
        .await
        .unwrap();
    let runs = runs.items.iter().filter(|run| run.id != parent);
    runs.map(|run| (run.id, run.status)).collect()
}

/// `y` fails until it may succeed.
fn failing(good: &Arc<AtomicBool>) -> Arc<Probe> {
    let good = Arc::clone(good);
    Probe::new(move |attempt, _| {
        let bad = attempt.activity.to_string() == "y" && !good.load(Ordering::SeqCst);
        async move {
            tokio::task::yield_now().await;
            if bad {
                return Outcome::Failed(StepError::permanent("bad", ""));
            }
            Outcome::Succeeded(json!(1))
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_retry_of_the_parent_does_nothing_again_that_its_child_has_done() {
    let world = World::new();
    let good = Arc::new(AtomicBool::new(false));
    let executor = failing(&good);
    let engine = world.engine(&executor).await;
    let run = start(&world, &engine, None).await;
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Failed);
    for _ in 0..2 {
        engine.retry(&world.me, run).await.unwrap();
        world.settle().await;
        assert_eq!(world.wait(&engine, run).await.status, RunStatus::Failed);
    }
    good.store(true, Ordering::SeqCst);
    engine.retry(&world.me, run).await.unwrap();
    world.settle().await;
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded);
    assert_eq!(executor.begun(), ["x", "y", "y", "y", "y"]);
    let [(child, RunStatus::Succeeded)] = children(&world, &engine, run).await[..] else {
        panic!("another child was begun");
    };
    world.replays(&engine, run).await;
    world.replays(&engine, child).await;
    world.verify().await;
}

#[tokio::test(start_paused = true)]
async fn a_process_that_dies_meanwhile_changes_nothing_of_that() {
    for yields in 0..60 {
        let world = World::new();
        let good = Arc::new(AtomicBool::new(false));
        let executor = failing(&good);
        let engine = world.engine(&executor).await;
        let run = start(&world, &engine, None).await;
        assert_eq!(world.wait(&engine, run).await.status, RunStatus::Failed);
        good.store(true, Ordering::SeqCst);
        engine.retry(&world.me, run).await.unwrap();
        for _ in 0..yields {
            tokio::task::yield_now().await;
        }
        world.crash(engine).await;
        let engine = world.engine(&executor).await;
        world.settle().await;
        let [(child, _)] = children(&world, &engine, run).await[..] else {
            panic!("another child was begun after {yields} turns");
        };
        // The death may have come in the middle of `y`.
        let y = ActivityRef::parse("y").unwrap();
        let resolution = Resolution::Succeeded(json!(1).into());
        drop(engine.resolve(&world.me, child, y, resolution).await);
        assert_eq!(
            world.wait(&engine, run).await.status,
            RunStatus::Succeeded,
            "after {yields} turns"
        );
        let x = executor.begun().iter().filter(|name| *name == "x").count();
        assert_eq!(x, 1, "after {yields} turns");
        world.replays(&engine, run).await;
        world.verify().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_child_that_took_too_long_and_is_not_sure_of_its_outcome_is_waited_for_not_repeated() {
    let world = World::new();
    let executor = Probe::new(|_, context| async move {
        context.cancel.cancelled().await;
        Outcome::Unknown(StepError::new("cut-off", ""))
    });
    let engine = world.engine(&executor).await;
    let run = start(&world, &engine, Some("1s")).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let [(child, RunStatus::Blocked)] = children(&world, &engine, run).await[..] else {
        panic!("it is not waited for");
    };
    let view = engine.run(&world.me, run).await.unwrap();
    assert_eq!(view.status, RunStatus::Waiting);
    world.verify().await;
    let x = ActivityRef::parse("x").unwrap();
    let resolution = Resolution::Succeeded(json!(1).into());
    engine.resolve(&world.me, child, x, resolution).await.unwrap();
    let view = world.wait(&engine, run).await;
    assert_eq!(view.status, RunStatus::Failed);
    assert_eq!(view.error.map(|error| error.code).as_deref(), Some("timeout"));
    engine.retry(&world.me, run).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(executor.begun(), ["x", "y"]);
    world.replays(&engine, child).await;
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_is_asked_of_a_child_while_its_end_is_being_written_is_not_lost() {
    for draining in [false, true] {
        let world = World::new();
        let ends = Arc::new(AtomicBool::new(false));
        let (good, ending) = (Arc::new(AtomicBool::new(false)), Arc::clone(&ends));
        let may = Arc::clone(&good);
        let executor = Probe::new(move |attempt, _| {
            let bad = attempt.activity.to_string() == "y" && !may.load(Ordering::SeqCst);
            ending.store(bad, Ordering::SeqCst);
            std::future::ready(if bad {
                Outcome::Failed(StepError::permanent("bad", ""))
            } else {
                Outcome::Succeeded(json!(1))
            })
        });
        let engine = world.engine(&executor).await;
        // From the failure of `y` on no append is written: that of the child's end is sent, and does not land.
        world.calls.fail(move |point| {
            let held_up = point.op == StoreOp::Append && ends.load(Ordering::SeqCst);
            held_up.then_some(Fault::BeforeWrite)
        });
        let run = start(&world, &engine, None).await;
        world.settle().await;
        let [(child, RunStatus::Running)] = children(&world, &engine, run).await[..] else {
            panic!("its end has landed");
        };
        // As of a parent that did not wait for the end.
        let asks = NewMessage {
            key: MessageKey("parent-retry:2".to_owned()),
            allowed: StatusSet::live(),
            body: Arc::from(*br#"{"v":1,"t":"parent_retried","by":"somebody","round":2}"#),
            turn: Turn::Keep,
        };
        let sent = world.store.send(&world.me.tenant, child, asks).await;
        assert_eq!(sent.unwrap(), Sent::Accepted);
        good.store(true, Ordering::SeqCst);
        world.calls.heal();
        let engine = if draining {
            engine.shutdown(Duration::from_secs(5)).await;
            world.verify().await;
            world.engine(&executor).await
        } else {
            engine
        };
        // The status before it is that of an end, too.
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(
            world.wait(&engine, child).await.status,
            RunStatus::Succeeded,
            "{draining}"
        );
        assert_eq!(executor.begun(), ["x", "y", "y"]);
        world.verify().await;
    }
}
