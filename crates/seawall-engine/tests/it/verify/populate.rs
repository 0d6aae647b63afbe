use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use seawall_engine::store::{
    ApprovalFilter, Digest, HealthStore as _, Page, RunFilter, RunId, RunStatus, Seq, StoreClock as _, SystemClock,
};
use seawall_engine::{
    CreateRun, Engine, EngineConfig, EngineParts, Executor, IdempotentRequest, NoSecrets, Outcome, Principal, Registry,
    VerifyReport, WorkflowSource, verify,
};
use seawall_store_sqlite::{SqliteInspector, SqliteOptions, SqliteStore};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::controlled;
use crate::runtime::probe::Probe;
use crate::runtime::world::{chain, flow, probe};

/// A closed file with runs that succeeded, failed, were cancelled, sleep, wait for a signal, a decision or a child, or are
/// blocked; that have slots or wait for them, wait for workers; and with schedules.
pub(crate) struct Populated {
    folder: TempDir,
    pub(crate) registry: Registry,
}

pub(crate) fn open(path: &Path) -> Arc<SqliteStore> {
    let options = SqliteOptions::new(path, Arc::new(SystemClock));
    Arc::new(SqliteStore::open(options).expect("the store opens"))
}

/// Creates a run, and waits until it is at rest in this status.
pub(super) async fn at_rest(engine: &Engine, definition: Value, status: RunStatus) -> RunId {
    let request = CreateRun {
        priority: None,
        workflow: WorkflowSource::Inline(definition),
        input: json!(null),
        idempotency: None,
    };
    let run = create(engine, request).await;
    until(engine, run, status, Seq(0)).await;
    run
}

pub(super) async fn create(engine: &Engine, request: CreateRun) -> RunId {
    let created = engine.create_run(&Principal::local(), request).await;
    created.expect("the run is created").run
}

/// Waits until the run has this status, after an event that came after `after`.
pub(super) async fn until(engine: &Engine, run: RunId, status: RunStatus, after: Seq) -> Seq {
    let mut watch = engine.watch(run);
    loop {
        let view = engine.run(&Principal::local(), run).await.expect("the run can be read");
        if view.status == status && view.seq > after {
            return view.seq;
        }
        watch.progressed().await;
    }
}

impl Populated {
    pub(crate) async fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let executor: Arc<dyn Executor> = Probe::new(|attempt, _| async move {
            match attempt.activity.to_string().as_str() {
                "lost" => Outcome::Unknown(seawall_engine::StepError::new("reset", "the line went dead")),
                _ => Outcome::Succeeded(json!(attempt.number)),
            }
        });
        let populated = Self {
            registry: Registry::new(vec![executor]),
            folder,
        };
        let all = async |engine: &Engine| {
            work(engine).await;
            controlled::work(engine).await;
        };
        populated.led(&populated.path(), all).await;
        populated
    }

    /// That many more runs, which succeed.
    pub(crate) async fn more(&self, runs: usize) {
        let one = async |engine: &Engine| {
            for _ in 0..runs {
                at_rest(engine, chain(1, "read"), RunStatus::Succeeded).await;
            }
        };
        self.led(&self.path(), one).await;
    }

    /// A process on the file does this.
    pub(crate) async fn led(&self, path: &Path, work: impl AsyncFnOnce(&Engine)) {
        let store = open(path);
        let parts = EngineParts {
            entropy: Arc::new(seawall_engine::OsEntropy),
            store: Arc::clone(&store) as Arc<dyn seawall_engine::store::Store>,
            clock: Arc::new(SystemClock),
            registry: self.registry.clone(),
            secrets: Arc::new(NoSecrets),
        };
        let engine = Engine::start(parts, EngineConfig::default())
            .await
            .expect("the engine starts");
        work(&engine).await;
        engine.shutdown(Duration::from_secs(5)).await;
        drop(engine);
        store.close().await.expect("the store closes");
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("seawall.db")
    }

    /// A copy of the file.
    pub(crate) fn copy(&self, name: &str) -> PathBuf {
        let copy = self.folder.path().join(format!("{name}.db"));
        std::fs::copy(self.path(), &copy).expect("the file can be copied");
        copy
    }

    /// Looks at a file without changing it.
    pub(crate) async fn check(&self, path: &Path) -> VerifyReport {
        let inspector = SqliteInspector::open(path).expect("the file opens");
        assert!(!inspector.is_in_use());
        let report = verify(&inspector, &self.registry, SystemClock.now(), false).await;
        report.expect("the store answers")
    }

    pub(crate) async fn repair(&self, path: &Path) -> VerifyReport {
        let store = open(path);
        let report = verify(&*store, &self.registry, SystemClock.now(), true).await;
        store.close().await.expect("the store closes");
        report.expect("the store answers")
    }
}

