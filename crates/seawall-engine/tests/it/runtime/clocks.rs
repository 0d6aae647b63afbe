//! A wall clock that is set by an hour, ahead or back: nothing is lost and nothing is stuck.

use std::sync::Arc;
use std::time::Duration;

use seawall_engine::Outcome;
use seawall_engine::store::{LeaseStore as _, RunId, RunStatus, RunStore as _, StoreOp, Timestamp};
use serde_json::{Value, json};

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, flow, probe};

const HOUR: i64 = 3600;
/// The longest that the dispatcher, or a run in memory, sleeps before it looks at the clock again.
const LOOK: Duration = Duration::from_secs(61);

async fn status(world: &World, engine: &seawall_engine::Engine, run: RunId) -> RunStatus {
    engine.run(&world.me, run).await.unwrap().status
}

/// Takes so many seconds, and fails at its first attempt.
fn failing_once(seconds: u64) -> Arc<Probe> {
    Probe::new(move |attempt, _| async move {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        if attempt.number == 1 {
            Outcome::Failed(seawall_engine::StepError::new("bad", ""))
        } else {
            Outcome::Succeeded(json!(1))
        }
    })
}

/// Runs `probe`, which takes a minute, and then `then`. The clock is set back while `probe` runs.
async fn set_back_before(then: Value) -> (World, seawall_engine::Engine, RunId) {
    let world = World::new();
    let executor = Probe::new(|_, _| async {
        tokio::time::sleep(Duration::from_secs(50)).await;
        Outcome::Succeeded(json!(1))
    });
    let engine = world.engine(&executor).await;
    let mut definition = flow(json!([probe("first", "read", &[]), then]));
    definition["steps"][1]["needs"] = json!(["first"]);
    let run = world.start(&engine, definition).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    world.clock.set_ahead(-HOUR);
    tokio::time::sleep(Duration::from_secs(41)).await;
    (world, engine, run)
}

