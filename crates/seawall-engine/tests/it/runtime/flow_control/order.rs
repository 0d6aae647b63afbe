//! Whose turn it is: keys, conflicts, rates, quiet times, priorities.

use std::time::Duration;

use seawall_engine::store::{RunStatus, StoreOp};
use seawall_engine::{CreateRun, EngineError, WorkflowSource};
use serde_json::json;

use super::kit::{go, hears, status, why};
use crate::runtime::probe::Probe;
use crate::runtime::world::World;

#[tokio::test(start_paused = true)]
async fn keys_and_priorities_that_make_no_sense_are_refused() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let keyed = hears(json!({ "concurrency": { "limit": 1, "key": "{{ input.who }}" } }));
    let ranked = hears(json!({ "priority": "{{ input.who }}" }));
    let quiet = hears(json!({ "debounce": { "period": "1s", "key": "{{ input.who }}" } }));
    for (definition, who, pointer, code) in [
        (
            &keyed,
            json!("x".repeat(10_000)),
            "/concurrency/key",
            "flow-key-too-long",
        ),
        (&keyed, json!(""), "/concurrency/key", "flow-key-empty"),
        (&keyed, json!(null), "/concurrency/key", "flow-key-invalid"),
        (&keyed, json!(["a"]), "/concurrency/key", "flow-key-invalid"),
        (&quiet, json!("x".repeat(257)), "/debounce/key", "flow-key-too-long"),
        (&ranked, json!(101), "/priority", "priority-invalid"),
        (&ranked, json!("high"), "/priority", "priority-invalid"),
        (&ranked, json!(1.5), "/priority", "priority-invalid"),
    ] {
        let refused = world
            .try_start(&engine, definition.clone(), json!({ "who": who }))
            .await;
        let Err(EngineError::Invalid {
            pointer: at,
            code: found,
            ..
        }) = refused
        else {
            panic!("{who}: {refused:?}")
        };
        assert_eq!((&*at, found), (pointer, code), "{who}");
    }
    let longest = world.try_start(&engine, keyed, json!({ "who": "x".repeat(256) })).await;
    assert!(longest.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_conflict_refuses_or_cancels_where_the_workflow_says_so() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let reject = hears(json!({ "concurrency": { "limit": 1, "on_conflict": "reject" } }));
    let first = world.start(&engine, reject.clone()).await;
    let refused = world.try_start(&engine, reject.clone(), json!(null)).await;
    assert!(matches!(refused, Err(EngineError::Conflict { .. })), "{refused:?}");
    go(&world, &engine, first).await;
    assert!(world.try_start(&engine, reject, json!(null)).await.is_ok());

    let cancel = hears(json!({ "concurrency": { "limit": 1, "on_conflict": "cancel_running" } }));
    let old = world.start(&engine, cancel.clone()).await;
    assert_eq!(status(&world, &engine, old).await, RunStatus::Waiting);
    let new = world.start(&engine, cancel).await;
    assert_eq!(status(&world, &engine, old).await, RunStatus::Cancelled);
    assert_eq!(status(&world, &engine, new).await, RunStatus::Waiting);
    let events = world.events(&engine, old).await;
    assert_eq!(
        events[5..],
        [
            "run.superseded",
            "run.cancel_requested",
            "step.cancelled",
            "run.cancelled"
        ]
    );
    let (kind, detail) = why(&world, &engine, old).await;
    assert_eq!(kind, "ended");
    assert!(
        detail.contains("cancel_running") && detail.contains(&new.to_string()),
        "{detail}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_rate_lets_a_burst_through_and_then_one_after_another() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let definition = hears(json!({ "rate": "2/min" }));
    let mut runs = Vec::new();
    for _ in 0..4 {
        runs.push(world.start(&engine, definition.clone()).await);
    }
    let (kind, detail) = why(&world, &engine, runs[2]).await;
    assert_eq!(kind, "rate");
    assert!(detail.contains("the next start is at 2023-11-14T22:13:50Z"), "{detail}");
    // The second in line comes one interval later.
    let until = engine.why(&world.me, runs[3]).await.unwrap().last().unwrap().until;
    assert_eq!(until.unwrap().as_millis() - 1_700_000_000_000, 60_000);
    let (_, detail) = why(&world, &engine, runs[3]).await;
    assert!(
        detail.ends_with("number 2 of 2, its own not before 2023-11-14T22:14:20Z"),
        "{detail}"
    );
    let claims = world.calls.of(StoreOp::Claim);
    for seconds in [0, 31, 31] {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        world.settle().await;
    }
    let mut begun = Vec::new();
    for run in runs {
        begun.push(
            engine
                .run(&world.me, run)
                .await
                .unwrap()
                .started_at
                .unwrap()
                .as_millis()
                - 1_700_000_000_000,
        );
    }
    assert_eq!(begun, [0, 0, 30_000, 60_000]);
    assert!(world.calls.of(StoreOp::Claim) - claims <= 4, "it is polled");
}

#[tokio::test(start_paused = true)]
async fn of_a_burst_the_last_one_runs_after_a_quiet_time() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let definition = hears(json!({ "debounce": { "period": "10s", "max_wait": "25s" } }));
    let mut runs = Vec::new();
    for _ in 0..3 {
        runs.push(world.start(&engine, definition.clone()).await);
        tokio::time::sleep(Duration::from_secs(6)).await;
    }
    let (kind, detail) = why(&world, &engine, runs[2]).await;
    assert_eq!(kind, "debounce", "{detail}");
    for run in &runs[..2] {
        assert_eq!(status(&world, &engine, *run).await, RunStatus::Cancelled);
        assert_eq!(
            world.events(&engine, *run).await,
            ["run.created", "run.superseded", "run.cancel_requested", "run.cancelled"]
        );
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(status(&world, &engine, runs[2]).await, RunStatus::Waiting);
    let view = engine.run(&world.me, runs[2]).await.unwrap();
    assert_eq!(view.started_at.unwrap().as_millis(), 1_700_000_000_000 + 22_000);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_debounced_while_the_clock_is_set_back_begins_a_quiet_time_later() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let definition = hears(json!({ "debounce": { "period": "10s" } }));
    let run = world.start(&engine, definition).await;
    world.settle().await;
    world.clock.set_ahead(-3600);
    // The dispatcher looks at the clock again within a minute, and at the end of what it waited for.
    tokio::time::sleep(Duration::from_secs(19)).await;
    assert_eq!(status(&world, &engine, run).await, RunStatus::Queued);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(status(&world, &engine, run).await, RunStatus::Waiting);
}

#[tokio::test(start_paused = true)]
async fn priority_is_a_head_start_and_nobody_starves() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let definition = hears(json!({ "concurrency": 1, "priority": "{{ input.rank }}" }));
    let start = async |rank: i64, given: Option<i64>| {
        let request = CreateRun {
            workflow: WorkflowSource::Inline(definition.clone()),
            input: json!({ "rank": rank }),
            priority: given,
            idempotency: None,
        };
        engine.create_run(&world.me, request).await.map(|started| started.run)
    };
    let holder = start(0, None).await.unwrap();
    let old = start(0, None).await.unwrap();
    tokio::time::sleep(Duration::from_secs(15)).await;
    // One point is 10 s: not enough; two are.
    let near = start(1, None).await.unwrap();
    let first = start(-50, Some(2)).await.unwrap();
    assert_eq!(engine.run(&world.me, first).await.unwrap().priority, 2);
    let mut order = Vec::new();
    let mut running = holder;
    for _ in 0..3 {
        go(&world, &engine, running).await;
        for run in [old, near, first] {
            if status(&world, &engine, run).await == RunStatus::Waiting {
                running = run;
            }
        }
        order.push(running);
    }
    assert_eq!(order, [first, old, near]);
    for wrong in [101, -101, i64::MAX] {
        let refused = start(0, Some(wrong)).await;
        assert!(matches!(
            refused,
            Err(EngineError::Invalid {
                code: "out-of-range",
                ..
            })
        ));
    }
}
