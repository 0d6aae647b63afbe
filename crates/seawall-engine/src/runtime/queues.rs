//! Which queues take no further task: backpressure towards the runs that would offer more than workers take away.
//!
//! Counts are kept here from what this process offers, so that a decision needs no read. They only grow, and are corrected
//! from the store: when a queue is first met, and from half of the bound on, at most once a second and only while
//! something is decided.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use seawall_store::{QueueName, QueueRecord, QueueRoom, Store, TaskOffered, TenantId};
use tokio::time::Instant;

use crate::runtime::config::EngineConfig;
use crate::runtime::spawn::Spawner;

/// A count is not corrected more often.
const FRESH: Duration = Duration::from_secs(1);
/// Queues whose count is kept. Names come from templates: beyond, all counts begin anew.
const MAX_KNOWN: usize = 10_000;

type Key = (TenantId, QueueName);

#[derive(Default)]
struct Count {
    tasks: u64,
    bytes: u64,
    full: bool,
    /// The last correction was begun then.
    corrected: Option<Instant>,
}

pub(crate) struct Queues {
    store: Arc<dyn Store>,
    spawner: Spawner,
    max_tasks: u64,
    max_bytes: u64,
    /// In an order that no hash decides: corrections are asked for in it.
    counts: Mutex<BTreeMap<Key, Count>>,
    /// Some queue is full: usually none is, and then nothing has to be looked at.
    any_full: AtomicBool,
}

impl Queues {
    pub(crate) fn new(store: Arc<dyn Store>, spawner: Spawner, config: &EngineConfig) -> Self {
        Self {
            store,
            spawner,
            max_tasks: config.max_queue_tasks,
            max_bytes: config.max_queue_bytes,
            counts: Mutex::default(),
            any_full: AtomicBool::new(false),
        }
    }

    /// The full queues of a tenant.
    pub(crate) fn full(self: &Arc<Self>, tenant: &TenantId) -> BTreeSet<QueueName> {
        if !self.any_full.load(Ordering::Acquire) {
            return BTreeSet::new();
        }
        let (mut full, mut stale) = (BTreeSet::new(), Vec::new());
        for (key, count) in self.counts.lock().iter_mut() {
            if key.0 == *tenant && count.full {
                full.insert(key.1.clone());
                if count.is_stale() {
                    stale.push(key.clone());
                }
            }
        }
        for key in stale {
            self.correct(key);
        }
        full
    }

    /// Counts tasks that are being offered.
    pub(crate) fn offered(self: &Arc<Self>, tenant: &TenantId, tasks: &[TaskOffered]) {
        for task in tasks {
            let key = (tenant.clone(), task.queue.clone());
            let stale = {
                let mut counts = self.counts.lock();
                if counts.len() >= MAX_KNOWN && !counts.contains_key(&key) {
                    counts.clear();
                }
                let count = counts.entry(key.clone()).or_default();
                count.tasks += 1;
                count.bytes += task.payload.len() as u64;
                self.judge(count);
                let half = count.tasks >= self.max_tasks / 2 || count.bytes >= self.max_bytes / 2;
                (half || count.corrected.is_none()) && count.is_stale()
            };
            if stale {
                self.correct(key);
            }
        }
    }

    fn judge(&self, count: &mut Count) {
        count.full = count.tasks >= self.max_tasks || count.bytes >= self.max_bytes;
        if count.full {
            self.any_full.store(true, Ordering::Release);
        }
    }

    /// Reads what the store has counted. What is offered meanwhile may be counted twice, until the next correction.
    fn correct(self: &Arc<Self>, key: Key) {
        let queues = Arc::clone(self);
        let reading = async move {
            let (tenant, queue) = &key;
            match queues.store.queue_room(tenant, queue).await {
                Ok(room) => queues.corrected(&key, room),
                Err(error) => {
                    tracing::debug!(queue = %queue, error = &error as &dyn std::error::Error, "a queue cannot be counted now");
                }
            }
        };
        drop(self.spawner.spawn(reading));
    }

    fn corrected(&self, key: &Key, room: QueueRoom) {
        let tasks = QueueRecord::MAX_OFFERED.saturating_sub(room.tasks);
        let bytes = QueueRecord::MAX_OFFERED_BYTES.saturating_sub(room.bytes);
        let mut counts = self.counts.lock();
        if let Some(count) = counts.get_mut(key) {
            (count.tasks, count.bytes) = (tasks, bytes);
            self.judge(count);
        }
        let any = counts.values().any(|count| count.full);
        self.any_full.store(any, Ordering::Release);
    }
}

impl Count {
    /// Whether it is time for a correction; if so, one is begun with this.
    fn is_stale(&mut self) -> bool {
        let now = Instant::now();
        let stale = self.corrected.is_none_or(|at| now.duration_since(at) >= FRESH);
        if stale {
            self.corrected = Some(now);
        }
        stale
    }
}
