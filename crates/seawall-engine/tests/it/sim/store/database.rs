//! What outlives every node: the rows, and the weather.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::FutureExt as _;
use parking_lot::Mutex;
use seawall_engine::store::{
    MemoryOptions, MemoryStore, NodeId, RunId, RunRecord, RunStore as _, Seq, StoreOp, TenantId,
};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::runtime::world::TestClock;
use crate::sim::rng::Rng;
use crate::sim::store::faults::{Fate, Weather};
use crate::sim::trace::Trace;
use crate::sim::witness::Witness;

struct Sky {
    rng: Rng,
    weather: Weather,
    /// How often the server has begun anew: what was under way before is lost.
    server: u32,
    down_until: Instant,
    registered: Vec<(NodeId, u32)>,
}

/// A store that all nodes share.
pub(crate) struct Database {
    pub(super) rows: MemoryStore,
    pub(super) trace: Trace,
    pub(crate) witness: Arc<Witness>,
    /// One process at a time, as with the embedded store.
    pub(crate) exclusive: bool,
    /// Calls go on when the caller has gone.
    pub(super) calls: TaskTracker,
    sky: Mutex<Sky>,
}

impl Database {
    pub(crate) fn new(exclusive: bool, clock: &TestClock, rng: Rng, trace: &Trace) -> Arc<Self> {
        let options = MemoryOptions {
            exclusive,
            faults: None,
        };
        Arc::new(Self {
            rows: MemoryStore::with_options(Arc::new(clock.clone()), options),
            trace: trace.clone(),
            witness: Arc::new(Witness::new(clock, trace)),
            exclusive,
            calls: TaskTracker::new(),
            sky: Mutex::new(Sky {
                rng,
                weather: Weather::CALM,
                server: 0,
                down_until: Instant::now(),
                registered: Vec::new(),
            }),
        })
    }

    pub(crate) fn set_weather(&self, weather: Weather) {
        self.sky.lock().weather = weather;
    }

    /// The server ends, and comes back after a while. What is durable stays; every call under way fails.
    pub(crate) fn restart(&self, away: Duration) {
        let mut sky = self.sky.lock();
        sky.server += 1;
        sky.down_until = Instant::now() + away;
    }

    pub(super) fn fate(&self, op: StoreOp) -> Fate {
        let sky = &mut *self.sky.lock();
        Fate::of(op, sky.weather, &mut sky.rng)
    }

    pub(super) fn server(&self) -> u32 {
        self.sky.lock().server
    }

    pub(super) fn is_down(&self) -> bool {
        Instant::now() < self.sky.lock().down_until
    }

    pub(super) fn registered(&self, node: NodeId, life: u32) {
        self.sky.lock().registered.push((node, life));
    }

    /// Which life of which process this identity belongs to.
    pub(crate) fn life_of(&self, node: NodeId) -> Option<u32> {
        let sky = self.sky.lock();
        let found = sky.registered.iter().find(|(known, _)| *known == node);
        found.map(|(_, life)| *life)
    }

    /// The run's row as it is, seen from above: no delay, no fault.
    pub(crate) fn record(&self, run: RunId) -> Option<RunRecord> {
        let tenant = TenantId::default();
        let found = self.rows.run(&tenant, run).now_or_never();
        found.expect("it answers at once").expect("reading works")
    }

    /// The last durable place of the run's journal.
    pub(crate) fn durable(&self, run: RunId) -> Seq {
        self.record(run).map_or(Seq(0), |record| record.last_seq)
    }

    pub(crate) const fn trace(&self) -> &Trace {
        &self.trace
    }

    pub(crate) const fn rows(&self) -> &MemoryStore {
        &self.rows
    }
}
