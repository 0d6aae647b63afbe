//! What of a populated file is about flow control, tasks and schedules.

use std::time::Duration;

use seawall_engine::store::{Overlap, QueueName, RunFilter, RunId, RunStatus, Seq, WorkflowRef};
use seawall_engine::{CatchUp, ClaimTasks, CreateRun, Engine, Principal, ScheduleRequest, WorkflowSource};
use serde_json::{Value, json};

use super::populate::{at_rest, create, until};
use crate::runtime::world::flow;

/// Three runs of a workflow with one slot: one has it, one waits for it, one has failed and waits to be retried. Two others
/// have ended, of which one has a parent that has failed with it. Then two runs whose tasks are in one queue, the first claimed, and two schedules, one paused.
pub(crate) async fn work(engine: &Engine) {
    slots(engine).await;
    tasks(engine).await;
    for paused in [false, true] {
        schedule(engine, paused).await;
    }
}

async fn slots(engine: &Engine) {
    let me = &Principal::local();
    let mut definition = flow(json!([
        { "id": "no", "kind": "fail", "when": "{{ input.fail }}", "with": { "message": "no" } },
        { "id": "hear", "kind": "wait_signal", "when": "{{ not input.fail }}", "with": { "name": "go" } },
    ]));
    definition["name"] = json!("narrow");
    definition["concurrency"] = json!(1);
    engine.create_workflow(me, &definition).await.expect("the name is free");
    let parent =
        json!({ "id": "call", "kind": "workflow", "with": { "workflow": "narrow", "input": { "fail": true } } });
    at_rest(engine, flow(json!([parent])), RunStatus::Failed).await;
    for _ in 0..2 {
        let failed = start(engine, json!({ "fail": true })).await;
        until(engine, failed, RunStatus::Failed, Seq(0)).await;
    }
    let runs = engine.list_runs(me, RunFilter::default(), seawall_engine::store::Page::first(1));
    let failed = runs.await.expect("listing works").items[0].id;
    let running = start(engine, json!({ "fail": false })).await;
    until(engine, running, RunStatus::Waiting, Seq(0)).await;
    engine.retry(me, failed).await.expect("it failed");
    start(engine, json!({ "fail": false })).await;
}

async fn start(engine: &Engine, input: Value) -> RunId {
    let request = CreateRun {
        priority: None,
        workflow: WorkflowSource::Registered(WorkflowRef::Name("narrow".to_owned())),
        input,
        idempotency: None,
    };
    create(engine, request).await
}

async fn tasks(engine: &Engine) {
    let task = json!({ "id": "dig", "kind": "task", "effect": "read", "timeout": "1h",
        "with": { "queue": "q", "key": "k", "payload": 1 } });
    for _ in 0..2 {
        at_rest(engine, flow(json!([task])), RunStatus::Waiting).await;
    }
    let asks = ClaimTasks {
        max: 1,
        worker: "w".to_owned(),
        lease_for: Duration::from_secs(600),
        max_bytes: 1024,
    };
    let queue = QueueName::parse("q").expect("a name");
    let me = &Principal::local();
    let claimed = engine.claim_tasks(me, &queue, asks, Duration::from_secs(1), std::future::pending());
    assert_eq!(claimed.await.expect("it is offered").len(), 1);
}

async fn schedule(engine: &Engine, paused: bool) {
    let request = ScheduleRequest {
        workflow: WorkflowRef::Name("narrow".to_owned()),
        cron: Some("0 0 1 1 *".to_owned()),
        every: None,
        time_zone: None,
        input: json!({ "fail": false }),
        overlap: Overlap::Skip,
        catch_up: CatchUp::Skip,
        paused,
    };
    let made = engine.create_schedule(&Principal::local(), request, None).await;
    made.expect("it fires each year");
}