#[tokio::test(start_paused = true)]
async fn what_begins_after_the_clock_was_set_back_takes_its_own_time() {
    for (then, ends) in [
        (
            json!({ "id": "a", "kind": "sleep", "with": { "for": "10s" } }),
            RunStatus::Succeeded,
        ),
        (
            json!({ "id": "a", "kind": "sleep", "with": { "for": "500ms" } }),
            RunStatus::Succeeded,
        ),
        (
            json!({ "id": "a", "kind": "approval", "timeout": "10s", "with": { "message": "?", "on_timeout": "reject" } }),
            RunStatus::Failed,
        ),
        (
            json!({ "id": "a", "kind": "wait_signal", "timeout": "10s", "with": { "name": "go" } }),
            RunStatus::Failed,
        ),
    ] {
        let (world, engine, run) = set_back_before(then.clone()).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(status(&world, &engine, run).await, ends, "{then}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_fails_after_the_clock_was_set_is_repeated_in_time() {
    for ahead in [-HOUR, HOUR] {
        let world = World::new();
        let executor = failing_once(20);
        let engine = world.engine(&executor).await;
        let mut step = probe("a", "read", &[]);
        step["retry"] = json!({ "max_attempts": 2, "initial": "10s", "jitter": "none" });
        let run = world.start(&engine, flow(json!([step]))).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        world.clock.set_ahead(ahead);
        tokio::time::sleep(Duration::from_secs(19)).await;
        assert_eq!(executor.begun().len(), 1);
        tokio::time::sleep(Duration::from_secs(22)).await;
        assert_eq!(status(&world, &engine, run).await, RunStatus::Succeeded, "{ahead}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_a_run_that_is_created_after_the_clock_was_set_back_is_its_own() {
    let world = World::new();
    let engine = world.engine(&Probe::deaf()).await;
    world.clock.set_ahead(-HOUR);
    let mut definition = flow(json!([{ "id": "hear", "kind": "wait_signal", "with": { "name": "go" } }]));
    definition["timeout"] = json!("30s");
    let run = world.start(&engine, definition).await;
    tokio::time::sleep(Duration::from_secs(29)).await;
    assert_eq!(status(&world, &engine, run).await, RunStatus::Waiting);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(status(&world, &engine, run).await, RunStatus::Failed);
}

#[tokio::test(start_paused = true)]
async fn queued_released_and_signalled_runs_go_on_at_once_after_the_clock_was_set() {
    for ahead in [-HOUR, HOUR] {
        let mut world = World::new();
        let executor = Probe::echo();
        // A process without room: what is created waits in the store.
        world.config.max_active_runs = 0;
        let full = world.engine(&executor).await;
        let queued = world.start(&full, flow(json!([probe("a", "once", &[])]))).await;
        world.crash(full).await;
        world.config.max_active_runs = 10;
        world.clock.set_ahead(ahead);
        let engine = world.engine(&executor).await;
        world.settle().await;
        assert_eq!(status(&world, &engine, queued).await, RunStatus::Succeeded, "{ahead}");
        let hear = flow(json!([{ "id": "hear", "kind": "wait_signal", "with": { "name": "go" } }]));
        let parked = world.start(&engine, hear).await;
        world.settle().await;
        world.clock.set_ahead(0);
        engine.signal(&world.me, parked, "go", None, json!(1)).await.unwrap();
        world.clock.set_ahead(ahead);
        world.settle().await;
        assert_eq!(status(&world, &engine, parked).await, RunStatus::Succeeded, "{ahead}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_due_at_once_says_so_and_names_no_instant() {
    let mut world = World::new();
    world.config.max_active_runs = 0;
    let engine = world.engine(&Probe::echo()).await;
    let run = world.start(&engine, flow(json!([probe("a", "once", &[])]))).await;
    let record = world.store.run(&world.me.tenant, run).await.unwrap().unwrap();
    assert_eq!(record.due, Some(Timestamp::ZERO));
    let reasons = engine.why(&world.me, run).await.unwrap();
    assert_eq!((reasons[0].kind, reasons[0].until), ("queued", None));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_of_once_in_flight_survives_a_clock_that_is_set_and_a_machine_that_slept() {
    for (ahead, slept) in [(HOUR, 0), (-HOUR, 0), (0, HOUR)] {
        let world = World::new();
        let executor = Probe::new(|_, _| async {
            tokio::time::sleep(Duration::from_secs(30)).await;
            Outcome::Succeeded(json!("done"))
        });
        let engine = world.engine(&executor).await;
        let run = world.start(&engine, flow(json!([probe("a", "once", &[])]))).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        world.clock.set_ahead(ahead);
        world.clock.suspend(slept);
        // Somebody comes before the heartbeat does.
        let other = world.start(&engine, flow(json!([probe("b", "once", &[])]))).await;
        tokio::time::sleep(Duration::from_secs(40)).await;
        for run in [run, other] {
            assert_eq!(
                status(&world, &engine, run).await,
                RunStatus::Succeeded,
                "{ahead} {slept}"
            );
        }
        assert_eq!(executor.begun(), ["a", "b"], "{ahead} {slept}");
        assert_eq!(world.calls.of(StoreOp::Register), 1, "nobody took its runs");
        assert!(
            world
                .store
                .next_due(seawall_engine::READER_VERSION)
                .await
                .unwrap()
                .is_none()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_dispatcher_that_sleeps_towards_a_far_timer_notices_a_clock_that_is_set_ahead() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let nap = flow(json!([{ "id": "nap", "kind": "sleep", "with": { "for": "50m" } }]));
    let run = world.start(&engine, nap).await;
    world.settle().await;
    assert_eq!(world.in_memory(), 0);
    world.clock.set_ahead(HOUR);
    tokio::time::sleep(LOOK).await;
    assert_eq!(status(&world, &engine, run).await, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_was_set_before_the_clock_was_set_back_fires_when_the_clock_says_so() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let nap = flow(json!([{ "id": "nap", "kind": "sleep", "with": { "for": "5m" } }]));
    let run = world.start(&engine, nap).await;
    world.settle().await;
    world.clock.set_ahead(-HOUR);
    // Others come and go meanwhile, in their own time.
    let short = flow(json!([{ "id": "nap", "kind": "sleep", "with": { "for": "2m" } }]));
    let other = world.start(&engine, short).await;
    tokio::time::sleep(Duration::from_secs(121)).await;
    assert_eq!(status(&world, &engine, other).await, RunStatus::Succeeded);
    tokio::time::sleep(Duration::from_secs(3600 + 178)).await;
    assert_eq!(status(&world, &engine, run).await, RunStatus::Waiting);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(status(&world, &engine, run).await, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_put_right_again_is_noticed_by_a_dispatcher_that_sleeps() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let nap = flow(json!([{ "id": "nap", "kind": "sleep", "with": { "for": "5m" } }]));
    let run = world.start(&engine, nap).await;
    world.settle().await;
    world.clock.set_ahead(-HOUR);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(status(&world, &engine, run).await, RunStatus::Waiting);
    world.clock.set_ahead(0);
    tokio::time::sleep(LOOK).await;
    assert_eq!(status(&world, &engine, run).await, RunStatus::Succeeded);
}
