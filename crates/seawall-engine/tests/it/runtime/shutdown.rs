//! The clean end.

use std::sync::Arc;
use std::time::Duration;

use seawall_engine::store::{Fault, RunStatus, StoreOp};
use seawall_engine::{Engine, EngineError, Outcome, RunView, StepError};
use serde_json::{Value, json};

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, chain, flow, probe};

#[tokio::test(start_paused = true)]
async fn running_attempts_may_end_and_what_has_not_begun_begins_after_the_restart() {
    let world = World::new();
    let executor = Probe::new(|_, _| async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        Outcome::Succeeded(json!(1))
    });
    let engine = world.engine(&executor).await;
    let run = world
        .start(
            &engine,
            flow(json!([probe("a", "once", &[]), probe("b", "once", &["a"])])),
        )
        .await;
    world.settle().await;
    engine.shutdown(Duration::from_secs(30)).await;
    assert_eq!(executor.begun(), ["a"]);
    assert_eq!(world.in_memory(), 0);
    let refused = world.try_start(&engine, chain(1, "pure"), json!(null)).await;
    assert!(matches!(refused, Err(EngineError::Overloaded(_))), "{refused:?}");
    drop(engine);
    let engine = world.engine(&executor).await;
    let view = world.wait(&engine, run).await;
    assert_eq!(view.status, RunStatus::Succeeded, "{:?}", view.error);
    assert_eq!(executor.begun(), ["a", "b"]);
}

/// An attempt at `probe` that has heard that it is to stop ends with this; later ones succeed. None: it does not listen.
fn cut_off(end: Option<Outcome>) -> Arc<Probe> {
    Probe::new(move |attempt, context| {
        let end = end.clone();
        async move {
            if attempt.number > 1 {
                return Outcome::Succeeded(json!(1));
            }
            context.cancel.cancelled().await;
            match end {
                Some(end) => end,
                None => std::future::pending().await,
            }
        }
    })
}

/// Starts a run of this step and shuts down while its attempt is under way. Answers the run as the next process leaves it.
async fn shut_down_over(world: &World, executor: &Arc<Probe>, step: Value) -> (Engine, RunView) {
    let engine = world.engine(executor).await;
    let run = world.start(&engine, flow(json!([step]))).await;
    world.settle().await;
    engine.shutdown(Duration::from_secs(2)).await;
    assert_eq!(executor.begun().len(), 1, "nothing begins in a shutdown");
    drop(engine);
    world.verify().await;
    let engine = world.engine(executor).await;
    let view = world.wait(&engine, run).await;
    (engine, view)
}

