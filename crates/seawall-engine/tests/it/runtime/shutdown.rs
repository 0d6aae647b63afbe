//! The clean end.

use std::time::Duration;

use seawall_engine::store::{RunStatus, StoreOp};
use seawall_engine::{EngineError, Outcome, StepError, StepStatus};
use serde_json::json;

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

#[tokio::test(start_paused = true)]
async fn attempts_that_take_too_long_are_cancelled_and_settle_by_their_class() {
    for (effect, attempts, end) in [
        ("pure", 2, RunStatus::Succeeded),
        ("read", 2, RunStatus::Succeeded),
        ("idempotent", 2, RunStatus::Succeeded),
        ("once", 1, RunStatus::Blocked),
    ] {
        let world = World::new();
        let executor = Probe::new(|attempt, context| async move {
            if attempt.number > 1 {
                return Outcome::Succeeded(json!(1));
            }
            context.cancel.cancelled().await;
            Outcome::Unknown(StepError::new("killed", "it was killed"))
        });
        let engine = world.engine(&executor).await;
        let mut step = probe("a", effect, &[]);
        step["retry"] = json!({ "max_attempts": 2 });
        let run = world.start(&engine, flow(json!([step]))).await;
        world.settle().await;
        engine.shutdown(Duration::from_secs(2)).await;
        assert_eq!(executor.begun().len(), 1, "{effect}: nothing begins in a shutdown");
        drop(engine);
        let engine = world.engine(&executor).await;
        let view = world.wait(&engine, run).await;
        assert_eq!(view.status, end, "{effect}");
        let keys: Vec<_> = executor.log.lock().iter().map(|attempt| attempt.effect_key).collect();
        assert_eq!(keys.len(), attempts, "{effect}");
        assert!(keys.iter().all(|key| *key == keys[0]), "{effect}: one key");
        if end == RunStatus::Blocked {
            assert_eq!(view.steps[0].status, StepStatus::Unknown);
            assert_eq!(view.steps[0].error.as_ref().map(|e| &*e.code), Some("killed"));
        }
    }
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
