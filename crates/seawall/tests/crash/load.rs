//! What clients do while the server dies, and what they were promised.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::api::Api;
use crate::effects::log_of;
use crate::programs::{self, NAMES, World};
use crate::random::Random;

/// A client's request for a run: repeated under its key until there is an answer.
#[derive(Clone, Debug)]
struct Wanted {
    key: String,
    path: String,
    body: Value,
    /// Names of the signals that the run will wait for.
    signals: Vec<String>,
}

/// A signal that was promised to a run: the same payload however often it is sent.
#[derive(Clone, Debug)]
struct Signal {
    run: String,
    name: String,
    payload: u64,
}

pub(crate) struct Load {
    pub(crate) world: World,
    /// Requests whose answer was lost, to be repeated after the restart.
    unanswered: Mutex<Vec<Wanted>>,
    /// Runs that were promised: by key, then id. A key must never give two runs.
    pub(crate) promised: Mutex<BTreeMap<String, String>>,
    unsignalled: Mutex<Vec<Signal>>,
    /// What was promised to runs of `human`.
    pub(crate) signalled: Mutex<BTreeMap<String, u64>>,
    /// Runs that somebody asked to stop: they may end before they have used what they were sent.
    pub(crate) disturbed: Mutex<BTreeSet<String>>,
}

impl Load {
    pub(crate) fn new(effects: String, folder: &Path) -> Self {
        Self {
            world: World {
                url: effects,
                log: log_of(folder).display().to_string(),
            },
            unanswered: Mutex::default(),
            promised: Mutex::default(),
            unsignalled: Mutex::default(),
            signalled: Mutex::default(),
            disturbed: Mutex::default(),
        }
    }

    pub(crate) async fn register(&self, api: &Api) {
        for definition in programs::all(&self.world) {
            let answer = api.post("/api/v1/workflows", None, &definition).await;
            assert!(matches!(answer, Some((201, _))), "{answer:?}");
        }
        let schedule = json!({ "workflow": "tick", "every": "1s", "input": {}, "overlap": "allow", "catch_up": 5 });
        let answer = api.post("/api/v1/schedules", None, &schedule).await;
        assert!(matches!(answer, Some((201, _))), "{answer:?}");
    }

    /// Makes runs, sends signals and interferes until an answer fails to come.
    pub(crate) async fn work(&self, api: &Api, mut random: Random) {
        loop {
            let lost = self.unanswered.lock().pop();
            let wanted = lost.unwrap_or_else(|| self.wish(&mut random));
            if !self.create(api, wanted, &mut random).await {
                return;
            }
            let signal = self.unsignalled.lock().pop();
            if let Some(signal) = signal
                && !self.signal(api, signal).await
            {
                return;
            }
            if random.one_in(12) && !self.interfere(api, &mut random).await {
                return;
            }
        }
    }

    fn wish(&self, random: &mut Random) -> Wanted {
        let key = format!("key-{:016x}", random.next());
        if random.one_in(2) {
            let (workflow, signals) = programs::random(&self.world, random);
            return Wanted {
                key,
                path: "/api/v1/workflows/run".to_owned(),
                body: json!({ "workflow": workflow, "input": {} }),
                signals,
            };
        }
        let name = *random.pick(&NAMES);
        let items: Vec<u64> = (0..random.below(6)).collect();
        Wanted {
            key,
            path: format!("/api/v1/workflows/{name}/runs"),
            body: json!({ "input": { "items": items } }),
            signals: if name == "human" {
                vec!["go".to_owned()]
            } else {
                Vec::new()
            },
        }
    }

    async fn create(&self, api: &Api, wanted: Wanted, random: &mut Random) -> bool {
        match api.post(&wanted.path, Some(&wanted.key), &wanted.body).await {
            Some((200 | 202, run)) => {
                let id = run["id"].as_str().unwrap().to_owned();
                let before = self.promised.lock().insert(wanted.key.clone(), id.clone());
                assert!(before.is_none_or(|before| before == id), "one key, two runs");
                let signals = wanted.signals.into_iter().map(|name| Signal {
                    run: id.clone(),
                    name,
                    payload: random.below(1000),
                });
                self.unsignalled.lock().extend(signals);
                true
            }
            Some((503, _)) => {
                self.unanswered.lock().push(wanted);
                true
            }
            Some(other) => panic!("{}: {} gave {other:?}", wanted.path, wanted.body),
            None => {
                self.unanswered.lock().push(wanted);
                false
            }
        }
    }

    /// A signal with an id of its own: repeated, it is taken once.
    async fn signal(&self, api: &Api, signal: Signal) -> bool {
        let Signal { run, name, payload } = &signal;
        if name == "go" {
            self.signalled.lock().insert(run.clone(), *payload);
        }
        let body = json!({ "id": format!("{name}-{payload}"), "payload": payload });
        match api
            .post(&format!("/api/v1/runs/{run}/signals/{name}"), None, &body)
            .await
        {
            // 409: the run has ended already; an earlier one, whose answer was lost, may have done that.
            Some((202 | 409, _)) => true,
            Some((503, _)) | None => {
                self.unsignalled.lock().push(signal);
                false
            }
            Some(other) => panic!("signal {run}: {other:?}"),
        }
    }

    /// Somebody cancels, pauses, goes on with or retries some run.
    async fn interfere(&self, api: &Api, random: &mut Random) -> bool {
        let run = {
            let promised = self.promised.lock();
            let place = random.below(promised.len().max(1) as u64) as usize;
            promised.values().nth(place).cloned()
        };
        let Some(run) = run else { return true };
        let verb = *random.pick(&["cancel", "pause", "resume", "retry", "retry"]);
        if verb == "cancel" {
            self.disturbed.lock().insert(run.clone());
        }
        match api.post(&format!("/api/v1/runs/{run}/{verb}"), None, &json!({})).await {
            Some((202 | 409 | 503, _)) => true,
            Some(other) => panic!("{verb} {run}: {other:?}"),
            None => false,
        }
    }

    /// Sends what is still owed: requests and signals whose answers were lost.
    pub(crate) async fn settle_debts(&self, api: &Api, random: &mut Random) {
        let lost: Vec<Wanted> = std::mem::take(&mut *self.unanswered.lock());
        for wanted in lost {
            assert!(self.create(api, wanted, random).await);
        }
        let owed: Vec<Signal> = std::mem::take(&mut *self.unsignalled.lock());
        for signal in owed {
            assert!(self.signal(api, signal).await);
        }
    }
}
