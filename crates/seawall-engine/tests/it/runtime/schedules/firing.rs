//! Each time makes one run, whatever happens to the process, the store and the clock.

use std::sync::Arc;
use std::time::Duration;

use seawall_engine::store::{Fault, Overlap, Page, RunId, RunStatus, ScheduleId, Seq, StoreOp, Timestamp, WorkflowRef};
use seawall_engine::{CatchUp, EngineConfig, EngineError, Fact, ObservedRun, Observer, ScheduleRequest};
use serde_json::json;

use super::kit::{FIRST_HOUR, HOUR, request};
use crate::runtime::probe::Probe;
use crate::runtime::world::{World, flow, probe};

#[tokio::test(start_paused = true)]
async fn each_time_makes_a_run_that_says_whose_it_is() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let id = world.scheduled(&engine, request("0 * * * *")).await;
    let view = world.schedule(&engine, id).await;
    assert_eq!(view.next_fire_at, Some(Timestamp::from_millis(FIRST_HOUR)));
    assert!(world.runs(&engine).await.is_empty());
    tokio::time::sleep(3 * HOUR).await;
    assert_eq!(world.fired(&engine).await, [0, 3600, 7200]);
    let run = world.runs(&engine).await.pop().unwrap();
    assert_eq!(
        (run.status, run.input.json()),
        (RunStatus::Succeeded, &json!({"who": "the clock"}))
    );
    assert_eq!(*run.created_by, *format!("schedule:{id}"));
    assert_eq!(run.scheduled.unwrap().schedule, id);
    let view = world.schedule(&engine, id).await;
    assert_eq!(
        (view.last_run, view.last_fired_at),
        (Some(run.id), run.scheduled.map(|s| s.fire_at))
    );
    assert_eq!((view.skipped, view.missed, view.failed), (0, 0, 0));
    assert_eq!(
        view.next_fire_at,
        Some(Timestamp::from_millis(FIRST_HOUR + 3 * 3_600_000))
    );
}

#[tokio::test(start_paused = true)]
async fn a_firing_comes_without_delay() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    world.scheduled(&engine, request("*/7 * * * * *")).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    for run in world.runs(&engine).await {
        let late = run.created_at.since(run.scheduled.unwrap().fire_at);
        assert!(late <= Duration::from_millis(2), "{late:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_interval_is_not_shifted_by_restarts() {
    let world = World::new();
    let executor = Probe::echo();
    let mut engine = world.engine(&executor).await;
    let id = world.scheduled(&engine, request("10m")).await;
    let anchor = world.schedule(&engine, id).await.created_at;
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_secs(437)).await;
        world.crash(engine).await;
        engine = world.engine(&executor).await;
    }
    tokio::time::sleep(Duration::from_secs(437)).await;
    let runs = world.runs(&engine).await;
    let times: Vec<u64> = runs
        .iter()
        .map(|run| run.scheduled.unwrap().fire_at.since(anchor).as_secs())
        .collect();
    assert_eq!(times, [600, 1200, 1800, 2400]);
}

