//! Leases of tasks that end while nobody could hear the worker, and many that end at once.

use std::time::Duration;

use seawall_engine::store::{Fault, RunId, RunStatus, StoreOp};
use seawall_engine::{ActivityRef, Engine, Resolution, StepId, StepStatus, TaskView};
use serde_json::json;
use tokio::time::Instant;

use crate::runtime::probe::Probe;
use crate::runtime::workers::{LEASE, SECOND, asks, claim, claim_as, claims, complete, conflict, seen, task};
use crate::runtime::world::{World, flow};

/// A claimed task of that class, of a run of its own.
async fn claimed(world: &World, effect: &str) -> (Engine, RunId, TaskView) {
    let engine = world.engine(&Probe::echo()).await;
    let run = world.start(&engine, flow(json!([task("a", effect, &[])]))).await;
    let mine = claim(world, &engine).await;
    (engine, run, mine)
}

/// Nobody is there for so long.
async fn down(world: &World, engine: Engine, time: Duration) -> Engine {
    world.crash(engine).await;
    tokio::time::sleep(time).await;
    let engine = world.engine(&Probe::echo()).await;
    world.settle().await;
    engine
}

async fn ends_well(world: &World, engine: &Engine, run: RunId, mine: &TaskView) {
    complete(world, engine, mine, json!("done")).await.unwrap();
    let view = world.wait(engine, run).await;
    assert_eq!((view.status, view.steps[0].attempts), (RunStatus::Succeeded, 1));
    assert_eq!(*view.steps[0].output.json(), json!("done"));
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_nobody_could_hear_keeps_its_task_for_a_lease_more() {
    for (effect, downtime) in [
        ("once", 2 * LEASE),
        ("idempotent", 2 * LEASE),
        ("idempotent", 10 * LEASE),
    ] {
        for late in [Duration::ZERO, LEASE - SECOND] {
            let world = World::new();
            let (engine, run, mine) = claimed(&world, effect).await;
            let engine = down(&world, engine, downtime).await;
            tokio::time::sleep(late).await;
            ends_well(&world, &engine, run, &mine).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_says_nothing_after_the_downtime_either_has_vanished() {
    for effect in ["pure", "read", "idempotent", "once"] {
        let world = World::new();
        let (engine, run, mine) = claimed(&world, effect).await;
        let engine = down(&world, engine, 2 * LEASE).await;
        tokio::time::sleep(LEASE + SECOND).await;
        let status = seen(&world, &engine, run).await.steps[0].status;
        let next = claims(&world, &engine, Duration::ZERO).await;
        if effect == "once" {
            assert_eq!((status, next.is_some()), (StepStatus::Unknown, false));
        } else {
            let next = next.expect("it is offered again");
            assert_eq!((next.attempt, &next.effect_key), (2, &mine.effect_key), "{effect}");
        }
        conflict(complete(&world, &engine, &mine, json!(1)).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_ahead_and_a_machine_that_slept_take_no_task_from_a_worker() {
    let changes: [fn(&World); 2] = [|world| world.clock.set_ahead(3600), |world| world.clock.suspend(3600)];
    for change in changes {
        for effect in ["once", "idempotent"] {
            let world = World::new();
            let (engine, run, mine) = claimed(&world, effect).await;
            tokio::time::sleep(SECOND).await;
            change(&world);
            // Nearly as long as an attempt may take.
            for _ in 0..18 {
                tokio::time::sleep(3 * SECOND).await;
                engine
                    .heartbeat_task(&world.me, mine.id, mine.lease, None)
                    .await
                    .unwrap();
            }
            ends_well(&world, &engine, run, &mine).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_vanishes_before_the_clock_is_set_ahead_is_found_out_all_the_same() {
    let world = World::new();
    let (engine, run, _) = claimed(&world, "once").await;
    world.clock.set_ahead(3600);
    tokio::time::sleep(Duration::from_secs(60) + LEASE + SECOND).await;
    assert_eq!(seen(&world, &engine, run).await.steps[0].status, StepStatus::Unknown);
}

#[tokio::test(start_paused = true)]
async fn a_once_task_is_not_repeated_before_the_deadline_that_its_silent_worker_was_given() {
    let changes: [fn(&World); 2] = [|world| world.clock.set_ahead(3600), |world| world.clock.suspend(3600)];
    for change in changes {
        let world = World::new();
        let (engine, run, _) = claimed(&world, "once").await;
        let begun = Instant::now();
        tokio::time::sleep(SECOND).await;
        change(&world);
        tokio::time::sleep(3 * LEASE).await;
        assert_eq!(seen(&world, &engine, run).await.steps[0].status, StepStatus::Unknown);
        let step = ActivityRef::step(StepId::parse("a").unwrap());
        engine.resolve(&world.me, run, step, Resolution::Retry).await.unwrap();
        assert!(claims(&world, &engine, 120 * SECOND).await.is_some());
        let least = 60 * SECOND + world.config.lease;
        assert!(begun.elapsed() >= least, "{:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_was_told_to_stop_is_waited_for_no_longer_after_a_restart_or_a_jump_of_the_clock() {
    for (effect, end) in [
        ("pure", RunStatus::Cancelled),
        ("read", RunStatus::Cancelled),
        ("idempotent", RunStatus::Cancelled),
        ("once", RunStatus::Blocked),
    ] {
        for restart in [true, false] {
            let world = World::new();
            let mut engine = world.engine(&Probe::echo()).await;
            let mut step = task("a", effect, &[]);
            step["timeout"] = json!("2h");
            let run = world.start(&engine, flow(json!([step]))).await;
            let long = seawall_engine::ClaimTasks {
                lease_for: 3600 * SECOND,
                ..asks("w")
            };
            assert_eq!(claim_as(&world, &engine, long, SECOND).await.unwrap().len(), 1);
            engine.cancel(&world.me, run).await.unwrap();
            world.settle().await;
            if restart {
                engine = down(&world, engine, 60 * SECOND).await;
            } else {
                world.clock.set_ahead(3600);
                // The keeper sees the jump when the grace would have been over.
                tokio::time::sleep(30 * SECOND).await;
            }
            tokio::time::sleep(25 * SECOND).await;
            assert_eq!(seen(&world, &engine, run).await.status, RunStatus::Waiting);
            tokio::time::sleep(10 * SECOND).await;
            assert_eq!(seen(&world, &engine, run).await.status, end, "{effect} {restart}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_cannot_be_settled_keeps_no_other_waiting() {
    let world = World::new();
    let (engine, stuck, _) = claimed(&world, "once").await;
    tokio::time::sleep(SECOND).await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(world.start(&engine, flow(json!([task("a", "once", &[])]))).await);
    }
    world.settle().await;
    let three = seawall_engine::ClaimTasks { max: 3, ..asks("w") };
    assert_eq!(claim_as(&world, &engine, three, SECOND).await.unwrap().len(), 3);
    world
        .calls
        .fail(move |point| (point.op == StoreOp::SettleTask && point.run == Some(stuck)).then_some(Fault::BeforeWrite));
    tokio::time::sleep(LEASE + SECOND).await;
    for run in others {
        assert_eq!(seen(&world, &engine, run).await.steps[0].status, StepStatus::Unknown);
    }
    assert_ne!(seen(&world, &engine, stuck).await.steps[0].status, StepStatus::Unknown);
    world.calls.heal();
    tokio::time::sleep(10 * SECOND).await;
    assert_eq!(seen(&world, &engine, stuck).await.steps[0].status, StepStatus::Unknown);
}
