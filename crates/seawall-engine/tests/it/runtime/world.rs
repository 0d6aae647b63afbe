//! A store that survives engines, a clock that follows tokio's paused one, and counted, breakable calls.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use seawall_engine::store::{
    Fault, FaultPoint, MemoryOptions, MemoryStore, RunId, Seq, StoreClock, StoreOp, Timestamp,
};
use seawall_engine::{
    Clock, CreateRun, Engine, EngineConfig, EngineParts, Executor, JournalItem, NoSecrets, Observer, OsEntropy,
    Principal, Registry, RunDocument, RunStarted, RunView, Verdict, WorkflowSource, replay,
};
use serde_json::{Value, json};
use tokio::time::Instant;

/// Wall and boot time from tokio's clock, so that a paused runtime moves both.
#[derive(Clone)]
pub(crate) struct TestClock {
    start: Instant,
    /// By how many milliseconds the wall clock is wrong.
    ahead: Arc<AtomicI64>,
    /// For how many milliseconds the machine slept: no timer of this process went on meanwhile.
    slept: Arc<AtomicI64>,
}

impl TestClock {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            ahead: Arc::default(),
            slept: Arc::default(),
        }
    }

    /// Sets the wall clock, so many seconds ahead of the right time.
    pub(crate) fn set_ahead(&self, seconds: i64) {
        self.ahead.store(seconds * 1000, Ordering::SeqCst);
    }

    /// The machine sleeps and wakes up.
    pub(crate) fn suspend(&self, seconds: i64) {
        self.slept.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    fn slept(&self) -> i64 {
        self.slept.load(Ordering::SeqCst)
    }
}

impl StoreClock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + self.ahead.load(Ordering::SeqCst) + self.slept())
            .saturating_add(self.start.elapsed())
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        StoreClock::now(self)
    }

    fn boot(&self) -> Duration {
        self.start.elapsed() + Duration::from_millis(self.slept().unsigned_abs())
    }
}

type Rule = Box<dyn FnMut(&FaultPoint) -> Option<Fault> + Send>;

/// How many calls of each kind there were, and which fail.
#[derive(Default)]
pub(crate) struct Calls {
    counts: Mutex<HashMap<StoreOp, usize>>,
    rule: Mutex<Option<Rule>>,
}

impl Calls {
    pub(crate) fn of(&self, op: StoreOp) -> usize {
        self.counts.lock().get(&op).copied().unwrap_or(0)
    }

    /// From now on this decides which calls fail.
    pub(crate) fn fail(&self, rule: impl FnMut(&FaultPoint) -> Option<Fault> + Send + 'static) {
        *self.rule.lock() = Some(Box::new(rule));
    }

    /// The next `times` calls of `op` fail.
    pub(crate) fn fail_next(&self, op: StoreOp, fault: Fault, times: usize) {
        let mut left = times;
        self.fail(move |point| {
            let hit = point.op == op && left > 0;
            left -= usize::from(hit);
            hit.then_some(fault)
        });
    }

    pub(crate) fn heal(&self) {
        *self.rule.lock() = None;
    }
}

