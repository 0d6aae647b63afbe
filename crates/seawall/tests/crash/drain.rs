//! Bringing every run to its end: what a person would do for those that stand still.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::api::Api;
use crate::effects::Effects;
use crate::load::Load;
use crate::told::millis;

/// Since any run ended: what is ahead of one in a queue gets its turn first, however long the queue.
const PATIENCE: Duration = Duration::from_secs(120);
/// So many are looked after at once.
const AT_ONCE: usize = 16;

pub(crate) struct Helper<'a> {
    pub(crate) api: &'a Api,
    pub(crate) load: &'a Load,
    pub(crate) effects: &'a Effects,
}

impl Helper<'_> {
    /// Waits for every run there is. Answers their views.
    pub(crate) async fn drain(&self) -> Vec<Value> {
        // Those that end make no others in the end: their children are there already, or came meanwhile.
        // Newest first: a child before its parent.
        let mut runs = self.api.all_runs().await;
        let last_end = Mutex::new(Instant::now());
        loop {
            let ends = runs.iter().map(|run| self.end(run, &last_end));
            let views: Vec<Value> = futures_util::stream::iter(ends)
                .buffer_unordered(AT_ONCE)
                .collect()
                .await;
            let now = self.api.all_runs().await;
            if now.len() == runs.len() {
                return views;
            }
            runs = now;
        }
    }

    async fn end(&self, run: &str, last_end: &Mutex<Instant>) -> Value {
        loop {
            let view = self.api.run(run).await;
            if has_ended(&view) && self.retries_are_over(run).await {
                *last_end.lock() = Instant::now();
                return view;
            }
            let quiet = last_end.lock().elapsed();
            if quiet > PATIENCE {
                let why = self.api.get(&format!("/api/v1/runs/{run}/why")).await;
                let journal = self.api.journal(run).await;
                let queue = self.api.get("/api/v1/queues/crash").await;
                let others = self.standing().await;
                panic!("stranded: {view:#}\n{why:#}\n{journal:#?}\n{queue:#}\nothers: {others:#?}");
            }
            self.help(run, &view).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Why others stand still: one of them may be what the stranded one waits for.
    async fn standing(&self) -> Vec<Value> {
        let runs = self
            .api
            .get("/api/v1/runs?status=waiting&status=running&status=blocked&limit=100")
            .await;
        let mut standing = Vec::new();
        for run in runs["items"].as_array().unwrap() {
            let why = self
                .api
                .get(&format!("/api/v1/runs/{}/why", run["id"].as_str().unwrap()))
                .await;
            standing.push(json!({ "run": run["id"], "why": why }));
        }
        standing
    }

    /// A retry that was asked for may wait for a slot while the run still is what it was.
    async fn retries_are_over(&self, run: &str) -> bool {
        let people = &self.load.people;
        if let Some(sent) = people.last_retry(run) {
            let journal = self.api.journal(run).await;
            let mut retries = journal.iter().filter(|item| item["type"] == "run.retried");
            return retries.any(|item| millis(&item["at"]) >= sent);
        }
        if !people.perhaps_retried.lock().iter().any(|asked| asked == run) {
            return true;
        }
        let why = self.api.get(&format!("/api/v1/runs/{run}/why")).await;
        why["reasons"]
            .as_array()
            .unwrap()
            .iter()
            .all(|reason| reason["kind"] == "ended")
    }

    async fn help(&self, run: &str, view: &Value) {
        match view["status"].as_str() {
            Some("paused") => self.resume(run).await,
            Some("blocked") => self.unblock(run).await,
            Some("waiting") => {
                self.signal(run).await;
                self.children(run).await;
            }
            _ => {}
        }
    }

    /// A child that was begun meanwhile stands in no list yet, and its parent does not end before it.
    async fn children(&self, run: &str) {
        let why = self.api.get(&format!("/api/v1/runs/{run}/why")).await;
        let reasons = why["reasons"].as_array().unwrap();
        for reason in reasons.iter().filter(|reason| reason["kind"] == "child") {
            let mut words = reason["detail"].as_str().unwrap().split([' ', ',']);
            if let Some(child) = words.find(|word| word.starts_with("run_")) {
                let view = self.api.run(child).await;
                Box::pin(self.help(child, &view)).await;
            }
        }
    }

    async fn resume(&self, run: &str) {
        let answer = self
            .api
            .post(&format!("/api/v1/runs/{run}/resume"), None, &json!({}))
            .await;
        assert!(matches!(answer, Some((202 | 409, _))), "{answer:?}");
    }

    /// One that was retried may wait for a signal that came when it had failed, and was refused. What was promised is looked
    /// for by its id: this one does not stand in for it.
    async fn signal(&self, run: &str) {
        let why = self.api.get(&format!("/api/v1/runs/{run}/why")).await;
        let reasons = why["reasons"].as_array().unwrap();
        for reason in reasons.iter().filter(|reason| reason["kind"] == "signal") {
            let name = reason["detail"].as_str().unwrap().split('`').nth(1).unwrap();
            let body = json!({ "id": format!("{name}-late"), "payload": 0 });
            let answer = self
                .api
                .post(&format!("/api/v1/runs/{run}/signals/{name}"), None, &body)
                .await;
            assert!(matches!(answer, Some((202 | 409, _))), "{answer:?}");
        }
    }

    async fn unblock(&self, run: &str) {
        let why = self.api.get(&format!("/api/v1/runs/{run}/why")).await;
        let reasons = why["reasons"].as_array().unwrap().clone();
        let unknown: Vec<&Value> = reasons
            .iter()
            .filter(|reason| reason["kind"] == "unknown-outcome")
            .collect();
        if unknown.is_empty() {
            // Its holders died too often: somebody says that it may try once more. Or it has gone on since.
            return self.resume(run).await;
        }
        for reason in unknown {
            let (step, item) = (reason["step_id"].as_str().unwrap(), reason["item"].as_u64());
            let part = reason["part"].as_str().map_or(String::new(), |part| format!(".{part}"));
            let outcome = self.found_out(run, &format!("{step}{part}"), item).await;
            let item = item.map_or(String::new(), |item| format!("%5B{item}%5D"));
            self.api.resolve(run, &format!("{step}{item}{part}"), outcome).await;
        }
    }

    /// What a person says who looks at the world: it was done, or it was not, and is given up or done again. In a run that was
    /// retried it may have been done before that.
    async fn found_out(&self, run: &str, step: &str, item: Option<u64>) -> &'static str {
        let journal = self.api.journal(run).await;
        let retried = journal.iter().any(|item| item["type"] == "run.retried");
        match self.effects.times(run, step, item) {
            1 if !retried => "succeeded",
            // To begin again may take until no worker can be at it any more: not everybody waits for that.
            0 if journal.len() % 4 == 0 => "retry",
            _ => "failed",
        }
    }
}

pub(crate) fn has_ended(view: &Value) -> bool {
    matches!(view["status"].as_str(), Some("succeeded" | "failed" | "cancelled"))
}
