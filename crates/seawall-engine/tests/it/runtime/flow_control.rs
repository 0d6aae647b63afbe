//! Runs that wait for their admission: slots, rates, debouncing, conflicts, priorities; over crashes at every moment.

use std::time::Duration;

use seawall_engine::store::{Page, RunId, RunStatus, StoreOp, WorkflowRef};
use seawall_engine::{CreateRun, Engine, EngineError, WorkflowSource};
use serde_json::{Value, json};

use crate::runtime::probe::Probe;
use crate::runtime::world::World;

/// Waits for the signal `go`.
fn hears(control: Value) -> Value {
    let mut definition = json!({
        "name": "hears", "steps": [{ "id": "hear", "kind": "wait_signal", "with": { "name": "go" } }],
    });
    definition
        .as_object_mut()
        .unwrap()
        .extend(control.as_object().unwrap().clone());
    definition
}

async fn status(world: &World, engine: &Engine, run: RunId) -> RunStatus {
    world.settle().await;
    engine.run(&world.me, run).await.unwrap().status
}

async fn go(world: &World, engine: &Engine, run: RunId) {
    engine.signal(&world.me, run, "go", None, json!(null)).await.unwrap();
    world.settle().await;
}

async fn why(world: &World, engine: &Engine, run: RunId) -> (&'static str, String) {
    world.settle().await;
    let reasons = engine.why(&world.me, run).await.unwrap();
    let reason = reasons.last().unwrap().clone();
    (reason.kind, reason.detail)
}

/// Runs at once and waiting, over all keys, as the store counts them.
async fn counts(world: &World, engine: &Engine, definition: &Value) -> (u32, u32) {
    use seawall_engine::store::{Digest, NewWorkflow, WorkflowId, WorkflowStore as _};
    // The same digest gives the workflow that the runs are of.
    let compiled = seawall_engine::compile(definition, engine.registry()).ok().unwrap();
    let kept = world.store.keep_inline(
        &world.me.tenant,
        NewWorkflow {
            id: WorkflowId::generate(),
            name: compiled.name.clone(),
            description: None,
            source: compiled.source.clone(),
            digest: Digest::of(compiled.source.as_bytes()),
        },
    );
    let target = WorkflowRef::Id(kept.await.unwrap().id);
    let (_, lines) = engine.flow(&world.me, &target, Page::first(200)).await.unwrap();
    let running = lines.items.iter().map(|line| line.running).sum();
    let waiting = lines.items.iter().map(|line| line.queued + line.waiting).sum();
    (running, waiting)
}

#[tokio::test(start_paused = true)]
async fn a_run_waits_for_a_slot_and_gets_it_when_another_ends() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let definition = hears(json!({ "concurrency": 1 }));
    let first = world.start(&engine, definition.clone()).await;
    let second = world.start(&engine, definition.clone()).await;
    let third = world.start(&engine, definition.clone()).await;
    assert_eq!(status(&world, &engine, first).await, RunStatus::Waiting);
    assert_eq!(status(&world, &engine, second).await, RunStatus::Queued);
    let (kind, detail) = why(&world, &engine, third).await;
    assert_eq!(kind, "concurrency");
    assert_eq!(detail, "waits for one of 1 slots: 1 running; it is number 2 of 2");
    assert_eq!(world.in_memory(), 0, "who waits occupies no memory");
    assert_eq!(counts(&world, &engine, &definition).await, (1, 2));
    go(&world, &engine, first).await;
    assert_eq!(status(&world, &engine, first).await, RunStatus::Succeeded);
    assert_eq!(status(&world, &engine, second).await, RunStatus::Waiting);
    assert_eq!(status(&world, &engine, third).await, RunStatus::Queued);
    assert_eq!(
        world.events(&engine, second).await,
        [
            "run.created",
            "run.admitted",
            "run.started",
            "step.started",
            "signal.awaited"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn every_end_gives_the_slot_back() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let definition = hears(json!({ "concurrency": 1, "timeout": "1h" }));
    let mut runs = Vec::new();
    for _ in 0..4 {
        runs.push(world.start(&engine, definition.clone()).await);
    }
    world.settle().await;
    go(&world, &engine, runs[0]).await;
    assert_eq!(status(&world, &engine, runs[1]).await, RunStatus::Waiting);
    engine.cancel(&world.me, runs[1]).await.unwrap();
    assert_eq!(status(&world, &engine, runs[1]).await, RunStatus::Cancelled);
    assert_eq!(status(&world, &engine, runs[2]).await, RunStatus::Waiting);
    // One that times out while it waits leaves the queue, one that times out with a slot frees it.
    tokio::time::sleep(Duration::from_secs(3700)).await;
    for run in &runs[2..] {
        assert_eq!(status(&world, &engine, *run).await, RunStatus::Failed);
    }
    assert_eq!(counts(&world, &engine, &definition).await, (0, 0));
    let next = world.start(&engine, definition).await;
    assert_eq!(status(&world, &engine, next).await, RunStatus::Waiting);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_run_can_be_cancelled_and_paused() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let definition = hears(json!({ "concurrency": 1 }));
    let holder = world.start(&engine, definition.clone()).await;
    let (gone, paused) = (
        world.start(&engine, definition.clone()).await,
        world.start(&engine, definition.clone()).await,
    );
    engine.cancel(&world.me, gone).await.unwrap();
    engine.pause(&world.me, paused).await.unwrap();
    assert_eq!(status(&world, &engine, gone).await, RunStatus::Cancelled);
    assert_eq!(status(&world, &engine, paused).await, RunStatus::Paused);
    assert_eq!(world.in_memory(), 0);
    go(&world, &engine, holder).await;
    // It has its slot, and begins nothing with it.
    assert_eq!(status(&world, &engine, paused).await, RunStatus::Paused);
    assert_eq!(counts(&world, &engine, &definition).await, (1, 0));
    engine.resume(&world.me, paused).await.unwrap();
    assert_eq!(status(&world, &engine, paused).await, RunStatus::Waiting);
}

#[tokio::test(start_paused = true)]
async fn keys_do_not_wait_for_each_other() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let definition = hears(json!({ "concurrency": { "limit": 1, "key": "{{ input.who }}" } }));
    let mut runs = Vec::new();
    for who in ["ann", "ann", "bob"] {
        let started = world
            .try_start(&engine, definition.clone(), json!({ "who": who }))
            .await;
        runs.push(started.unwrap().run);
    }
    let mut found = Vec::new();
    for run in runs {
        found.push(status(&world, &engine, run).await);
    }
    assert_eq!(found, [RunStatus::Waiting, RunStatus::Queued, RunStatus::Waiting]);
}

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
async fn a_retried_run_takes_a_slot_again() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let definition = hears(json!({ "concurrency": 1 }));
    let failed = world.start(&engine, definition.clone()).await;
    world.settle().await;
    engine.cancel(&world.me, failed).await.unwrap();
    world.settle().await;
    let holder = world.start(&engine, definition.clone()).await;
    engine.retry(&world.me, failed).await.unwrap();
    assert_eq!(status(&world, &engine, failed).await, RunStatus::Cancelled);
    let (kind, detail) = why(&world, &engine, failed).await;
    assert_eq!((kind, &detail[..10]), ("concurrency", "its retry "));
    go(&world, &engine, holder).await;
    assert_eq!(status(&world, &engine, failed).await, RunStatus::Waiting);
    assert_eq!(counts(&world, &engine, &definition).await, (1, 0));
    go(&world, &engine, failed).await;
    assert_eq!(status(&world, &engine, failed).await, RunStatus::Succeeded);
    assert_eq!(counts(&world, &engine, &definition).await, (0, 0));
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

