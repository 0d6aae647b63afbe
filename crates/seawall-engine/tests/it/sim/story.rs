//! One seed: clients and processes in bad weather, then calm, then the judgement.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::FutureExt as _;
use seawall_engine::store::{Page, RunFilter, RunRecord, RunStatus, RunStore as _, TenantId};
use seawall_engine::{Engine, EngineConfig, Principal};
use serde_json::json;
use tokio::task::JoinSet;

use crate::runtime::world::TestClock;
use crate::sim::book::Book;
use crate::sim::clients::{Act, Clients};
use crate::sim::effects::Effects;
use crate::sim::fleet::Fleet;
use crate::sim::oracle::{Findings, judge, read};
use crate::sim::programs::{CHILD, poison, program};
use crate::sim::rng::Rng;
use crate::sim::store::{Database, Weather};
use crate::sim::trace::Trace;

/// How a story ended.
pub(crate) struct End {
    pub(crate) digest: (u64, u64),
    pub(crate) findings: Vec<String>,
    /// How often things happened that are worth to have happened.
    pub(crate) tally: BTreeMap<String, u64>,
}

struct Story {
    rng: Rng,
    clock: TestClock,
    /// How far the wall clock has been ahead at most, in seconds.
    ahead: i64,
    trace: Trace,
    database: Arc<Database>,
    effects: Arc<Effects>,
    fleet: Arc<Fleet>,
    book: Arc<Book>,
    me: Principal,
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
        let clients = self.set_up().await;
        let mut living = JoinSet::new();
        for _ in 0..1 + self.rng.below(4) {
            let (clients, rng) = (Arc::clone(&clients), self.rng.fork());
            let acts = self.rng.below(12);
            living.spawn(async move { clients.live(rng, acts).await });
        }
        let troubles = 3 + self.rng.below(14);
        for _ in 0..troubles {
            let pause = self.rng.millis(50, 12_000);
            tokio::time::sleep(pause).await;
            self.trouble();
        }
        self.calm_down();
        while let Some(lived) = living.join_next().await {
            lived.expect("a client does not panic");
        }
        self.settle(&clients).await;
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
            exclusive,
            ..EngineConfig::default()
        };
        let places = if exclusive { 1 } else { 1 + rng.below(3) };
        let places = usize::try_from(places).expect("there are few");
        let fleet = Fleet::new(&database, &clock, &effects, (config, places), rng.fork());
        Self {
            rng,
            clock,
            ahead: 0,
            trace,
            database,
            effects,
            fleet: Arc::new(fleet),
            book: Arc::default(),
            me: Principal::local(),
        }
    }

    /// Everybody is up, and the workflows are registered.
    async fn set_up(&mut self) -> Arc<Clients> {
        self.fleet.start_all();
        let engine = self.engine().await;
        let mut programs: Vec<_> = (0..2).map(|_| program(&mut self.rng, "inline", true)).collect();
        if self.rng.permille(150) {
            programs.push(poison(&mut self.rng));
        }
        let child = program(&mut self.rng, CHILD, false);
        let registered = program(&mut self.rng, "registered", true);
        for definition in [child, registered] {
            let created = engine.create_workflow(&self.me, &definition).await;
            created.expect("what the generator makes is valid");
        }
        let weather = Weather::any(&mut self.rng);
        self.database.set_weather(weather);
        Arc::new(Clients {
            fleet: Arc::clone(&self.fleet),
            book: Arc::clone(&self.book),
            programs,
            trace: self.trace.clone(),
            me: self.me.clone(),
        })
    }

    /// A process's engine, as soon as there is one.
    async fn engine(&mut self) -> Engine {
        loop {
            if let Some(engine) = self.fleet.any_up(&mut self.rng).and_then(|process| process.engine()) {
                return engine;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            // One that was leaving may be gone by now.
            self.fleet.start_all();
        }
    }

    /// One thing goes wrong.
    fn trouble(&mut self) {
        let rng = &mut self.rng;
        let place = usize::try_from(rng.below(self.fleet.places() as u64)).expect("there are few");
        match rng.weighted(&[26, 40, 12, 12, 10, 15, 16]) {
            0 => {
                if let Some(process) = self.fleet.process(place) {
                    process.kill();
                }
            }
            1 => self.fleet.start(place),
            2 => {
                let deadline = rng.millis(0, 20_000);
                self.fleet.shut_down(place, deadline);
            }
            3 => {
                let away = *rng.pick(&[0, 1, 200, 3000, 14_000]);
                self.trace
                    .line(format_args!("- RESTART of the store, away for {away} ms"));
                self.database.restart(Duration::from_millis(away));
            }
            4 => {
                let step = *rng.pick(&[-3600, -30, -1, 0, 1, 8, 30, 3600]);
                self.ahead = self.ahead.max(step);
                self.trace.line(format_args!("- CLOCK {step} s ahead"));
                self.clock.set_ahead(step);
            }
            5 => {
                if let Some(process) = self.fleet.process(place) {
                    process.part(rng.millis(500, 25_000));
                }
            }
            _ => {
                let weather = Weather::any(rng);
                self.trace.line(format_args!("- {weather:?}"));
                self.database.set_weather(weather);
            }
        }
    }

    fn calm_down(&mut self) {
        self.trace.line(format_args!("- CALM"));
        self.database.set_weather(Weather::CALM);
        self.effects.calm_down();
        // Timers may have been set by a clock that was ahead: they are not waited for, time goes there.
        self.clock.set_ahead(self.ahead);
        self.fleet.start_all();
    }

    fn records(&self) -> Vec<RunRecord> {
        let (tenant, mut page, mut all) = (TenantId::default(), Page::first(Page::MAX), Vec::new());
        loop {
            let listed = self.database.rows().list_runs(&tenant, RunFilter::default(), page);
            let listed = listed
                .now_or_never()
                .expect("it answers at once")
                .expect("reading works");
            all.extend(listed.items);
            match listed.next {
                Some(cursor) => page.cursor = Some(cursor),
                None => break,
            }
        }
        all.reverse();
        all
    }

    /// Does for each run what it waits for, until all have ended or time is up.
    async fn settle(&mut self, clients: &Clients) {
        const ROUNDS: usize = 300;
        for _ in 0..ROUNDS {
            tokio::time::sleep(Duration::from_secs(5)).await;
            // A process that was asked to leave makes way for its successor.
            self.fleet.start_all();
            let open: Vec<RunRecord> = self
                .records()
                .into_iter()
                .filter(|record| !record.projection.status.is_terminal())
                .collect();
            if open.is_empty() {
                return;
            }
            let engine = self.engine().await;
            for record in open {
                self.help(clients, &engine, &record).await;
            }
        }
    }

    async fn help(&mut self, clients: &Clients, engine: &Engine, record: &RunRecord) {
        let run = record.id;
        let acts: &[Act] = match record.projection.status {
            RunStatus::Paused => &[Act::Resume],
            RunStatus::Blocked => &[Act::Resolve, Act::Resume],
            _ => &[Act::Resolve, Act::Decide],
        };
        for act in acts {
            let done = clients.act(engine, *act, run, self.rng.fork()).await;
            if let Err(error) = done {
                clients.judge(&format!("{act:?} {run}"), &error);
            }
        }
        for name in crate::sim::programs::SIGNALS {
            let reasons = engine.why(&self.me, run).await.unwrap_or_default();
            if reasons.iter().any(|reason| reason.kind == "signal") {
                let sent = engine.signal(&self.me, run, name, None, json!(1)).await;
                if let Err(error) = sent {
                    clients.judge(&format!("signal {run}"), &error);
                }
            }
        }
    }

    async fn judge(mut self) -> End {
        let (mut found, mut runs) = (Findings::default(), Vec::new());
        let engine = self.engine().await;
        let living = self.fleet.living();
        for record in self.records() {
            let holder = record.holder.map(|node| self.database.life_of(node));
            if let Some(life) = holder
                && !life.is_some_and(|life| living.contains(&life))
            {
                found.0.push(format!("{} is held by a dead node", record.id));
            }
        }
        drop(engine);
        while !self.fleet.living().is_empty() {
            for place in 0..self.fleet.places() {
                self.fleet.shut_down(place, Duration::from_secs(5));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // A last process only to read with.
        let records = self.records();
        self.fleet.start(0);
        let engine = self.engine().await;
        for record in records {
            runs.push(read(&engine, &self.me, record, &mut found).await);
        }
        let effects = self.effects.log();
        judge(&runs, &effects, &self.book.page(), &mut found);
        if let Some(process) = self.fleet.process(0) {
            process.kill();
        }
        found.0.extend(self.trace.violations());
        for item in runs.iter().flat_map(|ended| &ended.journal) {
            self.trace.count(item.kind);
        }
        End {
            digest: self.trace.digest(),
            findings: found.0,
            tally: self.trace.tally(),
        }
    }
}
