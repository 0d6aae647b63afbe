//! What clients do while the server dies, and what they were promised.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::api::Api;
use crate::effects::log_of;
use crate::programs::{self, NAMES, Random};

/// A client's request for a run: repeated under its key until there is an answer.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    key: String,
    workflow: &'static str,
    body: Value,
}

pub(crate) struct Load {
    effects: String,
    log: String,
    /// Requests whose answer was lost, to be repeated after the restart.
    unanswered: Mutex<Vec<Wanted>>,
    /// Runs that were promised: by key, then id. A key must never give two runs.
    pub(crate) promised: Mutex<BTreeMap<String, String>>,
    /// Runs that wait for a signal, and the payload that each gets, however often it is sent.
    unsignalled: Mutex<Vec<String>>,
    pub(crate) signalled: Mutex<BTreeMap<String, u64>>,
}

impl Load {
    pub(crate) fn new(effects: String, folder: &Path) -> Self {
        Self {
            effects,
            log: log_of(folder).display().to_string(),
            unanswered: Mutex::default(),
            promised: Mutex::default(),
            unsignalled: Mutex::default(),
            signalled: Mutex::default(),
        }
    }

    pub(crate) async fn register(&self, api: &Api) {
        for definition in programs::all(&self.effects, &self.log) {
            let answer = api.post("/api/v1/workflows", None, &definition).await;
            assert!(matches!(answer, Some((201, _))), "{answer:?}");
        }
    }

    /// Makes runs and sends signals until an answer fails to come.
    pub(crate) async fn work(&self, api: &Api, mut random: Random) {
        loop {
            let lost = self.unanswered.lock().pop();
            let wanted = lost.unwrap_or_else(|| {
                let workflow = NAMES[random.below(NAMES.len() as u64) as usize];
                let items: Vec<u64> = (0..random.below(6)).collect();
                Wanted {
                    key: format!("key-{:016x}", random.next()),
                    workflow,
                    body: json!({ "input": { "items": items } }),
                }
            });
            if !self.create(api, wanted).await {
                return;
            }
            let run = self.unsignalled.lock().pop();
            if let Some(run) = run
                && !self.signal(api, run, random.below(1000)).await
            {
                return;
            }
        }
    }

    async fn create(&self, api: &Api, wanted: Wanted) -> bool {
        let path = format!("/api/v1/workflows/{}/runs", wanted.workflow);
        match api.post(&path, Some(&wanted.key), &wanted.body).await {
            Some((202, run)) => {
                let id = run["id"].as_str().unwrap().to_owned();
                let before = self.promised.lock().insert(wanted.key.clone(), id.clone());
                assert!(before.is_none_or(|before| before == id), "one key, two runs");
                if wanted.workflow == "human" {
                    self.unsignalled.lock().push(id);
                }
                true
            }
            Some((503, _)) => {
                self.unanswered.lock().push(wanted);
                true
            }
            Some(other) => panic!("{path}: {other:?}"),
            None => {
                self.unanswered.lock().push(wanted);
                false
            }
        }
    }

    /// A signal with an id of its own: repeated, it is taken once.
    async fn signal(&self, api: &Api, run: String, payload: u64) -> bool {
        // Chosen once: an answer that was lost does not mean that the signal was.
        let payload = *self.signalled.lock().entry(run.clone()).or_insert(payload);
        let body = json!({ "id": format!("signal-{payload}"), "payload": payload });
        match api.post(&format!("/api/v1/runs/{run}/signals/go"), None, &body).await {
            // 409: an earlier one, whose answer was lost, has already ended the run.
            Some((202 | 409, _)) => true,
            Some(other) => panic!("signal {run}: {other:?}"),
            None => {
                self.unsignalled.lock().push(run);
                false
            }
        }
    }

    /// Brings every promised run to its end: sends what is missing, resolves what is unknown. Answers the runs.
    pub(crate) async fn drain(&self, api: &Api) -> Vec<Value> {
        let lost: Vec<Wanted> = std::mem::take(&mut *self.unanswered.lock());
        for wanted in lost {
            assert!(self.create(api, wanted).await);
        }
        let waiting: Vec<String> = std::mem::take(&mut *self.unsignalled.lock());
        for run in waiting {
            assert!(self.signal(api, run, 7).await);
        }
        let runs: Vec<String> = self.promised.lock().values().cloned().collect();
        let started = Instant::now();
        let mut ended = Vec::new();
        for run in runs {
            ended.push(self.end(api, &run, started).await);
        }
        ended
    }

    async fn end(&self, api: &Api, run: &str, started: Instant) -> Value {
        loop {
            let view = api.run(run).await;
            if matches!(view["status"].as_str(), Some("succeeded" | "failed" | "cancelled")) {
                return view;
            }
            assert!(started.elapsed() < Duration::from_secs(120), "stranded: {view:#}");
            self.help(api, run, &view).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What a person would do for a run that stands still.
    async fn help(&self, api: &Api, run: &str, view: &Value) {
        if view["status"] != "blocked" {
            // A child of this run may be the one that is blocked.
            for child in children(api, run).await {
                let child_view = api.run(&child).await;
                if child_view["status"] == "blocked" {
                    Box::pin(self.help(api, &child, &child_view)).await;
                }
            }
            return;
        }
        let reasons = api.get(&format!("/api/v1/runs/{run}/why")).await;
        let unknown: Vec<Value> = reasons["reasons"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|reason| reason["kind"] == "unknown-outcome")
            .cloned()
            .collect();
        assert!(!unknown.is_empty(), "blocked without an unknown outcome: {reasons:#}");
        for reason in unknown {
            let step = reason["step_id"].as_str().unwrap();
            let activity = reason["item"]
                .as_u64()
                .map_or(step.to_owned(), |item| format!("{step}%5B{item}%5D"));
            api.resolve(run, &activity).await;
        }
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