fn parent(on_error: &str) -> Value {
    let child =
        json!({ "id": "call", "kind": "workflow", "on_error": on_error, "with": { "workflow": "child", "input": {} } });
    json!({ "name": "parent", "steps": [child] })
}

#[tokio::test(start_paused = true)]
async fn a_child_waits_for_its_slot_and_a_refused_one_fails_its_step() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let mut child = hears(json!({ "concurrency": { "limit": 1, "on_conflict": "queue" } }));
    child["name"] = json!("child");
    let record = engine.create_workflow(&world.me, &child).await.unwrap();
    let target = WorkflowRef::Id(record.id);
    let parents = [
        world.start(&engine, parent("fail")).await,
        world.start(&engine, parent("fail")).await,
    ];
    world.settle().await;
    let (_, lines) = engine.flow(&world.me, &target, Page::first(10)).await.unwrap();
    assert_eq!((lines.items[0].running, lines.items[0].queued), (1, 1));
    assert_eq!(status(&world, &engine, parents[1]).await, RunStatus::Waiting);
    child["concurrency"]["on_conflict"] = json!("reject");
    engine.update_workflow(&world.me, &target, &child, None).await.unwrap();
    let third = world.start(&engine, parent("fail")).await;
    let view = world.wait(&engine, third).await;
    assert_eq!(view.status, RunStatus::Failed);
    assert_eq!(&*view.error.unwrap().code, "flow-rejected");
}

#[tokio::test(start_paused = true)]
async fn a_parent_with_the_only_slot_of_its_own_workflow_is_named() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let step = json!({ "id": "again", "kind": "workflow", "with": { "workflow": "round", "input": {} } });
    let definition = json!({ "name": "round", "concurrency": 1, "steps": [step] });
    engine.create_workflow(&world.me, &definition).await.unwrap();
    let request = CreateRun {
        workflow: WorkflowSource::Registered(WorkflowRef::Name("round".to_owned())),
        input: json!({}),
        priority: None,
        idempotency: None,
    };
    let run = engine.create_run(&world.me, request).await.unwrap().run;
    world.settle().await;
    let listed = engine
        .list_runs(&world.me, Default::default(), Page::first(10))
        .await
        .unwrap();
    let child = listed.items[0].id;
    assert_ne!(child, run);
    let (kind, detail) = why(&world, &engine, child).await;
    assert_eq!(kind, "concurrency");
    assert!(
        detail.contains(&format!("The run {run} above it has one of them")),
        "{detail}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_moment_loses_no_slot_and_no_run() {
    for yields in 0..80 {
        let world = World::new();
        let executor = Probe::echo();
        let mut engine = world.engine(&executor).await;
        let step = json!({ "id": "a", "kind": "probe", "with": { "value": 1 }, "effect": "idempotent" });
        let definition = json!({ "name": "short", "concurrency": 2, "steps": [step] });
        let mut runs = Vec::new();
        for _ in 0..6 {
            runs.push(world.start(&engine, definition.clone()).await);
        }
        for round in 0..3 {
            for _ in 0..yields * (round + 1) / 2 {
                tokio::task::yield_now().await;
            }
            let (running, _) = counts(&world, &engine, &definition).await;
            assert!(running <= 2, "{running} run at once");
            world.crash(engine).await;
            engine = world.engine(&executor).await;
        }
        for run in runs {
            let view = world.wait(&engine, run).await;
            assert_eq!(view.status, RunStatus::Succeeded, "after {yields}");
            let events = world.events(&engine, run).await;
            let admitted = events.iter().filter(|event| **event == "run.admitted").count();
            assert_eq!(admitted, 1);
        }
        assert_eq!(counts(&world, &engine, &definition).await, (0, 0));
    }
}
