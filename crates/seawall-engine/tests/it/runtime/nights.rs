//! Rare orders of events that would wake somebody at night.

use std::time::Duration;

use seawall_engine::store::{Fault, RunStatus, StoreOp};
use seawall_engine::{Engine, Outcome};
use serde_json::{Value, json};

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, flow, probe};

fn refuse_appends(world: &World) {
    world
        .calls
        .fail(|point| (point.op == StoreOp::Append).then_some(Fault::BeforeWrite));
}

/// Process after process dies before it has written anything.
async fn die(world: &World, mut engine: Engine, executor: &std::sync::Arc<Probe>, times: usize) -> Engine {
    for _ in 0..times {
        world.crash(engine).await;
        engine = world.engine(executor).await;
        // Suspects wait for a backoff of up to five minutes.
        tokio::time::sleep(Duration::from_secs(400)).await;
    }
    engine
}

fn long(name: &str) -> Value {
    let mut step = probe(name, "read", &[]);
    step["timeout"] = json!("5h");
    flow(json!([step]))
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_meets_the_giving_back_of_an_ended_run_is_taken() {
    for fault in [Fault::BeforeWrite, Fault::BeforeWriteLostAnswer] {
        let world = World::new();
        let engine = world.engine(&Probe::echo()).await;
        // The run ends with its creation; giving it back takes a little longer.
        world.calls.fail_next(StoreOp::Append, fault, 3);
        let fails = flow(json!([{ "id": "no", "kind": "fail", "with": { "message": "no" } }]));
        let run = world.start(&engine, fails).await;
        engine.retry(&world.me, run).await.unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
        let events = world.events(&engine, run).await;
        let retried = events.iter().filter(|kind| **kind == "run.retried").count();
        assert_eq!((retried, world.in_memory()), (1, 0), "{events:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_inbox_that_cannot_be_read_is_not_asked_for_in_a_hot_loop() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let mut failing = (1, 500);
    world.calls.fail(move |point| {
        let left = match point.op {
            StoreOp::Append => &mut failing.0,
            StoreOp::Unread => &mut failing.1,
            _ => return None,
        };
        let hit = *left > 0;
        *left -= i32::from(hit);
        hit.then_some(Fault::BeforeWrite)
    });
    let hears = flow(json!([{ "id": "hear", "kind": "wait_signal", "with": { "name": "go" } }]));
    let run = world.start(&engine, hears).await;
    // It comes while the run is being given back.
    engine.signal(&world.me, run, "go", None, json!(1)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1000)).await;
    assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Succeeded);
    let appends = world.calls.of(StoreOp::Append);
    assert!(appends < 10, "{appends} appends");
}

#[tokio::test(start_paused = true)]
async fn a_deadly_run_is_blocked_also_when_its_claim_or_its_first_load_went_wrong() {
    for (op, fault) in [
        (StoreOp::Claim, Fault::AfterWriteLostAnswer),
        (StoreOp::Load, Fault::BeforeWrite),
    ] {
        let world = World::new();
        let executor = Probe::deaf();
        let engine = world.engine(&executor).await;
        let run = world.start(&engine, long("a")).await;
        world.settle().await;
        refuse_appends(&world);
        let engine = die(&world, engine, &executor, 9).await;
        world.crash(engine).await;
        world.calls.fail_next(op, fault, 1);
        let engine = world.engine(&executor).await;
        tokio::time::sleep(Duration::from_secs(400)).await;
        let status = engine.run(&world.me, run).await.unwrap().status;
        assert_eq!(status, RunStatus::Blocked, "{op:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_suspect_that_writes_again_makes_way_for_the_next() {
    let world = World::new();
    let executor = Probe::deaf();
    let engine = world.engine(&executor).await;
    world.start(&engine, long("a")).await;
    world.start(&engine, long("b")).await;
    world.settle().await;
    refuse_appends(&world);
    let engine = die(&world, engine, &executor, 3).await;
    world.crash(engine).await;
    executor.log.lock().clear();
    world.calls.heal();
    let _engine = world.engine(&executor).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let mut begun = executor.begun();
    begun.sort();
    assert_eq!(begun, ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn new_runs_do_not_overtake_those_that_wait_for_room() {
    let mut world = World::new();
    world.config.max_active_runs = 1;
    let executor = Probe::new(|_, _| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Outcome::Succeeded(json!(1))
    });
    let engine = world.engine(&executor).await;
    world.start(&engine, flow(json!([probe("a", "once", &[])]))).await;
    world.start(&engine, flow(json!([probe("b", "once", &[])]))).await;
    world.settle().await;
    // The room that `a` leaves is not taken at once.
    world.calls.fail_next(StoreOp::Claim, Fault::BeforeWrite, 1);
    tokio::time::sleep(Duration::from_millis(1010)).await;
    world.start(&engine, flow(json!([probe("c", "once", &[])]))).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(executor.begun(), ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_messages_to_a_run_without_a_holder_is_taken() {
    let mut world = World::new();
    let executor = Probe::echo();
    world.config.max_active_runs = 0;
    let engine = world.engine(&executor).await;
    let hears = flow(json!([
        { "id": "hear", "kind": "wait_signal", "with": { "name": "last" } },
        probe("after", "once", &["hear"]),
    ]));
    let run = world.start(&engine, hears).await;
    for index in 0..200 {
        engine.signal(&world.me, run, "go", None, json!(index)).await.unwrap();
    }
    engine.signal(&world.me, run, "last", None, json!("x")).await.unwrap();
    engine.shutdown(Duration::from_secs(1)).await;
    world.config.max_active_runs = 10;
    let engine = world.engine(&executor).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_jumps_by_an_hour_and_back_strands_nothing() {
    for first in [3600, -3600] {
        let world = World::new();
        let executor = Probe::new(|_, _| async {
            tokio::time::sleep(Duration::from_secs(20)).await;
            Outcome::Succeeded(json!(1))
        });
        let engine = world.engine(&executor).await;
        let nap = json!({ "id": "nap", "kind": "sleep", "with": { "for": "90m" } });
        let parked = world.start(&engine, flow(json!([nap]))).await;
        let busy = world.start(&engine, flow(json!([probe("a", "idempotent", &[])]))).await;
        world.settle().await;
        world.clock.set_ahead(first);
        tokio::time::sleep(Duration::from_secs(60)).await;
        let other = world.start(&engine, flow(json!([probe("b", "idempotent", &[])]))).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        world.clock.set_ahead(0);
        tokio::time::sleep(Duration::from_secs(60)).await;
        for run in [busy, other] {
            let view = engine.run(&world.me, run).await.unwrap();
            assert_eq!(view.status, RunStatus::Succeeded, "{first}: {:?}", view.steps);
        }
        assert_eq!(engine.run(&world.me, parked).await.unwrap().status, RunStatus::Waiting);
        tokio::time::sleep(Duration::from_secs(90 * 60)).await;
        let view = engine.run(&world.me, parked).await.unwrap();
        assert_eq!(view.status, RunStatus::Succeeded, "{first}");
        assert_eq!(world.in_memory(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_was_acknowledged_in_time_is_not_late_because_nobody_was_there_to_read_it() {
    for before in [0, 100] {
        let world = World::new();
        let engine = world.engine(&Probe::echo()).await;
        let hear = json!({ "id": "hear", "kind": "wait_signal", "with": { "name": "go" }, "timeout": "1h" });
        let run = world.start(&engine, flow(json!([hear]))).await;
        world.settle().await;
        // Nobody takes what is sent to it.
        world
            .calls
            .fail(|point| (point.op == StoreOp::Claim).then_some(Fault::BeforeWrite));
        for other in 0..before {
            engine
                .signal(&world.me, run, "other", Some(&other.to_string()), json!(other))
                .await
                .unwrap();
        }
        engine
            .signal(&world.me, run, "go", None, json!("in time"))
            .await
            .unwrap();
        world.crash(engine).await;
        tokio::time::sleep(Duration::from_secs(7200)).await;
        world.calls.heal();
        let engine = world.engine(&Probe::echo()).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        let view = world.wait(&engine, run).await;
        assert_eq!(view.status, RunStatus::Succeeded, "{before}: {:?}", view.error);
    }
}