#[tokio::test(start_paused = true)]
async fn a_crash_before_during_or_after_a_firing_leaves_one_run() {
    let faults = [
        None,
        Some(Fault::BeforeWrite),
        Some(Fault::BeforeWriteLostAnswer),
        Some(Fault::AfterWriteLostAnswer),
    ];
    for fault in faults {
        for crash in [true, false] {
            let world = World::new();
            let executor = Probe::echo();
            let mut engine = world.engine(&executor).await;
            let id = world.scheduled(&engine, request("0 * * * *")).await;
            if let Some(fault) = fault {
                world.calls.fail_next(StoreOp::Fire, fault, 3);
            }
            if crash {
                // Right at the time: the clock of tokio stands while others run.
                tokio::time::sleep(Duration::from_secs(2800)).await;
                world.crash(engine).await;
                engine = world.engine(&executor).await;
            }
            // Well before the third time and well after the second, whichever way was taken.
            tokio::time::sleep(2 * HOUR - Duration::from_secs(60)).await;
            assert_eq!(world.fired(&engine).await, [0, 3600], "{fault:?} {crash}");
            let runs = world.runs(&engine).await;
            assert!(runs.iter().all(|run| run.status == RunStatus::Succeeded));
            assert_eq!(executor.begun().len(), runs.len(), "{fault:?} {crash}");
            assert_eq!(world.schedule(&engine, id).await.missed, 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_several_nodes_one_makes_the_run() {
    let mut world = World::new();
    world.config.exclusive = false;
    let executor = Probe::echo();
    let first = world.engine(&executor).await;
    world.config.sweep = Duration::from_secs(7);
    let second = world.engine(&executor).await;
    world.scheduled(&first, request("*/5 * * * *")).await;
    tokio::time::sleep(HOUR).await;
    let fired = world.fired(&second).await;
    assert_eq!(fired.len(), 12);
    assert!(fired.windows(2).all(|pair| pair[1] - pair[0] == 300), "{fired:?}");
}

#[tokio::test(start_paused = true)]
async fn a_workflow_that_is_gone_is_an_error_of_each_firing_and_no_loop() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let id = world.scheduled(&engine, request("0 * * * *")).await;
    let target = WorkflowRef::Name("flow".to_owned());
    engine.delete_workflow(&world.me, &target, None).await.unwrap();
    tokio::time::sleep(3 * HOUR).await;
    let view = world.schedule(&engine, id).await;
    assert_eq!((view.failed, world.calls.of(StoreOp::Fire)), (3, 3));
    assert_eq!(&*view.last_error.unwrap().code, "workflow-not-found");
    assert!(world.runs(&engine).await.is_empty());
    // One that takes another input is found, and does not fit.
    let mut other = flow(json!([probe("a", "idempotent", &[])]));
    other["input"] = json!({"type": "object", "required": ["count"]});
    engine.create_workflow(&world.me, &other).await.unwrap();
    tokio::time::sleep(HOUR).await;
    let view = world.schedule(&engine, id).await;
    assert_eq!(&*view.last_error.unwrap().code, "input-invalid");
    other.as_object_mut().unwrap().remove("input");
    engine.update_workflow(&world.me, &target, &other, None).await.unwrap();
    tokio::time::sleep(HOUR).await;
    let view = world.schedule(&engine, id).await;
    assert_eq!((view.failed, view.last_error), (4, None));
    let runs = world.runs(&engine).await;
    assert_eq!((runs.len(), runs[0].workflow.version), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_an_hour_fires_no_time_twice_and_goes_on() {
    for (jump, missed) in [(3600, 5), (-3600, 0)] {
        let world = World::new();
        let engine = world.engine(&Probe::echo()).await;
        let id = world.scheduled(&engine, request("*/10 * * * *")).await;
        tokio::time::sleep(HOUR).await;
        world.clock.set_ahead(jump);
        tokio::time::sleep(Duration::from_secs(61)).await;
        tokio::time::sleep(3 * HOUR).await;
        let fired = world.fired(&engine).await;
        assert!(fired.windows(2).all(|pair| pair[0] < pair[1]), "{jump}: {fired:?}");
        // Up to the last full ten minutes on the clock as it now is.
        let last = fired.last().copied().unwrap();
        assert!((world.now_seconds() - last) < 600, "{jump}: {fired:?}");
        assert_eq!(world.schedule(&engine, id).await.missed, missed, "{jump}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_there_are_no_schedules_nobody_looks() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    world.settle().await;
    let calls = world.calls.of(StoreOp::DueSchedules);
    assert_eq!(calls, 1);
    tokio::time::sleep(24 * HOUR).await;
    assert_eq!(world.calls.of(StoreOp::DueSchedules), calls);
    // One a day: a look a minute, for clocks that jump.
    world.scheduled(&engine, request("0 0 * * *")).await;
    tokio::time::sleep(24 * HOUR).await;
    assert!(world.calls.of(StoreOp::DueSchedules) < 24 * 60 + 10);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_not_meant_to_fire_does_not() {
    let mut world = World::new();
    let executor = Probe::echo();
    let engine = world.engine(&executor).await;
    world.scheduled(&engine, request("0 * * * *")).await;
    world.crash(engine).await;
    world.config = EngineConfig {
        schedules: false,
        ..EngineConfig::default()
    };
    let engine = world.engine(&executor).await;
    tokio::time::sleep(5 * HOUR).await;
    assert_eq!(world.runs(&engine).await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn many_schedules_of_one_moment_all_fire() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    world.register(&engine).await;
    for _ in 0..150 {
        engine
            .create_schedule(&world.me, request("0 * * * *"), None)
            .await
            .unwrap();
    }
    tokio::time::sleep(HOUR).await;
    assert_eq!(world.fired(&engine).await, vec![0; 150]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_for_hours_delays_a_firing() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    world.scheduled(&engine, request("0 * * * *")).await;
    world
        .calls
        .fail(|point| (point.op == StoreOp::DueSchedules).then_some(Fault::BeforeWrite));
    tokio::time::sleep(5 * HOUR).await;
    world.calls.heal();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(world.fired(&engine).await, [4 * 3600]);
}

#[tokio::test(start_paused = true)]
async fn a_schedule_that_cannot_be_fired_holds_up_no_other_one() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let stuck = world.scheduled(&engine, request("0 * * * *")).await;
    let first = FIRST_HOUR.to_be_bytes();
    let first = RunId::derived(&[stuck.uuid().as_bytes(), &first]);
    world
        .calls
        .fail(move |point| (point.op == StoreOp::Fire && point.run == Some(first)).then_some(Fault::BeforeWrite));
    // Well after the stuck one's time has come.
    tokio::time::sleep(Duration::from_secs(2900)).await;
    let each_second = ScheduleRequest {
        catch_up: CatchUp::Skip,
        overlap: Overlap::Allow,
        ..request("1s")
    };
    let other = engine.create_schedule(&world.me, each_second, None).await.unwrap();
    let looks = world.calls.of(StoreOp::DueSchedules);
    tokio::time::sleep(Duration::from_millis(60_500)).await;
    assert_eq!(world.fired(&engine).await.len(), 60);
    let view = world.schedule(&engine, other.schedule.id).await;
    assert_eq!((view.missed, view.failed), (0, 0));
    let looks = world.calls.of(StoreOp::DueSchedules) - looks;
    assert!(looks <= 60 * 3 + 60 / 5 * 3, "{looks} looks");
    world.calls.heal();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(world.fired(&engine).await.contains(&0), "what is wrong passes");
}

#[tokio::test(start_paused = true)]
async fn everything_that_is_wrong_with_a_schedule_is_told_at_once() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let wrong = ScheduleRequest {
        workflow: WorkflowRef::Name("nobody".to_owned()),
        cron: Some("0 0 30 2 *".to_owned()),
        every: Some("1ms".to_owned()),
        time_zone: Some("Mars/Olympus".to_owned()),
        catch_up: CatchUp::Last(101),
        ..request("1s")
    };
    let refused = engine.create_schedule(&world.me, wrong, None).await;
    let Err(EngineError::InvalidFields(errors)) = refused else {
        panic!("{refused:?}");
    };
    let codes: Vec<_> = errors.iter().map(|error| (&*error.pointer, &*error.code)).collect();
    assert_eq!(
        codes,
        [
            ("/time_zone", "unknown-time-zone"),
            ("/cron", "exclusive"),
            ("/catch_up", "out-of-range"),
            ("/workflow", "unknown-workflow"),
        ]
    );
    let nobody = engine.schedule(&world.me, ScheduleId::derived(&[b"nobody"])).await;
    assert!(matches!(nobody, Err(EngineError::NotFound("schedule"))));
}

#[tokio::test(start_paused = true)]
async fn a_tenant_has_a_bounded_number_of_schedules() {
    assert_eq!(EngineConfig::default().max_schedules, 10_000);
    let mut world = World::new();
    world.config.max_schedules = 2;
    let engine = world.engine(&Probe::echo()).await;
    let first = world.scheduled(&engine, request("1h")).await;
    let paused = ScheduleRequest {
        paused: true,
        ..request("1h")
    };
    engine.create_schedule(&world.me, paused, None).await.unwrap();
    let refused = engine.create_schedule(&world.me, request("2h"), None).await;
    assert!(
        matches!(refused, Err(EngineError::TooManySchedules { most: 2 })),
        "{refused:?}"
    );
    engine.delete_schedule(&world.me, first, None).await.unwrap();
    engine.create_schedule(&world.me, request("2h"), None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_definition_that_came_along_with_a_run_is_not_scheduled_or_called() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let run = world.start(&engine, flow(json!([probe("a", "read", &[])]))).await;
    let inline = engine.run(&world.me, run).await.unwrap().workflow.id;
    let by_id = ScheduleRequest {
        workflow: WorkflowRef::Id(inline),
        ..request("1h")
    };
    let refused = engine.create_schedule(&world.me, by_id, None).await;
    let Err(EngineError::InvalidFields(errors)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        (&*errors[0].pointer, &*errors[0].code),
        ("/workflow", "unknown-workflow")
    );
    let call = json!({ "id": "call", "kind": "workflow", "with": { "workflow": inline.to_string() } });
    let caller = world.start(&engine, flow(json!([call]))).await;
    let view = world.wait(&engine, caller).await;
    assert_eq!(view.status, RunStatus::Failed);
    assert_eq!(&*view.error.unwrap().code, "workflow-not-found");
    // A registered one is called by its id as by its name.
    world.register(&engine).await;
    let page = engine.list_workflows(&world.me, Page::first(1)).await.unwrap();
    let call = json!({ "id": "call", "kind": "workflow", "with": { "workflow": page.items[0].id.to_string() } });
    let caller = world.start(&engine, flow(json!([call]))).await;
    assert_eq!(world.wait(&engine, caller).await.status, RunStatus::Succeeded);
}

/// Has a trace for every run.
struct Traces;

impl Observer for Traces {
    fn observe(&self, _: &ObservedRun<'_>, _: &Fact<'_>) {}

    fn trace_of(&self, run: RunId) -> Option<Arc<str>> {
        Some(Arc::from(format!("of {run}")))
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_nobody_asked_for_has_the_trace_that_the_observer_gives_it() {
    let world = World::new();
    let engine = world.engine_observed(&Probe::echo(), Arc::new(Traces)).await;
    world.scheduled(&engine, request("0 * * * *")).await;
    tokio::time::sleep(HOUR).await;
    let run = world.runs(&engine).await.pop().unwrap().id;
    let journal = engine.journal(&world.me, run, Seq(0), 1).await.unwrap();
    assert_eq!(journal.items[0].data["trace"], format!("of {run}"));
}
