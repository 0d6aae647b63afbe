//! Which queues take no further task: backpressure towards the runs that would offer more than workers take away.
//!
//! Counts are kept here from what this process offers, so that a decision needs no read. They only grow, and are corrected
//! from the store: when a queue is first met, and from half of the bound on, at most once a second and only while
//! something is decided.
//!
//! Runs that have parked because a queue was full are remembered, as long as the process lives, and woken as workers make
//! room; each looks for it by itself as well, ever less often.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use seawall_store::{Lease, QueueName, QueueRecord, QueueRoom, RunId, Store, TaskOffered, TenantId, Timestamp};
use tokio::time::Instant;

use crate::runtime::config::EngineConfig;
use crate::runtime::spawn::Spawner;

/// A count is not corrected more often.
const FRESH: Duration = Duration::from_secs(1);
/// Queues whose count is kept. Names come from templates: beyond, all counts begin anew.
const MAX_KNOWN: usize = 10_000;

/// Parked runs that are known to wait for room. Others look for it themselves.
const MAX_PARKED: usize = 100_000;
/// Runs that are woken at once.
const MAX_WOKEN: usize = 1000;

type Key = (TenantId, QueueName);

#[derive(Default)]
struct Count {
    tasks: u64,
    bytes: u64,
    /// The last correction was begun then.
    corrected: Option<Instant>,
}

/// The full queues of a tenant.
struct Full {
    /// Shared with the decisions that are being made.
    queues: Arc<BTreeSet<QueueName>>,
    /// When they were last looked at for counts to correct.
    looked: Instant,
}

/// In an order that no hash decides: corrections are asked for in it.
#[derive(Default)]
struct Counts {
    queues: BTreeMap<Key, Count>,
    full: BTreeMap<TenantId, Full>,
    waiting: BTreeMap<Key, Waiting>,
    /// In all of them.
    parked: usize,
}

/// Parked runs that wait for room in a queue.
#[derive(Default)]
struct Waiting {
    /// Those first that have waited longest. Some may have gone on meanwhile.
    runs: BTreeSet<(Timestamp, RunId)>,
    /// A look at the queue's room is to come.
    looks: bool,
}

pub(crate) struct Queues {
    store: Arc<dyn Store>,
    spawner: Spawner,
    max_tasks: u64,
    max_bytes: u64,
    counts: Mutex<Counts>,
    /// Some queue is full: usually none is, and then nothing has to be looked at.
    any_full: AtomicBool,
    none: Arc<BTreeSet<QueueName>>,
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
            none: Arc::default(),
        }
    }

    /// The full queues of a tenant.
    pub(crate) fn full(self: &Arc<Self>, tenant: &TenantId) -> Arc<BTreeSet<QueueName>> {
        if !self.any_full.load(Ordering::Acquire) {
            return Arc::clone(&self.none);
        }
        let (full, stale) = self.counts.lock().full_of(tenant);
        for key in stale {
            self.correct(key);
        }
        full.unwrap_or_else(|| Arc::clone(&self.none))
    }

    /// Counts tasks that are being offered.
    pub(crate) fn offered(self: &Arc<Self>, tenant: &TenantId, tasks: &[TaskOffered]) {
        for task in tasks {
            let key = (tenant.clone(), task.queue.clone());
            let stale = {
                let mut counts = self.counts.lock();
                if counts.queues.len() >= MAX_KNOWN && !counts.queues.contains_key(&key) {
                    (counts.queues, counts.full) = Default::default();
                }
                let count = counts.queues.entry(key.clone()).or_default();
                count.tasks += 1;
                count.bytes += task.payload.len() as u64;
                let half = count.tasks >= self.max_tasks / 2 || count.bytes >= self.max_bytes / 2;
                let stale = (half || count.corrected.is_none()) && count.is_stale();
                self.judge(&mut counts, &key);
                stale
            };
            if stale {
                self.correct(key);
            }
        }
    }

    /// A run has parked that waits for room in these queues.
    pub(crate) fn parked(&self, lease: &Lease, (since, queues): (Timestamp, BTreeSet<QueueName>)) {
        let mut counts = self.counts.lock();
        for queue in queues {
            if counts.parked >= MAX_PARKED {
                return;
            }
            let waiting = counts.waiting.entry((lease.tenant.clone(), queue)).or_default();
            let new = waiting.runs.insert((since, lease.run));
            counts.parked += usize::from(new);
        }
    }

    /// Workers have taken tasks of the queue: whoever waits for room may go on.
    pub(crate) fn taken(self: &Arc<Self>, tenant: &TenantId, queue: &QueueName) {
        let key = (tenant.clone(), queue.clone());
        let rest = {
            let mut counts = self.counts.lock();
            let Counts { queues, waiting, .. } = &mut *counts;
            let Some(waiting) = waiting.get_mut(&key).filter(|waiting| !waiting.looks) else {
                return;
            };
            waiting.looks = true;
            let corrected = queues.get(&key).and_then(|count| count.corrected);
            corrected.map_or(Duration::ZERO, |at| FRESH.saturating_sub(at.elapsed()))
        };
        let queues = Arc::clone(self);
        let looking = async move {
            tokio::time::sleep(rest).await;
            queues.look_for_room(key).await;
        };
        drop(self.spawner.spawn(looking));
    }

    /// Wakes as many as there is room for. There may be more for the next time that something is taken.
    async fn look_for_room(self: &Arc<Self>, key: Key) {
        {
            let mut counts = self.counts.lock();
            if let Some(waiting) = counts.waiting.get_mut(&key) {
                waiting.looks = false;
            }
            if let Some(count) = counts.queues.get_mut(&key) {
                count.corrected = Some(Instant::now());
            }
        }
        let (tenant, queue) = &key;
        let woken = match self.store.queue_room(tenant, queue).await {
            Ok(room) => {
                self.corrected(&key, room);
                let runs = self.to_wake(&key);
                self.store.wake(tenant, runs).await
            }
            Err(error) => Err(error),
        };
        match woken {
            Ok(woken) => tracing::debug!(queue = %queue, woken, "runs go on that waited for room in a queue"),
            // They look for room themselves later.
            Err(error) => {
                tracing::debug!(queue = %queue, error = &error as &dyn std::error::Error, "those who wait for room cannot be woken now");
            }
        }
    }

    fn to_wake(&self, key: &Key) -> Vec<RunId> {
        let mut counts = self.counts.lock();
        let count = counts.queues.get(key);
        let (tasks, bytes) = count.map_or((0, 0), |count| (count.tasks, count.bytes));
        if bytes >= self.max_bytes {
            return Vec::new();
        }
        let room = usize::try_from(self.max_tasks.saturating_sub(tasks)).unwrap_or(usize::MAX);
        let Some(waiting) = counts.waiting.get_mut(key) else {
            return Vec::new();
        };
        let woken: Vec<RunId> = std::iter::from_fn(|| waiting.runs.pop_first())
            .take(room.min(MAX_WOKEN))
            .map(|(_, run)| run)
            .collect();
        if waiting.runs.is_empty() {
            counts.waiting.remove(key);
        }
        counts.parked -= woken.len();
        woken
    }

    fn judge(&self, counts: &mut Counts, key: &Key) {
        let Some(count) = counts.queues.get(key) else { return };
        let full = count.tasks >= self.max_tasks || count.bytes >= self.max_bytes;
        counts.set_full(key, full);
        self.any_full.store(!counts.full.is_empty(), Ordering::Release);
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
        if let Some(count) = counts.queues.get_mut(key) {
            (count.tasks, count.bytes) = (tasks, bytes);
        }
        self.judge(&mut counts, key);
    }
}