async fn work(engine: &Engine) {
    use RunStatus::{Blocked, Cancelled, Failed, Succeeded, Waiting};
    let me = &Principal::local();
    let keyed = CreateRun {
        priority: None,
        workflow: WorkflowSource::Inline(chain(3, "pure")),
        input: json!(null),
        idempotency: Some(IdempotentRequest {
            key: Digest::of(b"key"),
            fingerprint: Digest::of(b"request"),
        }),
    };
    let keyed = create(engine, keyed).await;
    until(engine, keyed, Succeeded, Seq(0)).await;
    let two = flow(json!([probe("a", "once", &[]), probe("b", "read", &["a"])]));
    at_rest(engine, two, Succeeded).await;
    let fails = flow(json!([{ "id": "no", "kind": "fail", "with": { "message": "no" } }]));
    let failed = at_rest(engine, fails, Failed).await;
    let last = until(engine, failed, Failed, Seq(0)).await;
    engine.retry(me, failed).await.expect("a failed run is retried");
    until(engine, failed, Failed, last).await;
    let each = json!({ "kind": "probe", "effect": "read" });
    let map = json!({ "id": "m", "kind": "map", "with": { "over": "{{ [1, 2, 3] }}", "as": "n", "step": each } });
    at_rest(engine, flow(json!([map])), Succeeded).await;
    let sleep = json!([{ "id": "nap", "kind": "sleep", "with": { "for": "1h" } }]);
    at_rest(engine, flow(sleep.clone()), Waiting).await;
    let hears = flow(json!([{ "id": "hear", "kind": "wait_signal", "with": { "name": "go" } }]));
    at_rest(engine, hears.clone(), Waiting).await;
    let cancelled = at_rest(engine, hears, Waiting).await;
    engine.cancel(me, cancelled).await.expect("a live run is cancelled");
    until(engine, cancelled, Cancelled, Seq(0)).await;
    at_rest(engine, flow(json!([probe("lost", "once", &[])])), Blocked).await;
    let asks = json!([{ "id": "ask", "kind": "approval", "timeout": "1h", "with": { "message": "Shall I?" } }]);
    for _ in 0..3 {
        at_rest(engine, flow(asks.clone()), Waiting).await;
    }
    let asked = engine
        .list_approvals(me, ApprovalFilter::default(), Page::first(10))
        .await;
    let asked = asked.expect("listing works").items;
    for (approval, (approve, end)) in asked.iter().zip([(true, Succeeded), (false, Failed)]) {
        let decided = engine.decide(me, approval.id, approve, Some("because".to_owned()));
        decided.await.expect("it is pending");
        until(engine, approval.run, end, Seq(0)).await;
    }
    let quick = json!([{ "id": "a", "kind": "transform", "with": { "value": 1 } }]);
    for (name, steps, end) in [("quick", quick, Succeeded), ("slow", sleep, Waiting)] {
        let child = json!({ "name": name, "steps": steps });
        engine.create_workflow(me, &child).await.expect("the name is free");
        let parent = json!([{ "id": "call", "kind": "workflow", "with": { "workflow": name } }]);
        let parent = at_rest(engine, flow(parent), end).await;
        let child = engine
            .list_runs(me, RunFilter::default(), Page::first(1))
            .await
            .expect("listing works");
        let child = child.items[0].id;
        assert_ne!(child, parent, "the child came last");
        until(engine, child, end, Seq(0)).await;
    }
}
