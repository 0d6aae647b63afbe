//! Bringing every run to its end: what a person would do for those that stand still.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::api::Api;
use crate::load::Load;

/// From the moment that somebody looks after a run: what is ahead of it in a queue gets its turn first.
const PATIENCE: Duration = Duration::from_secs(120);
/// So many are looked after at once.
const AT_ONCE: usize = 16;

/// Ends the schedule, then waits for every run there is. Answers their views.
pub(crate) async fn drain(api: &Api, load: &Load) -> Vec<Value> {
    end_schedules(api).await;
    let mut runs: Vec<String> = load.promised.lock().values().cloned().collect();
    runs.extend(api.runs_of("tick").await);
    let ends = runs.iter().map(|run| end(api, run));
    futures_util::stream::iter(ends)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

async fn end_schedules(api: &Api) {
    let list = api.get("/api/v1/schedules").await;
    for schedule in list["items"].as_array().unwrap() {
        let id = schedule["id"].as_str().unwrap();
        assert_eq!(api.delete(&format!("/api/v1/schedules/{id}")).await, 204);
    }
}

pub(crate) fn has_ended(view: &Value) -> bool {
    matches!(view["status"].as_str(), Some("succeeded" | "failed" | "cancelled"))
}

async fn end(api: &Api, run: &str) -> Value {
    let started = Instant::now();
    loop {
        let view = api.run(run).await;
        if has_ended(&view) {
            return view;
        }
        if started.elapsed() > PATIENCE {
            let why = api.get(&format!("/api/v1/runs/{run}/why")).await;
            let journal = api.journal(run).await;
            panic!("stranded: {view:#}\n{why:#}\n{journal:#?}");
        }
        help(api, run, &view).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn help(api: &Api, run: &str, view: &Value) {
    match view["status"].as_str() {
        Some("paused") => {
            let answer = api.post(&format!("/api/v1/runs/{run}/resume"), None, &json!({})).await;
            assert!(matches!(answer, Some((202 | 409, _))), "{answer:?}");
        }
        Some("blocked") => unblock(api, run).await,
        _ => {
            // A child of this run may be the one that is blocked.
            for child in children(api, run).await {
                let view = api.run(&child).await;
                if !has_ended(&view) {
                    Box::pin(help(api, &child, &view)).await;
                }
            }
        }
    }
}

async fn unblock(api: &Api, run: &str) {
    let why = api.get(&format!("/api/v1/runs/{run}/why")).await;
    let reasons = why["reasons"].as_array().unwrap().clone();
    let unknown: Vec<&Value> = reasons
        .iter()
        .filter(|reason| reason["kind"] == "unknown-outcome")
        .collect();
    if unknown.is_empty() {
        // Its holders died too often: somebody says that it may try once more. Or it has gone on since.
        let answer = api.post(&format!("/api/v1/runs/{run}/resume"), None, &json!({})).await;
        assert!(matches!(answer, Some((202 | 409, _))), "{answer:?}: {why:#}");
        return;
    }
    for reason in unknown {
        let step = reason["step_id"].as_str().unwrap();
        let item = reason["item"]
            .as_u64()
            .map_or(String::new(), |item| format!("%5B{item}%5D"));
        let part = reason["part"].as_str().map_or(String::new(), |part| format!(".{part}"));
        let activity = format!("{step}{item}{part}");
        api.resolve(run, &activity).await;
    }
}

/// The child runs that a run's journal names.
pub(crate) async fn children(api: &Api, run: &str) -> Vec<String> {
    let journal = api.journal(run).await;
    let started = journal.iter().filter(|item| item["type"] == "child.started");
    started
        .filter_map(|item| item["data"]["child_id"].as_str().map(str::to_owned))
        .collect()
}
