//! The course of a story, and who takes part.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use seawall_engine::store::QueueRecord;
use seawall_engine::{Engine, EngineConfig, Principal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::runtime::world::TestClock;
use crate::sim::book::Book;
use crate::sim::clerk::Clerk;
use crate::sim::clients::Clients;
use crate::sim::effects::Effects;
use crate::sim::fleet::Fleet;
use crate::sim::programs::{CHILD, child, lane, poison, program};
use crate::sim::rng::Rng;
use crate::sim::store::{Database, Weather};
use crate::sim::trace::Trace;
use crate::sim::workers::Workers;

/// How a story ended.
pub(crate) struct End {
    pub(crate) digest: (u64, u64),
    pub(crate) findings: Vec<String>,
    /// How often things happened that are worth to have happened.
    pub(crate) tally: BTreeMap<String, u64>,
}

pub(super) struct Story {
    pub(super) rng: Rng,
    pub(super) clock: TestClock,
    /// How far the wall clock has been ahead at most, in seconds.
    pub(super) ahead: i64,
    pub(super) trace: Trace,
    pub(super) database: Arc<Database>,
    pub(super) effects: Arc<Effects>,
    pub(super) fleet: Arc<Fleet>,
    pub(super) workers: Arc<Workers>,
    pub(super) book: Arc<Book>,
    pub(super) me: Principal,
}

/// Of simulated time. The longest stories wait for a clock that was ahead by an hour, a few minutes at a time.
const LONGEST: Duration = Duration::from_secs(4 * 3600);

/// Tells the story of a seed.
pub(crate) async fn tell(seed: u64, print: bool) -> End {
    let story = Story::new(seed, print);
    let trace = story.trace.clone();
    let told = tokio::time::timeout(LONGEST, story.tell()).await;
    told.unwrap_or_else(|_| End {
        digest: trace.digest(),
        findings: vec!["the story does not end".to_owned()],
        tally: trace.tally(),
    })
}
impl Story {
    async fn tell(mut self) -> End {
        let (clients, clerk) = self.set_up().await;
        let (mut living, mut working) = (JoinSet::new(), JoinSet::new());
        for _ in 0..1 + self.rng.below(4) {
            let (clients, rng) = (Arc::clone(&clients), self.rng.fork());
            let acts = self.rng.below(12);
            living.spawn(async move { clients.live(rng, acts).await });
        }
        for number in 0..1 + self.rng.below(2) {
            let (workers, rng) = (Arc::clone(&self.workers), self.rng.fork());
            working.spawn(async move { workers.live(format!("w{number}"), rng).await });
        }
        let schedules = *self.rng.pick(&[0, 0, 0, 0, 0, 0, 0, 1, 1, 2]);
        let (at_work, rng) = (Arc::clone(&clerk), self.rng.fork());
        living.spawn(async move { at_work.live(rng, schedules).await });
        let troubles = 3 + self.rng.below(14);
        for _ in 0..troubles {
            let pause = self.rng.millis(50, 12_000);
            tokio::time::sleep(pause).await;
            self.trouble();
        }
        self.calm_down();
        while !living.is_empty() {
            // A process that was asked to leave makes way for its successor.
            self.fleet.start_all();
            let lived = tokio::time::timeout(Duration::from_secs(5), living.join_next()).await;
            if let Ok(Some(lived)) = lived {
                lived.expect("a client does not panic");
            }
        }
        clerk.calm_down(&mut self.rng).await;
        self.settle(&clients).await;
        self.workers.over.cancel();
        while let Some(worked) = working.join_next().await {
            worked.expect("a worker does not panic");
        }
        self.judge().await
    }

    fn new(seed: u64, print: bool) -> Self {
        let mut rng = Rng::new(seed);
        let (clock, trace) = (TestClock::new(), Trace::new(print));
        let exclusive = rng.permille(350);
        let database = Database::new(exclusive, &clock, rng.fork(), &trace);
        let effects = Effects::new(&database, &clock, rng.fork());
        let config = EngineConfig {
            max_active_runs: *rng.pick(&[1, 2, 5, 10_000, 10_000]),
            park_after: Duration::from_millis(*rng.pick(&[0, 1000, 1000, 30_000])),
            linger: Duration::from_millis(*rng.pick(&[0, 2000])),
            max_queue_tasks: *rng.pick(&[1, 4, QueueRecord::MAX_OFFERED, QueueRecord::MAX_OFFERED]),
            retention: rng.permille(150).then(|| rng.millis(5000, 90_000)),
            exclusive,
            ..EngineConfig::default()
        };
        let places = if exclusive { 1 } else { 1 + rng.below(3) };
        let places = usize::try_from(places).expect("there are few");
        let fleet = Fleet::new(&database, &clock, &effects, (config, places), rng.fork());
        let (fleet, me) = (Arc::new(fleet), Principal::local());
        let workers = Workers {
            fleet: Arc::clone(&fleet),
            trace: trace.clone(),
            clock: clock.clone(),
            me: me.clone(),
            log: Mutex::default(),
            calm: CancellationToken::new(),
            over: CancellationToken::new(),
        };
        Self {
            rng,
            clock,
            ahead: 0,
            trace,
            database,
            effects,
            fleet,
            workers: Arc::new(workers),
            book: Arc::default(),
            me,
        }
    }

    /// Everybody is up, and the workflows are registered.
    async fn set_up(&mut self) -> (Arc<Clients>, Arc<Clerk>) {
        self.fleet.start_all();
        let engine = self.engine().await;
        let rng = &mut self.rng;
        let mut programs: Vec<_> = (0..2).map(|_| program(rng, "inline", true)).collect();
        if rng.permille(150) {
            programs.push(poison(rng));
        }
        let mut registered = vec![program(rng, "registered", true)];
        let mut workflows = vec!["registered"];
        for name in ["lane", "other-lane"] {
            if rng.permille(350) {
                let (definition, rule) = lane(rng, name);
                self.database.witness.expect_lane(name, rule);
                registered.push(definition);
                workflows.push(name);
            }
        }
        let (children, rule) = child(rng);
        if let Some(rule) = rule {
            self.database.witness.expect_lane(CHILD, rule);
        }
        // Those that start child runs name it.
        registered.insert(0, children);
        for definition in registered {
            let created = engine.create_workflow(&self.me, &definition).await;
            created.expect("what the generator makes is valid");
        }
        let places = (&self.fleet, &self.database);
        let clerk = Clerk::new(places, &self.trace, workflows.clone(), &mut self.rng);
        clerk.open(&engine, &mut self.rng).await;
        let weather = Weather::any(&mut self.rng);
        self.database.set_weather(weather);
        let clients = Clients {
            fleet: Arc::clone(&self.fleet),
            book: Arc::clone(&self.book),
            programs,
            workflows,
            witness: Arc::clone(&self.database.witness),
            trace: self.trace.clone(),
            me: self.me.clone(),
        };
        (Arc::new(clients), Arc::new(clerk))
    }

    /// A process's engine, as soon as there is one.
    pub(super) async fn engine(&mut self) -> Engine {
        loop {
            if let Some(engine) = self.fleet.any_up(&mut self.rng).and_then(|process| process.engine()) {
                return engine;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            // One that was leaving may be gone by now.
            self.fleet.start_all();
        }
    }
}
