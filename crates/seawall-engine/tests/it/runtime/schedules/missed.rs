//! Times that no run was made for when they came: nobody was there, another run was, a pause was.

use std::time::Duration;

use seawall_engine::store::{Overlap, RunStatus, StoreOp};
use seawall_engine::{CatchUp, ScheduleRequest};
use serde_json::json;

use super::kit::{HOUR, request, slow};
use crate::runtime::probe::Probe;
use crate::runtime::world::{World, flow, probe};

#[tokio::test(start_paused = true)]
async fn what_was_missed_is_made_up_for_as_the_schedule_says() {
    let cases = [
        (CatchUp::Skip, vec![6 * 3600], 6),
        (CatchUp::Once, vec![5 * 3600, 6 * 3600], 5),
        (CatchUp::Last(3), vec![3 * 3600, 4 * 3600, 5 * 3600, 6 * 3600], 3),
    ];
    for (catch_up, expected, missed) in cases {
        let world = World::new();
        let executor = Probe::echo();
        let engine = world.engine(&executor).await;
        let request = ScheduleRequest {
            catch_up,
            overlap: Overlap::Allow,
            ..request("0 * * * *")
        };
        let id = world.scheduled(&engine, request).await;
        world.crash(engine).await;
        // Down from before the first to half past the sixth.
        tokio::time::sleep(6 * HOUR).await;
        let engine = world.engine(&executor).await;
        tokio::time::sleep(HOUR).await;
        assert_eq!(world.fired(&engine).await, expected, "{catch_up:?}");
        assert_eq!(world.schedule(&engine, id).await.missed, missed, "{catch_up:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_year_of_missed_seconds_is_made_up_for_in_bounds() {
    let world = World::new();
    let executor = Probe::echo();
    let engine = world.engine(&executor).await;
    let request = ScheduleRequest {
        catch_up: CatchUp::Last(100),
        overlap: Overlap::Allow,
        ..request("* * * * * *")
    };
    let id = world.scheduled(&engine, request).await;
    world.crash(engine).await;
    tokio::time::sleep(365 * 24 * HOUR).await;
    let calls = world.calls.of(StoreOp::Fire);
    let engine = world.engine(&executor).await;
    world.settle().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    // And the last three seconds were on time.
    assert_eq!(world.runs(&engine).await.len(), 103);
    assert!(world.calls.of(StoreOp::Fire) - calls < 10);
    assert_eq!(world.schedule(&engine, id).await.missed, 1000);
}

#[tokio::test(start_paused = true)]
async fn what_a_jump_of_the_clock_skipped_was_missed() {
    let changes: [fn(&World); 2] = [|world| world.clock.set_ahead(3600), |world| world.clock.suspend(3600)];
    for change in changes {
        let world = World::new();
        let engine = world.engine(&Probe::echo()).await;
        let request = ScheduleRequest {
            catch_up: CatchUp::Skip,
            overlap: Overlap::Allow,
            ..request("1s")
        };
        let id = world.scheduled(&engine, request).await;
        tokio::time::sleep(Duration::from_millis(10_500)).await;
        change(&world);
        tokio::time::sleep(Duration::from_secs(5)).await;
        let (fired, missed) = (world.fired(&engine).await, world.schedule(&engine, id).await.missed);
        // Of those before the jump's end the last three were on time at most, as after a start.
        assert!((15..=18).contains(&fired.len()), "{fired:?}");
        assert_eq!(missed as usize, 3615 - fired.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_shortly_before_a_machine_wakes_was_missed_and_one_shortly_after_was_not() {
    // Seconds from the full hour to the moment at which the machine wakes, or the clock is set to; half a minute before
    // that the scheduler had looked, so half a minute later it would look again.
    for (wakes, expected) in [(20, vec![3600]), (-20, vec![0, 3600])] {
        let world = World::new();
        let engine = world.engine(&Probe::echo()).await;
        let request = ScheduleRequest {
            catch_up: CatchUp::Skip,
            ..request("0 * * * *")
        };
        let id = world.scheduled(&engine, request).await;
        tokio::time::sleep(Duration::from_secs(630)).await;
        world.clock.suspend(wakes - world.now_seconds());
        tokio::time::sleep(HOUR + Duration::from_secs(60)).await;
        assert_eq!(world.fired(&engine).await, expected);
        assert_eq!(world.schedule(&engine, id).await.missed, u64::from(wakes > 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_firing_over_a_live_run_is_skipped_queued_or_made() {
    // Runs take 25 minutes, firings come each ten.
    let minute = |minutes: &[i64]| minutes.iter().map(|m| m * 60).collect::<Vec<_>>();
    let cases = [
        (Overlap::Skip, minute(&[0, 30, 60]), 4),
        (Overlap::Queue, minute(&[0, 10, 30]), 3),
        (Overlap::Allow, minute(&[0, 10, 20, 30, 40, 50, 60]), 0),
    ];
    for (overlap, expected, skipped) in cases {
        let world = World::new();
        let executor = slow(25 * 60);
        let engine = world.engine(&executor).await;
        let mut flow = flow(json!([probe("a", "idempotent", &[])]));
        flow["steps"][0]["timeout"] = json!("1h");
        engine.create_workflow(&world.me, &flow).await.unwrap();
        // The first firing is that of the full hour.
        tokio::time::sleep(Duration::from_secs(2700)).await;
        let request = ScheduleRequest {
            overlap,
            ..request("*/10 * * * *")
        };
        let id = engine
            .create_schedule(&world.me, request, None)
            .await
            .unwrap()
            .schedule
            .id;
        tokio::time::sleep(HOUR + Duration::from_secs(200)).await;
        assert_eq!(world.fired(&engine).await, expected, "{overlap:?}");
        let view = world.schedule(&engine, id).await;
        assert_eq!((view.skipped, view.missed), (skipped, 0), "{overlap:?}");
        assert_eq!(view.waiting_fire_at.is_some(), overlap == Overlap::Queue);
    }
}

#[tokio::test(start_paused = true)]
async fn a_firing_that_its_workflow_rejects_makes_a_run_that_fails() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let mut waits = flow(json!([{ "id": "hear", "kind": "wait_signal", "with": { "name": "go" } }]));
    waits["concurrency"] = json!({ "limit": 1, "on_conflict": "reject" });
    engine.create_workflow(&world.me, &waits).await.unwrap();
    let request = ScheduleRequest {
        overlap: Overlap::Allow,
        ..request("0 * * * *")
    };
    let id = engine
        .create_schedule(&world.me, request, None)
        .await
        .unwrap()
        .schedule
        .id;
    tokio::time::sleep(2 * HOUR).await;
    let runs = world.runs(&engine).await;
    let ends: Vec<_> = runs
        .iter()
        .map(|run| (run.status, run.error.as_ref().map(|error| &*error.code)))
        .collect();
    assert_eq!(
        ends,
        [(RunStatus::Waiting, None), (RunStatus::Failed, Some("flow-rejected"))]
    );
    assert_eq!(world.schedule(&engine, id).await.failed, 0);
}

#[tokio::test(start_paused = true)]
async fn a_queued_firing_goes_when_the_run_before_ends_also_after_a_restart() {
    for restart in [false, true] {
        let world = World::new();
        let executor = Probe::echo();
        let mut engine = world.engine(&executor).await;
        let waits = flow(json!([{ "id": "hear", "kind": "wait_signal", "with": { "name": "go" } }]));
        engine.create_workflow(&world.me, &waits).await.unwrap();
        let request = ScheduleRequest {
            overlap: Overlap::Queue,
            ..request("0 * * * *")
        };
        engine.create_schedule(&world.me, request, None).await.unwrap();
        tokio::time::sleep(5 * HOUR).await;
        assert_eq!(world.fired(&engine).await, [0]);
        if restart {
            world.crash(engine).await;
            engine = world.engine(&executor).await;
        }
        let first = world.runs(&engine).await[0].id;
        engine.signal(&world.me, first, "go", None, json!(1)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(world.fired(&engine).await, [0, 3600], "{restart}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_fires_during_a_pause_and_nothing_of_it_is_made_up_for() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let paused = ScheduleRequest {
        paused: true,
        catch_up: CatchUp::Last(100),
        ..request("0 * * * *")
    };
    let id = world.scheduled(&engine, paused.clone()).await;
    assert_eq!(world.schedule(&engine, id).await.next_fire_at, None);
    tokio::time::sleep(5 * HOUR).await;
    assert!(world.runs(&engine).await.is_empty());
    let goes = ScheduleRequest {
        paused: false,
        ..paused.clone()
    };
    let view = engine.update_schedule(&world.me, id, goes, Some(1)).await.unwrap();
    assert_eq!(view.revision, 2);
    tokio::time::sleep(2 * HOUR).await;
    assert_eq!(world.fired(&engine).await, [5 * 3600, 6 * 3600]);
    engine.update_schedule(&world.me, id, paused, None).await.unwrap();
    tokio::time::sleep(5 * HOUR).await;
    assert_eq!(world.runs(&engine).await.len(), 2);
}
