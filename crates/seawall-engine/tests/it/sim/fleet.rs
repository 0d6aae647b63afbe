//! The processes of a story: they start, are killed, and shut down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use seawall_engine::{Engine, EngineConfig, EngineParts, Entropy, Executor, NoSecrets, Registry};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::runtime::world::TestClock;
use crate::sim::effects::{Effects, Hands};
use crate::sim::entropy::SimEntropy;
use crate::sim::rng::Rng;
use crate::sim::store::{Database, Link};
use crate::sim::trace::Trace;

/// One life of one process. Clones share it.
#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) life: u32,
    shared: Arc<Shared>,
}

struct Shared {
    link: Link,
    trace: Trace,
    /// None before it has started and after its end.
    engine: Mutex<Option<Engine>>,
    /// It was killed, or has shut down.
    gone: CancellationToken,
    /// It is shutting down.
    leaving: CancellationToken,
}

impl Process {
    /// The end, at once: whatever it does stops where it is.
    pub(crate) fn kill(&self) {
        if self.shared.gone.is_cancelled() {
            return;
        }
        self.shared.trace.line(format_args!("{} KILLED", self.life));
        self.shared.trace.count("killed");
        self.end();
    }

    /// Its calls do not get through for a while; it knows nothing of that.
    pub(crate) fn part(&self, time: Duration) {
        self.shared.trace.line(format_args!("{} APART for {time:?}", self.life));
        self.shared.link.part(time);
    }

    fn end(&self) {
        self.shared.link.cut();
        self.shared.gone.cancel();
        let engine = self.shared.engine.lock().take();
        drop(engine);
    }

    /// Its engine, unless it has not started yet or has ended.
    pub(crate) fn engine(&self) -> Option<Engine> {
        self.shared.engine.lock().clone()
    }

    /// What a client gets from it. None: the process ended before it answered.
    pub(crate) async fn ask<T>(&self, question: impl AsyncFnOnce(Engine) -> T) -> Option<T> {
        let engine = self.engine()?;
        self.shared.gone.run_until_cancelled(question(engine)).await
    }

    fn is_up(&self) -> bool {
        self.shared.engine.lock().is_some() && !self.shared.leaving.is_cancelled()
    }
}

struct Inner {
    rng: Rng,
    lives: u32,
    places: Vec<Option<Process>>,
}

pub(crate) struct Fleet {
    database: Arc<Database>,
    clock: TestClock,
    effects: Arc<Effects>,
    trace: Trace,
    config: EngineConfig,
    tasks: TaskTracker,
    /// No process that starts from now on forgets anything.
    keeps: AtomicBool,
    inner: Mutex<Inner>,
}

impl Fleet {
    pub(crate) fn new(
        database: &Arc<Database>,
        clock: &TestClock,
        effects: &Arc<Effects>,
        (config, places): (EngineConfig, usize),
        rng: Rng,
    ) -> Self {
        Self {
            database: Arc::clone(database),
            clock: clock.clone(),
            effects: Arc::clone(effects),
            trace: database.trace().clone(),
            config,
            tasks: TaskTracker::new(),
            keeps: AtomicBool::new(false),
            inner: Mutex::new(Inner {
                rng,
                lives: 0,
                places: (0..places).map(|_| None).collect(),
            }),
        }
    }

    /// Starts a process in every place that has none. It comes up in its own time.
    pub(crate) fn start_all(&self) {
        for place in 0..self.places() {
            self.start(place);
        }
    }

    pub(crate) fn places(&self) -> usize {
        self.inner.lock().places.len()
    }

    pub(crate) fn start(&self, place: usize) {
        let inner = &mut *self.inner.lock();
        let taken = inner.places[place]
            .as_ref()
            .is_some_and(|process| !process.shared.gone.is_cancelled());
        if taken {
            return;
        }
        inner.lives += 1;
        let life = inner.lives;
        let link = Link::new(&self.database, life);
        let process = Process {
            life,
            shared: Arc::new(Shared {
                link: link.clone(),
                trace: self.trace.clone(),
                engine: Mutex::new(None),
                gone: CancellationToken::new(),
                leaving: CancellationToken::new(),
            }),
        };
        inner.places[place] = Some(process.clone());
        self.trace.line(format_args!("{life} STARTED"));
        let entropy = Arc::new(SimEntropy::new(inner.rng.fork(), self.clock.clone()));
        let hands: Arc<dyn Executor> = Arc::new(Hands::new(&self.effects, process.clone()));
        let (clock, mut config) = (self.clock.clone(), self.config.clone());
        if self.keeps.load(Ordering::SeqCst) {
            config.retention = None;
        }
        let parts = move || EngineParts {
            store: Arc::new(link.clone()),
            clock: Arc::new(clock.clone()),
            entropy: Arc::clone(&entropy) as Arc<dyn Entropy>,
            registry: Registry::new(vec![Arc::clone(&hands)]),
            secrets: Arc::new(NoSecrets),
        };
        self.tasks.spawn(async move {
            let gone = process.shared.gone.clone();
            let started = gone.run_until_cancelled(start(parts, config)).await;
            if let Some(engine) = started
                && !gone.is_cancelled()
            {
                *process.shared.engine.lock() = Some(engine);
            }
        });
    }

    /// What has ended stays, so that it can be read.
    pub(crate) fn keep_everything(&self) {
        self.keeps.store(true, Ordering::SeqCst);
    }

    pub(crate) fn process(&self, place: usize) -> Option<Process> {
        self.inner.lock().places[place].clone()
    }

    /// A process that takes requests.
    pub(crate) fn any_up(&self, rng: &mut Rng) -> Option<Process> {
        let inner = self.inner.lock();
        let up: Vec<&Process> = inner
            .places
            .iter()
            .flatten()
            .filter(|process| process.is_up())
            .collect();
        (!up.is_empty()).then(|| (*rng.pick(&up)).clone())
    }

    /// Asks a process to end; it is gone when it has.
    pub(crate) fn shut_down(&self, place: usize, deadline: Duration) {
        let Some(process) = self.process(place) else { return };
        if !process.is_up() {
            return;
        }
        self.trace
            .line(format_args!("{} LEAVES within {deadline:?}", process.life));
        process.shared.leaving.cancel();
        self.tasks.spawn(async move {
            let link = process.shared.link.clone();
            let asked = process.ask(async move |engine: Engine| {
                link.drain();
                engine.shutdown(deadline).await;
            });
            asked.await;
            if !process.shared.gone.is_cancelled() {
                process.shared.trace.line(format_args!("{} GONE", process.life));
                process.shared.trace.count("gone");
                process.end();
            }
        });
    }

    /// The processes that have not ended.
    pub(crate) fn living(&self) -> Vec<u32> {
        let inner = self.inner.lock();
        let processes = inner.places.iter().flatten();
        let living = processes.filter(|process| !process.shared.gone.is_cancelled());
        living.map(|process| process.life).collect()
    }
}

/// A process whose store does not answer is started again and again.
async fn start(parts: impl Fn() -> EngineParts, config: EngineConfig) -> Engine {
    loop {
        if let Ok(engine) = Engine::start(parts(), config.clone()).await {
            return engine;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
