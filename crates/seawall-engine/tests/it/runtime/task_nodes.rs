//! Tasks and the node that offers them: its memory, its end, its store's faults, its clock.

use std::time::Duration;

use seawall_engine::store::{Fault, RunStatus, StoreOp};
use seawall_engine::{EngineError, StepStatus};
use serde_json::json;

use crate::runtime::probe::Probe;
use crate::runtime::workers::{LEASE, SECOND, asks, claim, claim_as, claims, complete, seen, task, why};
use crate::runtime::world::{World, flow};

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_for_a_worker_lingers_and_then_leaves_memory_for_nothing() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let run = world
        .start(
            &engine,
            flow(json!([task("a", "once", &[]), task("b", "once", &["a"])])),
        )
        .await;
    world.settle().await;
    assert_eq!(world.in_memory(), 1, "a quick worker finds it there");
    let first = claim(&world, &engine).await;
    tokio::time::sleep(SECOND).await;
    complete(&world, &engine, &first, json!(1)).await.unwrap();
    world.settle().await;
    assert_eq!(world.calls.of(StoreOp::Load), 0);
    tokio::time::sleep(Duration::from_millis(1900)).await;
    assert_eq!(world.in_memory(), 1, "counted from its last event");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(world.in_memory(), 0);
    let idle = |world: &World| {
        let ops = [
            StoreOp::Append,
            StoreOp::Load,
            StoreOp::Claim,
            StoreOp::LapsedTasks,
            StoreOp::Renew,
        ];
        ops.map(|op| world.calls.of(op))
    };
    tokio::time::sleep(LEASE).await;
    let before = idle(&world);
    tokio::time::sleep(24 * 3600 * SECOND).await;
    assert_eq!(idle(&world), before, "nothing is polled");
    assert!(
        why(&world, &engine, run)
            .await
            .starts_with("waits for a worker of queue q since")
    );
    let second = claim(&world, &engine).await;
    complete(&world, &engine, &second, json!(2)).await.unwrap();
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_node_short_of_room_does_not_let_runs_linger() {
    let mut world = World::new();
    world.config.max_active_runs = 2;
    let engine = world.engine(&Probe::echo()).await;
    let run = world.start(&engine, flow(json!([task("a", "once", &[])]))).await;
    world.settle().await;
    assert_eq!(world.in_memory(), 0);
    let mine = claim(&world, &engine).await;
    complete(&world, &engine, &mine, json!(1)).await.unwrap();
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_claimed_task_outlives_the_engine_that_offered_it() {
    for (clean, effect) in [true, false]
        .into_iter()
        .flat_map(|clean| ["pure", "read", "idempotent", "once"].map(|effect| (clean, effect)))
    {
        let world = World::new();
        let engine = world.engine(&Probe::echo()).await;
        let run = world.start(&engine, flow(json!([task("a", effect, &[])]))).await;
        let mine = claim(&world, &engine).await;
        if clean {
            engine.shutdown(5 * SECOND).await;
            let refused = claim_as(&world, &engine, asks("w"), SECOND).await;
            assert!(matches!(refused, Err(EngineError::Overloaded(_))));
        }
        world.crash(engine).await;
        let engine = world.engine(&Probe::echo()).await;
        complete(&world, &engine, &mine, json!("done")).await.unwrap();
        let view = world.wait(&engine, run).await;
        assert_eq!((view.status, view.steps[0].attempts), (RunStatus::Succeeded, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_ended_while_nobody_was_up_is_settled_by_the_next_engine() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let run = world.start(&engine, flow(json!([task("a", "read", &[])]))).await;
    claim(&world, &engine).await;
    world.crash(engine).await;
    tokio::time::sleep(30 * SECOND).await;
    let engine = world.engine(&Probe::echo()).await;
    let again = claims(&world, &engine, 60 * SECOND).await.expect("it is offered again");
    assert_eq!(again.attempt, 2);
    complete(&world, &engine, &again, json!(1)).await.unwrap();
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn the_keeper_of_leases_survives_a_store_that_fails() {
    for op in [StoreOp::LapsedTasks, StoreOp::SettleTask] {
        for fault in [
            Fault::BeforeWrite,
            Fault::BeforeWriteLostAnswer,
            Fault::AfterWriteLostAnswer,
        ] {
            let world = World::new();
            let engine = world.engine(&Probe::echo()).await;
            let run = world.start(&engine, flow(json!([task("a", "read", &[])]))).await;
            claim(&world, &engine).await;
            world.calls.fail_next(op, fault, 5);
            let again = claims(&world, &engine, 60 * SECOND).await.expect("it is offered again");
            world.calls.heal();
            complete(&world, &engine, &again, json!(1)).await.unwrap();
            assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded, "{op:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_ends_leases_within_a_minute_and_strands_nothing() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let mut step = task("a", "read", &[]);
    step["timeout"] = json!("3h");
    let run = world.start(&engine, flow(json!([step]))).await;
    claim(&world, &engine).await;
    world.clock.set_ahead(3600);
    let again = claims(&world, &engine, 61 * SECOND).await.expect("its lease is over");
    world.clock.set_ahead(-3600);
    complete(&world, &engine, &again, json!(1)).await.unwrap();
    let view = world.wait(&engine, run).await;
    assert_eq!((view.status, view.steps[0].attempts), (RunStatus::Succeeded, 2));
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_takes_no_more_and_every_run_goes_on_when_workers_come() {
    let mut world = World::new();
    world.config.max_queue_tasks = 3;
    let engine = world.engine(&Probe::echo()).await;
    let mut runs = Vec::new();
    for _ in 0..10 {
        runs.push(world.start(&engine, flow(json!([task("a", "once", &[])]))).await);
        world.settle().await;
    }
    let mut offered = 0;
    for run in &runs {
        let step = &seen(&world, &engine, *run).await.steps[0];
        offered += usize::from(step.status == StepStatus::Waiting);
        if step.status == StepStatus::Retrying {
            let reasons = engine.why(&world.me, *run).await.unwrap();
            assert!(
                reasons
                    .iter()
                    .any(|r| r.kind == "deferred" && r.detail.contains("queue q is full"))
            );
        }
    }
    assert_eq!(offered, 3);
    for _ in &runs {
        let mine = claims(&world, &engine, 120 * SECOND).await.expect("each gets its turn");
        complete(&world, &engine, &mine, json!(1)).await.unwrap();
    }
    for run in runs {
        let view = world.wait(&engine, run).await;
        assert_eq!(
            (view.status, view.steps[0].attempts),
            (RunStatus::Succeeded, 1),
            "no attempt is burned"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_for_room_in_its_queue_says_so_once_and_rests() {
    let mut world = World::new();
    world.config.max_queue_tasks = 1;
    let engine = world.engine(&Probe::echo()).await;
    let step = || flow(json!([task("a", "once", &[])]));
    world.start(&engine, step()).await;
    world.settle().await;
    let run = world.start(&engine, step()).await;
    world.settle().await;
    let ops = [StoreOp::Append, StoreOp::Claim, StoreOp::Load];
    let before = ops.map(|op| world.calls.of(op));
    tokio::time::sleep(3600 * SECOND).await;
    assert_eq!(
        world.events(&engine, run).await,
        ["run.created", "run.started", "step.deferred"]
    );
    for (op, before) in ops.into_iter().zip(before) {
        let calls = world.calls.of(op) - before;
        assert!((5..=40).contains(&calls), "{calls} of {op:?} in an hour");
    }
    let reasons = engine.why(&world.me, run).await.unwrap();
    let waits = reasons.iter().find(|reason| reason.kind == "deferred");
    assert!(
        waits.is_some_and(|reason| reason.detail.contains("queue q is full")),
        "{reasons:?}"
    );
    for _ in 0..2 {
        let mine = claims(&world, &engine, 900 * SECOND).await.expect("each gets its turn");
        complete(&world, &engine, &mine, json!(1)).await.unwrap();
    }
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_wide_map_outlasts_a_night_without_workers() {
    let mut world = World::new();
    world.config.max_queue_tasks = 1;
    let engine = world.engine(&Probe::echo()).await;
    world.start(&engine, flow(json!([task("a", "once", &[])]))).await;
    world.settle().await;
    let over: Vec<usize> = (0..300).collect();
    let map = json!({ "id": "m", "kind": "map", "with": { "over": over, "max_parallel": 300,
        "step": { "kind": "task", "effect": "once", "timeout": "60s", "with": { "queue": "q", "payload": 1 } } } });
    let run = world.start(&engine, flow(json!([map]))).await;
    tokio::time::sleep(12 * 3600 * SECOND).await;
    let view = seen(&world, &engine, run).await;
    assert_eq!(view.status, RunStatus::Waiting, "{:?}", view.error);
    assert!(world.events(&engine, run).await.len() < 400);
    for _ in 0..301 {
        let mine = claims(&world, &engine, 900 * SECOND).await.expect("each gets its turn");
        complete(&world, &engine, &mine, json!(1)).await.unwrap();
    }
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn runs_that_wait_for_room_go_on_as_workers_make_it() {
    let mut world = World::new();
    world.config.max_queue_tasks = 2;
    let engine = world.engine(&Probe::echo()).await;
    let mut runs = Vec::new();
    for _ in 0..10 {
        runs.push(world.start(&engine, flow(json!([task("a", "once", &[])]))).await);
        world.settle().await;
    }
    // By now each of them looks for room every 5 to 10 minutes.
    tokio::time::sleep(3600 * SECOND).await;
    for _ in &runs {
        let mine = claims(&world, &engine, 5 * SECOND)
            .await
            .expect("each gets its turn soon");
        complete(&world, &engine, &mine, json!(1)).await.unwrap();
    }
    for run in runs {
        assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded);
    }
}
