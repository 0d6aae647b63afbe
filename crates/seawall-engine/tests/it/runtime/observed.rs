//! What an observer hears of: what is durable, once.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use seawall_engine::store::{Digest, Fault, RunStatus, Seq, StoreOp};
use seawall_engine::{
    CreateRun, Fact, IdempotentRequest, ObservedRun, Observer, Outcome, StepError, StepStatus, WorkflowSource,
};
use serde_json::{Value, json};

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, flow, probe};

/// Writes down what it hears.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock())
    }
}

impl Observer for Log {
    fn observe(&self, run: &ObservedRun<'_>, fact: &Fact<'_>) {
        let workflow = &run.workflow.name;
        let line = match *fact {
            Fact::RunStarted => format!("{workflow} started"),
            Fact::RunEnded { status, span } => {
                let again = if run.attempt > 1 { " again" } else { "" };
                format!("{workflow} {status} {}{again}", span.took().as_secs())
            }
            Fact::StepEnded(end) => {
                let (status, took) = (word(end.status), end.span.took().as_secs());
                format!("{} {status} {took}", end.kind)
            }
            Fact::ApprovalRequested => "asked".to_owned(),
            Fact::ApprovalDecided(decided) => format!("{decided:?}"),
        };
        self.0.lock().push(line);
    }
}

fn word(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Succeeded => "succeeded",
        StepStatus::Failed => "failed",
        StepStatus::Cancelled => "cancelled",
        StepStatus::Unknown => "unknown",
        _ => "open",
    }
}

/// A step that takes two seconds, and fails if it is called `bad`.
fn slow() -> Arc<Probe> {
    Probe::new(|attempt, _| async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        if attempt.activity.step.as_str() == "bad" {
            return Outcome::Failed(StepError::permanent("no", "it does not work"));
        }
        Outcome::Succeeded(json!(1))
    })
}

fn steps() -> Value {
    let one = json!({ "kind": "transform", "with": { "value": 1 } });
    flow(json!([
        probe("a", "read", &[]),
        { "id": "all", "kind": "map", "with": { "over": "{{ [1, 2] }}", "step": one }, "needs": ["a"] },
        { "id": "skipped", "kind": "transform", "when": "{{ 1 > 2 }}", "with": { "value": 1 }, "needs": ["all"] },
        probe("bad", "once", &["skipped"]),
    ]))
}

#[tokio::test(start_paused = true)]
async fn an_observer_hears_of_each_step_and_of_the_run_with_their_times() {
    let (world, log) = (World::new(), Arc::new(Log::default()));
    let engine = world.engine_observed(&slow(), log.clone()).await;
    assert_eq!(world.run(&engine, steps()).await.status, RunStatus::Failed);
    let heard = log.take();
    assert_eq!(
        heard,
        [
            "flow started",
            "probe succeeded 2",
            "transform succeeded 0",
            "transform succeeded 0",
            "map succeeded 0",
            "probe failed 2",
            "flow failed 4",
        ]
    );
    assert_eq!(engine.active_runs(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_written_is_not_told_and_what_is_found_to_be_there_is_told_once() {
    for at in 0..4 {
        let (world, log) = (World::new(), Arc::new(Log::default()));
        let engine = world.engine_observed(&slow(), log.clone()).await;
        let mut calls = 0;
        world.calls.fail(move |point| {
            calls += usize::from(point.op == StoreOp::Append);
            (point.op == StoreOp::Append && (at..at + 2).contains(&calls)).then_some(Fault::BeforeWrite)
        });
        let run = world
            .start(
                &engine,
                flow(json!([probe("a", "once", &[]), probe("b", "once", &["a"])])),
            )
            .await;
        tokio::time::sleep(Duration::from_secs(300)).await;
        world.calls.heal();
        assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Succeeded);
        let heard = log.take();
        let words: Vec<_> = heard.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
        assert_eq!(words, ["started", "succeeded", "succeeded", "succeeded"], "{at}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_process_hears_only_of_what_it_does_itself() {
    let (world, first, second) = (World::new(), Arc::new(Log::default()), Arc::new(Log::default()));
    let engine = world.engine_observed(&slow(), first.clone()).await;
    let run = world
        .start(
            &engine,
            flow(json!([probe("a", "read", &[]), probe("b", "read", &["a"])])),
        )
        .await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    world.crash(engine).await;
    assert_eq!(first.take(), ["flow started", "probe succeeded 2"]);
    let engine = world.engine_observed(&slow(), second.clone()).await;
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded);
    let heard = second.take();
    let words: Vec<_> = heard.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!((words, first.take().len()), (vec!["probe", "flow"], 0));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_repeated_counts_once() {
    let (world, log) = (World::new(), Arc::new(Log::default()));
    let engine = world.engine_observed(&slow(), log.clone()).await;
    for replayed in [false, true] {
        let request = CreateRun {
            workflow: WorkflowSource::Inline(flow(
                json!([{ "id": "a", "kind": "transform", "with": { "value": 1 } }]),
            )),
            input: json!(null),
            priority: None,
            idempotency: Some(IdempotentRequest {
                key: Digest::of(b"key"),
                fingerprint: Digest::of(b"same"),
            }),
        };
        let created = engine.create_run(&world.me, request).await.unwrap();
        assert_eq!(created.replayed, replayed);
    }
    world.settle().await;
    assert_eq!(
        log.take(),
        ["flow started", "transform succeeded 0", "flow succeeded 0"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_and_its_children_remember_the_trace_of_who_asked_over_a_crash() {
    let world = World::new();
    let engine = world.engine(&slow()).await;
    let mut child = flow(json!([probe("a", "read", &[])]));
    child["name"] = json!("child");
    engine.create_workflow(&world.me, &child).await.unwrap();
    let steps = json!([{ "id": "ask", "kind": "workflow", "with": { "workflow": "child" } }]);
    let run = world
        .start(&engine.traced("00-trace-span-01"), flow(steps.clone()))
        .await;
    let untraced = world.start(&engine.traced(&"x".repeat(257)), flow(steps)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.crash(engine).await;
    let engine = world.engine(&slow()).await;
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded);
    let page = seawall_engine::store::Page::first(10);
    let runs = engine.list_runs(&world.me, Default::default(), page).await.unwrap();
    let mut traced = Vec::new();
    for run in &runs.items {
        let journal = engine.journal(&world.me, run.id, Seq(0), 1).await.unwrap();
        traced.push((run.workflow.name.to_string(), journal.items[0].data["trace"].clone()));
    }
    traced.sort_by_key(|(name, trace)| (name.clone(), trace.to_string()));
    let trace = json!("00-trace-span-01");
    let expected = [
        ("child", &trace),
        ("child", &Value::Null),
        ("flow", &trace),
        ("flow", &Value::Null),
    ];
    assert!(
        traced.iter().map(|(name, trace)| (&**name, trace)).eq(expected),
        "{traced:?}"
    );
    assert_eq!(world.wait(&engine, untraced).await.status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_retried_counts_from_its_retry() {
    let (world, log) = (World::new(), Arc::new(Log::default()));
    let engine = world.engine_observed(&slow(), log.clone()).await;
    let run = world.start(&engine, flow(json!([probe("bad", "once", &[])]))).await;
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Failed);
    tokio::time::sleep(Duration::from_secs(1000)).await;
    engine.retry(&world.me, run).await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let ends: Vec<_> = log
        .take()
        .into_iter()
        .filter(|line| line.starts_with("flow failed"))
        .collect();
    assert_eq!(ends, ["flow failed 2", "flow failed 2 again"]);
}
