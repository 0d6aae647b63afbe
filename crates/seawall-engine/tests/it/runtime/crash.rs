//! What a crash in mid-attempt means to each effect class.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use seawall_engine::store::RunStatus;
use seawall_engine::{Outcome, RunView, StepStatus};
use serde_json::json;

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, chain, flow, probe};

/// Starts a flow of one step of this class, kills the process in its attempt, and starts another one.
async fn crash_in(effect: &str) -> (RunView, Arc<Probe>) {
    let world = World::new();
    let hangs = Arc::new(AtomicBool::new(true));
    let script = Arc::clone(&hangs);
    let executor = Probe::new(move |_, _| {
        let hangs = script.load(Ordering::SeqCst);
        async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            Outcome::Succeeded(json!("done"))
        }
    });
    let engine = world.engine(&executor).await;
    let run = world.start(&engine, flow(json!([probe("a", effect, &[])]))).await;
    world.settle().await;
    assert_eq!(executor.begun(), ["a"]);
    world.crash(engine).await;
    hangs.store(false, Ordering::SeqCst);
    let engine = world.engine(&executor).await;
    (world.wait(&engine, run).await, executor)
}

#[tokio::test(start_paused = true)]
async fn a_read_is_done_again() {
    let (view, executor) = crash_in("read").await;
    assert_eq!((view.status, executor.begun().len()), (RunStatus::Succeeded, 2));
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_step_is_tried_again_under_the_same_key() {
    let (view, executor) = crash_in("idempotent").await;
    assert_eq!((view.status, executor.begun().len()), (RunStatus::Succeeded, 2));
    let log = executor.log.lock();
    assert_eq!(log[0].effect_key, log[1].effect_key);
    assert_eq!((log[0].number, log[1].number), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_once_step_is_unknown_and_never_silently_run_again() {
    let (view, executor) = crash_in("once").await;
    assert_eq!((view.status, executor.begun().len()), (RunStatus::Blocked, 1));
    assert_eq!(view.steps[0].status, StepStatus::Unknown);
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_is_killed_at_any_moment_ends_with_a_whole_journal() {
    for yields in 0..60 {
        let world = World::new();
        let executor = Probe::echo();
        let engine = world.engine(&executor).await;
        let run = world.start(&engine, chain(6, "idempotent")).await;
        for _ in 0..yields {
            tokio::task::yield_now().await;
        }
        world.crash(engine).await;
        let engine = world.engine(&executor).await;
        let view = world.wait(&engine, run).await;
        assert_eq!((view.status, view.output.json()), (RunStatus::Succeeded, &json!(5)));
        world.events(&engine, run).await;
    }
}
