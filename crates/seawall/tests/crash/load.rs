//! What clients ask for while the server dies.

use std::collections::BTreeMap;
use std::path::Path;

use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::api::Api;
use crate::effects::log_of;
use crate::people::{People, Signal};
use crate::programs::{self, NAMES, World};
use crate::random::Random;

/// So many are tried in the end, when most runs have ended.
const LAST_FORKS: usize = 20;

/// A client's request for a run: repeated under its key until there is an answer.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) key: String,
    pub(crate) path: String,
    pub(crate) body: Value,
    /// Of a run that is not of a registered workflow.
    pub(crate) definition: Option<Value>,
    /// Names of the signals that the run will wait for.
    pub(crate) signals: Vec<String>,
}

pub(crate) struct Load {
    pub(crate) world: World,
    /// Definitions of registered workflows, by name.
    registered: BTreeMap<String, Value>,
    /// Those that came along with a run, by run.
    pub(crate) inline: Mutex<BTreeMap<String, Value>>,
    /// Requests whose answer was lost, to be repeated after the restart.
    pub(crate) unanswered: Mutex<Vec<Wanted>>,
    /// Runs that were promised: by key, then id. A key must never give two runs.
    pub(crate) promised: Mutex<BTreeMap<String, String>>,
    pub(crate) people: People,
}

impl Load {
    pub(crate) fn new(effects: String, folder: &Path) -> Self {
        let world = World {
            url: effects,
            log: log_of(folder).display().to_string(),
        };
        let named = |definition: Value| (definition["name"].as_str().unwrap().to_owned(), definition);
        Self {
            registered: programs::all(&world).into_iter().map(named).collect(),
            world,
            inline: Mutex::default(),
            unanswered: Mutex::default(),
            promised: Mutex::default(),
            people: People::default(),
        }
    }

    /// The workflows, the queue, and the schedule, whose id is answered.
    pub(crate) async fn register(&self, api: &Api) -> String {
        for definition in programs::all(&self.world) {
            let answer = api.post("/api/v1/workflows", None, &definition).await;
            assert!(matches!(answer, Some((201, _))), "{answer:?}");
        }
        api.put("/api/v1/queues/crash", &json!({ "concurrency_per_key": 1 }))
            .await;
        let schedule = json!({ "workflow": "tick", "every": "1s", "input": {}, "overlap": "allow", "catch_up": 5 });
        let answer = api.post("/api/v1/schedules", None, &schedule).await;
        let Some((201, schedule)) = answer else {
            panic!("{answer:?}")
        };
        schedule["id"].as_str().unwrap().to_owned()
    }

    /// What a run was made from.
    pub(crate) fn definition(&self, view: &Value) -> Value {
        let inline = self.inline.lock().get(view["id"].as_str().unwrap()).cloned();
        inline.unwrap_or_else(|| {
            let name = view["workflow"]["name"].as_str().unwrap();
            let registered = self.registered.get(name);
            registered
                .unwrap_or_else(|| panic!("a run that nobody asked for: {view:#}"))
                .clone()
        })
    }

    /// Makes runs, sends signals and interferes until an answer fails to come.
    pub(crate) async fn work(&self, api: &Api, mut random: Random) {
        loop {
            let lost = self.unanswered.lock().pop();
            let wanted = lost.unwrap_or_else(|| self.wish(&mut random));
            if !self.create(api, wanted, &mut random).await {
                return;
            }
            if !self.people.send_one(api).await {
                return;
            }
            if random.one_in(5) && !self.interfere(api, &mut random).await {
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
                definition: Some(workflow),
                signals,
            };
        }
        let name = *random.pick(&NAMES);
        let items: Vec<u64> = (0..random.below(6)).collect();
        let rank = i64::try_from(random.below(201)).unwrap() - 100;
        Wanted {
            key,
            path: format!("/api/v1/workflows/{name}/runs"),
            body: json!({ "input": { "items": items, "rank": rank } }),
            definition: None,
            signals: if name == "human" {
                vec!["go".to_owned()]
            } else {
                Vec::new()
            },
        }
    }

    pub(crate) async fn create(&self, api: &Api, wanted: Wanted, random: &mut Random) -> bool {
        match api.post(&wanted.path, Some(&wanted.key), &wanted.body).await {
            Some((200 | 202, run)) => {
                let id = run["id"].as_str().unwrap().to_owned();
                if let Some(definition) = wanted.definition {
                    self.inline.lock().insert(id.clone(), definition);
                }
                let before = self.promised.lock().insert(wanted.key.clone(), id.clone());
                assert!(before.is_none_or(|before| before == id), "one key, two runs");
                let signals = wanted.signals.into_iter().map(|name| Signal {
                    run: id.clone(),
                    name,
                    payload: random.below(1000),
                    first: None,
                });
                self.people.owe(signals);
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

    /// Somebody cancels, pauses, goes on with, retries or forks some run, or decides something.
    async fn interfere(&self, api: &Api, random: &mut Random) -> bool {
        let what = random.below(9);
        if what < 2 {
            return self.people.decide(api, random).await;
        }
        if what < 5 {
            return self.fork(api, random).await;
        }
        self.people.control(api, random).await
    }

    /// A run that has ended is done again from some step on; the new one may be done again itself.
    async fn fork(&self, api: &Api, random: &mut Random) -> bool {
        let some = {
            let inline = self.inline.lock();
            let place = random.below(inline.len().max(1) as u64) as usize;
            let some = inline.iter().nth(place);
            some.map(|(run, definition)| (run.clone(), definition.clone()))
        };
        let Some((run, definition)) = some else { return true };
        let Some(view) = api.try_run(&run).await else {
            return false;
        };
        if !crate::drain::has_ended(&view) {
            return true;
        }
        let steps: Vec<&str> = definition["steps"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|step| step["id"].as_str())
            .collect();
        let of_kind = |step: &&Value| step["kind"] == "wait_signal";
        let signals = definition["steps"].as_array().unwrap().iter().filter(of_kind);
        let signals = signals.map(|step| step["with"]["name"].as_str().unwrap().to_owned());
        let wanted = Wanted {
            key: format!("fork-{:016x}", random.next()),
            path: format!("/api/v1/runs/{run}/fork"),
            body: json!({ "from_step": random.pick(&steps) }),
            signals: signals.collect(),
            definition: Some(definition.clone()),
        };
        self.create(api, wanted, random).await
    }

    /// Sends what is still owed, requests and signals whose answers were lost, and forks what has ended by now.
    pub(crate) async fn settle_debts(&self, api: &Api, random: &mut Random) {
        let lost: Vec<Wanted> = std::mem::take(&mut *self.unanswered.lock());
        for wanted in lost {
            assert!(self.create(api, wanted, random).await);
        }
        for _ in 0..LAST_FORKS {
            assert!(self.fork(api, random).await);
        }
        while self.people.owes() {
            assert!(self.people.send_one(api).await);
        }
    }
}