#[tokio::test(start_paused = true)]
async fn attempts_that_take_too_long_are_cut_off_and_no_failure_of_their_step() {
    let ends = [
        Some(Outcome::Unknown(StepError::new("killed", "it was killed"))),
        Some(Outcome::Failed(StepError::new("exit-code-143", "it was told to stop"))),
        Some(Outcome::NotBegun(StepError::new("cancelled", "it had not begun"))),
        None,
    ];
    for effect in ["pure", "read", "idempotent"] {
        for end in &ends {
            let (world, executor) = (World::new(), cut_off(end.clone()));
            // Without a policy: one failure would be the run's.
            let (engine, view) = shut_down_over(&world, &executor, probe("a", effect, &[])).await;
            assert_eq!(view.status, RunStatus::Succeeded, "{effect} {end:?}: {:?}", view.error);
            let events = world.events(&engine, view.id).await;
            assert!(!events.contains(&"step.failed"), "{effect} {end:?}: {events:?}");
            let keys: Vec<_> = executor.log.lock().iter().map(|attempt| attempt.effect_key).collect();
            assert_eq!(keys.len(), 2, "{effect} {end:?}");
            assert_eq!(keys[0], keys[1], "{effect} {end:?}: one key");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_once_attempt_that_is_cut_off_is_unknown_unless_it_is_known_how_it_ended() {
    let unknown = Outcome::Unknown(StepError::new("killed", "it was killed"));
    let failed = Outcome::Failed(StepError::new("exit-code-1", "it was over"));
    let not_begun = Outcome::NotBegun(StepError::new("cancelled", "it had not begun"));
    for (end, attempts, status, code) in [
        (Some(unknown), 1, RunStatus::Blocked, Some("killed")),
        (None, 1, RunStatus::Blocked, Some("cancelled")),
        (Some(Outcome::Succeeded(json!(1))), 1, RunStatus::Succeeded, None),
        (Some(failed), 1, RunStatus::Failed, Some("exit-code-1")),
        (Some(not_begun), 2, RunStatus::Succeeded, None),
    ] {
        let (world, executor) = (World::new(), cut_off(end.clone()));
        let (_engine, view) = shut_down_over(&world, &executor, probe("a", "once", &[])).await;
        assert_eq!(view.status, status, "{end:?}");
        assert_eq!(executor.begun().len(), attempts, "{end:?}");
        assert_eq!(view.steps[0].error.as_ref().map(|error| &*error.code), code, "{end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_policy_has_all_its_attempts_after_a_shutdown() {
    let world = World::new();
    let executor = Probe::new(|attempt, context| async move {
        match attempt.number {
            1 => {
                context.cancel.cancelled().await;
                Outcome::Unknown(StepError::new("killed", "it was killed"))
            }
            2 => Outcome::Failed(StepError::new("bad", "")),
            _ => Outcome::Succeeded(json!(1)),
        }
    });
    let mut step = probe("a", "read", &[]);
    step["retry"] = json!({ "max_attempts": 2, "initial": "1s", "jitter": "none" });
    let (_engine, view) = shut_down_over(&world, &executor, step).await;
    assert_eq!(view.status, RunStatus::Succeeded, "{:?}", view.error);
    assert_eq!(executor.begun().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_while_the_process_ends_is_no_failure_and_what_has_failed_before_is_one() {
    let lost = Outcome::Unknown(StepError::new("connection-lost", "the network went first"));
    let failed = Outcome::Failed(StepError::permanent("bad", ""));
    for (end, status) in [(lost, RunStatus::Succeeded), (failed, RunStatus::Failed)] {
        let world = World::new();
        let said = end.clone();
        let executor = Probe::new(move |attempt, _| {
            let end = said.clone();
            async move {
                // Within the time that attempts have to end.
                tokio::time::sleep(Duration::from_secs(1)).await;
                if attempt.number > 1 {
                    return Outcome::Succeeded(json!(1));
                }
                end
            }
        });
        let (_engine, view) = shut_down_over(&world, &executor, probe("a", "idempotent", &[])).await;
        assert_eq!(view.status, status, "{end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_ran_out_of_its_own_time_has_failed_shutdown_or_not() {
    let world = World::new();
    let mut step = probe("a", "read", &[]);
    step["timeout"] = json!("1s");
    let (_engine, view) = shut_down_over(&world, &cut_off(None), step).await;
    assert_eq!(view.status, RunStatus::Failed);
    assert_eq!(view.error.map(|error| error.code), Some("timeout".into()));
}

#[tokio::test(start_paused = true)]
async fn a_child_that_could_not_be_looked_up_in_time_is_looked_up_after_the_restart() {
    let world = World::new();
    let executor = Probe::echo();
    let engine = world.engine(&executor).await;
    let mut child = flow(json!([probe("x", "once", &[])]));
    child["name"] = json!("child");
    engine.create_workflow(&world.me, &child).await.unwrap();
    let mut created = false;
    world.calls.fail(move |point| {
        created |= point.op == StoreOp::CreateRun;
        (created && point.op == StoreOp::Read).then_some(Fault::BeforeWrite)
    });
    let step = json!({ "id": "c", "kind": "workflow", "with": { "workflow": "child" } });
    let run = world.start(&engine, flow(json!([step]))).await;
    world.settle().await;
    engine.shutdown(Duration::from_secs(2)).await;
    world.calls.heal();
    drop(engine);
    world.verify().await;
    let engine = world.engine(&executor).await;
    let view = world.wait(&engine, run).await;
    assert_eq!(view.status, RunStatus::Succeeded, "{:?}", view.error);
    assert_eq!(executor.begun(), ["x"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_while_the_process_ends_is_cancelled_after_the_restart() {
    let world = World::new();
    let executor = cut_off(None);
    let engine = world.engine(&executor).await;
    let run = world.start(&engine, flow(json!([probe("a", "read", &[])]))).await;
    world.settle().await;
    let ending = engine.shutdown(Duration::from_secs(2));
    let cancelled = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        engine.cancel(&world.me, run).await.unwrap();
    };
    tokio::join!(ending, cancelled);
    drop(engine);
    world.verify().await;
    let engine = world.engine(&executor).await;
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Cancelled);
    assert_eq!(executor.begun().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_idle_engine_shuts_down_at_once() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let before = tokio::time::Instant::now();
    engine.shutdown(Duration::from_secs(30)).await;
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert_eq!(world.calls.of(StoreOp::Retire), 1);
}
