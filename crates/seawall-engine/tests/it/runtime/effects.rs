//! Attempts that end badly: timeouts, panics, refusals, outputs beyond the bounds.

use std::time::Duration;

use seawall_engine::store::RunStatus;
use seawall_engine::{ActivityRef, Datum, Outcome, Resolution, RunView, StepError, StepId, StepStatus};
use serde_json::json;

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, flow, probe};

fn step() -> ActivityRef {
    ActivityRef::step(StepId::parse("a").expect("a step id"))
}

fn code(view: &RunView) -> String {
    view.steps[0]
        .error
        .as_ref()
        .map(|error| error.code.to_string())
        .unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_is_cancelled_and_its_error_says_timeout() {
    let world = World::new();
    let executor = Probe::new(|_, context| async move {
        context.cancel.cancelled().await;
        Outcome::Failed(StepError::new("killed", "the process was killed"))
    });
    let engine = world.engine(&executor).await;
    let mut step = probe("a", "once", &[]);
    step["timeout"] = json!("3s");
    let view = world.run(&engine, flow(json!([step]))).await;
    assert_eq!((view.status, code(&view).as_str()), (RunStatus::Failed, "timeout"));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_times_out_in_silence_is_tried_again_under_the_same_key_unless_it_was_once() {
    for effect in ["pure", "read", "idempotent", "once"] {
        let world = World::new();
        let executor = Probe::new(|attempt, _| async move {
            if attempt.number == 1 {
                std::future::pending::<()>().await;
            }
            Outcome::Succeeded(json!("fine"))
        });
        let engine = world.engine(&executor).await;
        let mut step = probe("a", effect, &[]);
        step["timeout"] = json!("3s");
        step["retry"] = json!({ "max_attempts": 2 });
        let view = world.run(&engine, flow(json!([step]))).await;
        let keys: Vec<_> = executor.log.lock().iter().map(|attempt| attempt.effect_key).collect();
        if effect == "once" {
            assert_eq!((view.status, code(&view).as_str()), (RunStatus::Blocked, "timeout"));
            assert_eq!(keys.len(), 1);
        } else {
            assert_eq!((view.status, keys.len()), (RunStatus::Succeeded, 2), "{effect}");
            assert_eq!(keys[0], keys[1], "{effect}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_cancelled_and_says_no_more_is_unknown_if_it_was_once() {
    for (effect, status, step) in [
        ("pure", RunStatus::Cancelled, StepStatus::Cancelled),
        ("read", RunStatus::Cancelled, StepStatus::Cancelled),
        ("idempotent", RunStatus::Cancelled, StepStatus::Cancelled),
        ("once", RunStatus::Blocked, StepStatus::Unknown),
    ] {
        let world = World::new();
        let executor = Probe::deaf();
        let engine = world.engine(&executor).await;
        let run = world.start(&engine, flow(json!([probe("a", effect, &[])]))).await;
        world.settle().await;
        engine.cancel(&world.me, run).await.unwrap();
        let view = world.wait(&engine, run).await;
        assert_eq!((view.status, view.steps[0].status), (status, step), "{effect}");
        if effect == "once" {
            assert_eq!(code(&view), "cancelled");
        }
        assert_eq!(executor.begun().len(), 1, "{effect}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panicking_executor_disturbs_only_its_own_step() {
    let world = World::new();
    let executor = Probe::new(|attempt, _| async move {
        assert!(attempt.activity.to_string() != "a", "this one panics");
        Outcome::Succeeded(json!("fine"))
    });
    let engine = world.engine(&executor).await;
    let run = world
        .start(&engine, flow(json!([probe("a", "once", &[]), probe("b", "once", &[])])))
        .await;
    let view = world.wait(&engine, run).await;
    assert_eq!(view.status, RunStatus::Blocked);
    assert_eq!(code(&view), "executor-panicked");
    assert_eq!(view.steps[1].status, StepStatus::Succeeded);
    let found = Resolution::Succeeded(Datum::new(json!("it was done")));
    engine.resolve(&world.me, run, step(), found).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn after_a_panic_what_may_be_repeated_is_tried_again_by_its_policy_under_the_same_key() {
    for effect in ["pure", "read", "idempotent"] {
        let world = World::new();
        let executor = Probe::new(|attempt, _| async move {
            assert!(attempt.number == 3, "the first two panic");
            Outcome::Succeeded(json!("fine"))
        });
        let engine = world.engine(&executor).await;
        for (max_attempts, end) in [(2, RunStatus::Failed), (3, RunStatus::Succeeded)] {
            executor.log.lock().clear();
            let mut step = probe("a", effect, &[]);
            step["retry"] = json!({ "max_attempts": max_attempts });
            let view = world.run(&engine, flow(json!([step]))).await;
            assert_eq!(view.status, end, "{effect} {max_attempts}");
            let keys: Vec<_> = executor.log.lock().iter().map(|attempt| attempt.effect_key).collect();
            assert_eq!(keys.len(), max_attempts, "{effect}");
            assert!(keys.iter().all(|key| *key == keys[0]), "{effect}: one key");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_output_that_is_too_large_fails_the_step_for_good() {
    let world = World::new();
    let executor = Probe::new(|_, _| async { Outcome::Succeeded(json!("x".repeat(2 * 1024 * 1024))) });
    let engine = world.engine(&executor).await;
    let view = world.run(&engine, flow(json!([probe("a", "once", &[])]))).await;
    assert_eq!(
        (view.status, code(&view).as_str()),
        (RunStatus::Failed, "output-too-large")
    );
    assert_eq!(executor.begun().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_deferred_attempt_burns_none_and_is_made_later() {
    let world = World::new();
    let clock = world.clock.clone();
    let opens = seawall_engine::Clock::now(&clock).saturating_add(Duration::from_secs(30));
    let executor = Probe::new(move |_, _| {
        let now = seawall_engine::Clock::now(&clock);
        async move {
            if now < opens {
                return Outcome::Deferred {
                    until: opens,
                    reason: "the breaker is open".to_owned(),
                };
            }
            Outcome::Succeeded(json!(1))
        }
    });
    let engine = world.engine(&executor).await;
    let view = world.run(&engine, flow(json!([probe("a", "once", &[])]))).await;
    assert_eq!(view.status, RunStatus::Succeeded);
    assert_eq!(executor.begun().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failed_read_is_tried_again_by_its_policy() {
    let world = World::new();
    let executor = Probe::new(|attempt, _| async move {
        if attempt.number < 3 {
            return Outcome::Failed(StepError::new("busy", "not now"));
        }
        Outcome::Succeeded(json!(attempt.number))
    });
    let engine = world.engine(&executor).await;
    let mut step = probe("a", "read", &[]);
    step["retry"] = json!({ "max_attempts": 3, "initial": "10s", "max": "60s", "jitter": "none" });
    let view = world.run(&engine, flow(json!([step]))).await;
    assert_eq!(view.status, RunStatus::Succeeded);
    assert_eq!(executor.begun().len(), 3);
}