impl Counts {
    /// A tenant's full queues, and those of them whose counts are to be corrected now.
    fn full_of(&mut self, tenant: &TenantId) -> (Option<Arc<BTreeSet<QueueName>>>, Vec<Key>) {
        let Some(full) = self.full.get_mut(tenant) else {
            return (None, Vec::new());
        };
        let mut stale = Vec::new();
        if full.looked.elapsed() >= FRESH {
            full.looked = Instant::now();
            for queue in &*full.queues {
                let key = (tenant.clone(), queue.clone());
                if self.queues.get_mut(&key).is_some_and(Count::is_stale) {
                    stale.push(key);
                }
            }
        }
        (Some(Arc::clone(&full.queues)), stale)
    }

    fn set_full(&mut self, (tenant, queue): &Key, full: bool) {
        let known = self.full.get_mut(tenant);
        if known.as_ref().is_some_and(|known| known.queues.contains(queue)) == full {
            return;
        }
        let Some(known) = known else {
            let queues = Arc::new(BTreeSet::from([queue.clone()]));
            let looked = Instant::now();
            self.full.insert(tenant.clone(), Full { queues, looked });
            return;
        };
        let queues = Arc::make_mut(&mut known.queues);
        if full {
            queues.insert(queue.clone());
        } else {
            queues.remove(queue);
        }
        if queues.is_empty() {
            self.full.remove(tenant);
        }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seawall_store::{ManualClock, MemoryStore, TaskId, Timestamp};

    use super::*;

    fn task(queue: &str) -> TaskOffered {
        TaskOffered {
            id: TaskId::generate(),
            queue: QueueName::parse(queue).expect("a name"),
            activity: "a".to_owned(),
            attempt: 1,
            effect_key: String::new(),
            payload: Arc::from(b"1".as_slice()),
            key: None,
            priority: 0,
            timeout: Duration::from_secs(1),
            offered_at: Timestamp::ZERO,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn decisions_share_one_list_of_full_queues_until_it_changes() {
        let config = EngineConfig {
            max_queue_tasks: 1,
            ..EngineConfig::default()
        };
        let store = Arc::new(MemoryStore::new(Arc::new(ManualClock::default())));
        let queues = Arc::new(Queues::new(store, Spawner::default(), &config));
        let (me, other) = (TenantId::default(), TenantId::new("other").expect("a tenant"));
        assert!(queues.full(&me).is_empty());
        queues.offered(&me, &[task("a"), task("b")]);
        let full = queues.full(&me);
        assert_eq!(full.len(), 2);
        assert!(queues.full(&other).is_empty());
        queues.offered(&me, &[task("a")]);
        assert!(Arc::ptr_eq(&full, &queues.full(&me)), "nothing is made anew");
        // The store knows of no tasks.
        tokio::time::sleep(FRESH).await;
        queues.full(&me);
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(queues.full(&me).is_empty());
        assert_eq!(full.len(), 2, "a decision goes on with what it began with");
    }
}