pub(crate) struct World {
    pub(crate) clock: TestClock,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) calls: Arc<Calls>,
    pub(crate) config: EngineConfig,
    pub(crate) me: Principal,
    /// Of the last process.
    registry: Mutex<Option<Registry>>,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = TestClock::new();
        let calls = Arc::new(Calls::default());
        let hook = Arc::clone(&calls);
        let options = MemoryOptions {
            exclusive: true,
            faults: Some(Arc::new(move |point: &FaultPoint| {
                *hook.counts.lock().entry(point.op).or_default() += 1;
                hook.rule.lock().as_mut().and_then(|rule| rule(point))
            })),
        };
        Self {
            store: Arc::new(MemoryStore::with_options(Arc::new(clock.clone()), options)),
            clock,
            calls,
            config: EngineConfig::default(),
            me: Principal::local(),
            registry: Mutex::new(None),
        }
    }

    /// A process: an engine on this store.
    pub(crate) async fn engine<E: Executor>(&self, executor: &Arc<E>) -> Engine {
        let executor: Arc<dyn Executor> = Arc::clone(executor) as Arc<dyn Executor>;
        self.engine_with(vec![executor]).await
    }

    /// A process that knows these kinds of steps.
    pub(crate) async fn engine_with(&self, executors: Vec<Arc<dyn Executor>>) -> Engine {
        let started = Engine::start(self.parts(executors), self.config.clone()).await;
        started.expect("the engine starts")
    }

    /// A process that is observed.
    pub(crate) async fn engine_observed<E: Executor>(&self, executor: &Arc<E>, observer: Arc<dyn Observer>) -> Engine {
        let executor: Arc<dyn Executor> = Arc::clone(executor) as Arc<dyn Executor>;
        let started = Engine::start_observed(self.parts(vec![executor]), self.config.clone(), observer).await;
        started.expect("the engine starts")
    }

    fn parts(&self, executors: Vec<Arc<dyn Executor>>) -> EngineParts {
        EngineParts {
            store: Arc::clone(&self.store) as Arc<dyn seawall_engine::store::Store>,
            clock: Arc::new(self.clock.clone()),
            entropy: Arc::new(OsEntropy),
            registry: {
                let registry = Registry::new(executors);
                *self.registry.lock() = Some(registry.clone());
                registry
            },
            secrets: Arc::new(NoSecrets),
        }
    }

    /// Kills the process: its tasks end where they are.
    pub(crate) async fn crash(&self, engine: Engine) {
        drop(engine);
        self.settle().await;
        self.verify().await;
    }

    /// Whatever the last process left follows from its journals, and nothing is stranded.
    pub(crate) async fn verify(&self) {
        let registry = self.registry.lock().clone().expect("a process was there");
        let now = StoreClock::now(&self.clock);
        // A store that is made to fail may not answer.
        if let Ok(report) = seawall_engine::verify(&*self.store, &registry, now, false).await {
            assert!(report.is_clean(), "{:#?}", report.findings);
        }
    }

    /// Lets everything run that needs no time.
    pub(crate) async fn settle(&self) {
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn start(&self, engine: &Engine, definition: Value) -> RunId {
        self.try_start(engine, definition, json!(null))
            .await
            .expect("the run is created")
            .run
    }

    pub(crate) async fn try_start(
        &self,
        engine: &Engine,
        definition: Value,
        input: Value,
    ) -> Result<RunStarted, seawall_engine::EngineError> {
        let request = CreateRun {
            workflow: WorkflowSource::Inline(definition),
            input,
            priority: None,
            idempotency: None,
        };
        engine.create_run(&self.me, request).await
    }

    /// Waits until the run has settled (or a long time) and shows it.
    pub(crate) async fn wait(&self, engine: &Engine, run: RunId) -> RunView {
        let view = engine.wait(&self.me, run, Duration::from_secs(600)).await;
        self.replays(engine, run).await;
        view.expect("the run can be read")
    }

    /// Starts a run and waits for it.
    pub(crate) async fn run(&self, engine: &Engine, definition: Value) -> RunView {
        let run = self.start(engine, definition).await;
        self.wait(engine, run).await
    }

    /// Whatever this run went through, its journal replays to itself.
    pub(crate) async fn replays(&self, engine: &Engine, run: RunId) {
        let export = engine.export(&self.me, run).await.expect("the run can be exported");
        let document = RunDocument::read(&export.bytes).expect("what was exported can be read");
        let verdict = replay(&document, engine.registry()).expect("the document fits");
        assert_eq!(verdict, Verdict::Identical, "{:#?}", document.events());
    }

    /// The kinds of all events, without holes in their places.
    pub(crate) async fn events(&self, engine: &Engine, run: RunId) -> Vec<&'static str> {
        let (mut items, mut more) = (Vec::<JournalItem>::new(), true);
        while more {
            let after = items.last().map_or(Seq(0), |item| item.seq);
            let part = engine.journal(&self.me, run, after, 100_000).await;
            let part = part.expect("the journal can be read");
            items.extend(part.items);
            more = part.more;
        }
        for (place, item) in (1..).zip(&items) {
            assert_eq!(item.seq.0, place, "the journal has a hole");
        }
        self.replays(engine, run).await;
        items.iter().map(|item| item.kind).collect()
    }

    /// How many runs are in some engine's memory.
    pub(crate) fn in_memory(&self) -> usize {
        use seawall_engine::store::LeaseStore as _;
        self.store.watchers().watched()
    }
}

/// A definition with these steps.
pub(crate) fn flow(steps: Value) -> Value {
    json!({ "name": "flow", "steps": steps })
}

/// `count` steps of the kind `transform`, one after another.
pub(crate) fn chain(count: usize, effect: &str) -> Value {
    let step = |index: usize| {
        let needs: Vec<String> = index
            .checked_sub(1)
            .map(|before| format!("s{before}"))
            .into_iter()
            .collect();
        json!({ "id": format!("s{index}"), "kind": "transform", "with": { "value": index }, "effect": effect, "needs": needs })
    };
    let mut flow = flow((0..count).map(step).collect());
    flow["output"] = json!(format!("{{{{ steps.s{}.output }}}}", count - 1));
    flow
}

/// One step of the kind `probe`.
pub(crate) fn probe(id: &str, effect: &str, needs: &[&str]) -> Value {
    json!({ "id": id, "kind": "probe", "with": { "value": id }, "effect": effect, "needs": needs })
}
