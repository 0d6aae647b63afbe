//! A scene of a named case: processes over one store in calm weather, until the case says otherwise.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::FutureExt as _;
use seawall_engine::store::{Page, RunFilter, RunId, RunRecord, RunStatus, RunStore as _, TenantId};
use seawall_engine::{CreateRun, Engine, EngineConfig, IdempotentRequest, Principal, WorkflowSource};
use serde_json::{Value, json};

use crate::runtime::world::TestClock;
use crate::sim::effects::Effects;
use crate::sim::fleet::{Fleet, Process};
use crate::sim::rng::Rng;
use crate::sim::store::Database;
use crate::sim::trace::Trace;

pub(crate) struct Stage {
    pub(crate) trace: Trace,
    pub(crate) database: Arc<Database>,
    pub(crate) effects: Arc<Effects>,
    pub(crate) fleet: Fleet,
    pub(crate) me: Principal,
}

impl Stage {
    /// One process at a time over a store of its own.
    pub(crate) fn alone(config: EngineConfig) -> Self {
        Self::new(config, 1)
    }

    /// So many processes over a shared store.
    pub(crate) fn shared(places: usize) -> Self {
        let config = EngineConfig {
            exclusive: false,
            ..EngineConfig::default()
        };
        Self::new(config, places)
    }

    fn new(config: EngineConfig, places: usize) -> Self {
        let (mut rng, clock, trace) = (Rng::new(1), TestClock::new(), Trace::new(false));
        let database = Database::new(config.exclusive, &clock, rng.fork(), &trace);
        let effects = Effects::new(&database, &clock, rng.fork());
        effects.calm_down();
        let fleet = Fleet::new(&database, &clock, &effects, (config, places), rng.fork());
        Self {
            trace,
            database,
            effects,
            fleet,
            me: Principal::local(),
        }
    }

    /// Starts a process and waits until it is up.
    pub(crate) async fn start(&self, place: usize) -> Process {
        self.fleet.start(place);
        let process = self.fleet.process(place).expect("it was started");
        while process.engine().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        process
    }

    pub(crate) async fn run(&self, engine: &Engine, steps: Value) -> RunId {
        let request = CreateRun {
            priority: None,
            workflow: WorkflowSource::Inline(json!({ "name": "case", "steps": steps })),
            input: json!(null),
            idempotency: None,
        };
        let started = engine.create_run(&self.me, request).await;
        started.expect("the run is created").run
    }

    /// The same request, with a key.
    pub(crate) fn keyed(steps: Value, key: &str) -> CreateRun {
        let digest = seawall_engine::store::Digest::of(key.as_bytes());
        CreateRun {
            priority: None,
            workflow: WorkflowSource::Inline(json!({ "name": "case", "steps": steps })),
            input: json!(null),
            idempotency: Some(IdempotentRequest {
                key: digest,
                fingerprint: digest,
            }),
        }
    }

    pub(crate) fn status(&self, run: RunId) -> RunStatus {
        self.database.record(run).expect("the run exists").projection.status
    }

    pub(crate) fn records(&self) -> Vec<RunRecord> {
        let tenant = TenantId::default();
        let listed = self
            .database
            .rows()
            .list_runs(&tenant, RunFilter::default(), Page::first(Page::MAX));
        let listed = listed.now_or_never().expect("it answers at once");
        listed.expect("reading works").items
    }

    /// Which processes began this step of the run, in order.
    pub(crate) fn began(&self, run: RunId, step: &str) -> Vec<u32> {
        let log = self.effects.log();
        let own = log.iter().filter(|begun| begun.run == run && begun.activity == step);
        own.map(|begun| begun.life).collect()
    }
}

/// A step that succeeds after so many milliseconds.
pub(crate) fn step(id: &str, effect: &str, lasts: u64) -> Value {
    json!({ "id": id, "kind": "effect", "effect": effect, "with": { "lasts": lasts }, "timeout": "1h" })
}
