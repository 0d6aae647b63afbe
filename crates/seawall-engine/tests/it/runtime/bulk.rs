//! Searching runs by their input, and telling many the same thing.

use std::time::Duration;

use seawall_engine::store::{Fault, Page, RunFilter, RunId, RunStatus, StatusSet, StoreOp};
use seawall_engine::{BulkOutcome, BulkRequest, BulkVerb, Engine, InputMatch, RunSearch};
use serde_json::{Value, json};

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, flow};

fn waiting() -> Value {
    flow(json!([{ "id": "hear", "kind": "wait_signal", "with": { "name": "go" } }]))
}

fn failing() -> Value {
    flow(json!([{ "id": "no", "kind": "fail", "with": { "message": "no" } }]))
}

fn with_input(path: &str, value: Value) -> RunSearch {
    RunSearch {
        filter: RunFilter::default(),
        input: vec![InputMatch {
            path: vec![path.to_owned()],
            any_of: vec![value],
        }],
    }
}

fn all(limit: u32) -> BulkRequest {
    BulkRequest {
        search: RunSearch::default(),
        limit,
        cursor: None,
        dry_run: false,
    }
}

impl World {
    async fn begin(&self, engine: &Engine, definition: Value, input: Value) -> RunId {
        self.try_start(engine, definition, input).await.unwrap().run
    }

    async fn status(&self, engine: &Engine, run: RunId) -> RunStatus {
        engine.run(&self.me, run).await.unwrap().status
    }
}

#[tokio::test(start_paused = true)]
async fn a_search_looks_at_so_many_inputs_and_its_cursor_goes_on() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let wanted = world.begin(&engine, failing(), json!({"n": "wanted"})).await;
    for number in 0..2100 {
        world.begin(&engine, failing(), json!({"n": number})).await;
    }
    let search = with_input("n", json!("wanted"));
    let mut page = Page::first(10);
    let mut requests = 0;
    let found = loop {
        requests += 1;
        let part = engine.search_runs(&world.me, &search, page).await.unwrap();
        match part.next {
            Some(next) => {
                assert!(part.items.is_empty());
                page.cursor = Some(next);
            }
            None => break part.items,
        }
    };
    assert_eq!((requests, found.len(), found[0].id), (2, 1, wanted));
}

#[tokio::test(start_paused = true)]
async fn each_of_many_runs_gets_its_own_answer() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let mut runs = Vec::new();
    for number in 0..250 {
        runs.push(world.begin(&engine, waiting(), json!({"n": number})).await);
    }
    let ended = world.begin(&engine, failing(), json!({})).await;
    world.settle().await;
    // The answer to one of them is lost.
    let lost = runs[7];
    world.calls.fail(move |point| {
        (point.op == StoreOp::Send && point.run == Some(lost)).then_some(Fault::AfterWriteLostAnswer)
    });
    let mut request = all(100);
    let mut outcomes = Vec::new();
    loop {
        let answer = engine.bulk(&world.me, BulkVerb::Cancel, &request).await.unwrap();
        assert!(answer.items.len() <= 100);
        outcomes.extend(answer.items);
        request.cursor = answer.next;
        if request.cursor.is_none() {
            break;
        }
    }
    assert_eq!(outcomes.len(), 250);
    for (item, run) in outcomes.iter().zip(runs.iter().rev()) {
        assert_eq!(item.run, *run);
        match &item.outcome {
            BulkOutcome::Accepted => assert_ne!(*run, lost),
            BulkOutcome::Failed(_) => assert_eq!(*run, lost),
            other => panic!("{other:?}"),
        }
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    for run in runs {
        assert_eq!(world.status(&engine, run).await, RunStatus::Cancelled);
    }
    assert_eq!(world.status(&engine, ended).await, RunStatus::Failed);
}

#[tokio::test(start_paused = true)]
async fn only_what_failed_or_was_cancelled_is_retried_and_children_say_why_not() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let child = json!({ "name": "child", "steps": failing()["steps"] });
    engine.create_workflow(&world.me, &child).await.unwrap();
    let parent = flow(json!([{ "id": "sub", "kind": "workflow", "with": { "workflow": "child" } }]));
    let parent = world.begin(&engine, parent, json!({})).await;
    let waits = world.begin(&engine, waiting(), json!({})).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let answer = engine.bulk(&world.me, BulkVerb::Retry, &all(1000)).await.unwrap();
    let outcomes: Vec<_> = answer.items.iter().map(|item| (item.run, &item.outcome)).collect();
    assert_eq!(outcomes.len(), 2, "{outcomes:?}");
    assert!(outcomes.contains(&(parent, &BulkOutcome::Accepted)));
    let conflicts = outcomes
        .iter()
        .filter(|(_, outcome)| matches!(outcome, BulkOutcome::Conflict(_)));
    assert_eq!(conflicts.count(), 1);
    assert_eq!(world.status(&engine, waits).await, RunStatus::Waiting);
    // A status narrows it further.
    let mut cancelled = all(10);
    cancelled.search.filter.statuses = Some(StatusSet::of(&[RunStatus::Cancelled]));
    let answer = engine.bulk(&world.me, BulkVerb::Retry, &cancelled).await.unwrap();
    assert!(answer.items.is_empty());
}
