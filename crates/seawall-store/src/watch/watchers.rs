use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use crate::ids::{RunId, TenantId};
use crate::records::{QueueName, RunProgress};
use crate::watch::queues::{QueueWatch, Queues};

const SHARDS: usize = 32;

type Shard = Mutex<HashMap<RunId, Entry>>;

struct Entry {
    progress: watch::Sender<Option<RunProgress>>,
    inbox: Arc<Notify>,
    watchers: usize,
}

struct Inner {
    shards: Vec<Shard>,
    hasher: RandomState,
    work: Notify,
    lapses: Notify,
    queues: Queues,
    schedules: Notify,
}

/// The registry of those who wait. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct Watchers(Arc<Inner>);

impl Default for Watchers {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::new(HashMap::new())).collect();
        Self(Arc::new(Inner {
            shards,
            hasher: RandomState::new(),
            work: Notify::new(),
            lapses: Notify::new(),
            queues: Queues::default(),
            schedules: Notify::new(),
        }))
    }
}

impl Watchers {
    fn shard(&self, run: RunId) -> &Shard {
        let hash = self.0.hasher.hash_one(run);
        &self.0.shards[(hash as usize) % SHARDS]
    }

    /// Starts to watch a run. Register first, then read the store: what happens in between is not missed.
    #[must_use]
    pub fn watch(&self, run: RunId) -> RunWatch {
        let mut shard = self.shard(run).lock();
        let entry = shard.entry(run).or_insert_with(|| Entry {
            progress: watch::Sender::new(None),
            inbox: Arc::new(Notify::new()),
            watchers: 0,
        });
        entry.watchers += 1;
        RunWatch {
            run,
            progress: entry.progress.subscribe(),
            inbox: Arc::clone(&entry.inbox),
            registry: self.clone(),
        }
    }

    /// Tells that a run's journal has durably reached this point.
    pub fn progressed(&self, run: RunId, progress: RunProgress) {
        if let Some(entry) = self.shard(run).lock().get(&run) {
            entry.progress.send_replace(Some(progress));
        }
    }

    /// Tells that a durable message waits in a run's inbox.
    pub fn message(&self, run: RunId) {
        if let Some(entry) = self.shard(run).lock().get(&run) {
            entry.inbox.notify_one();
        }
        self.0.work.notify_one();
    }

    /// Tells that an unheld run may be claimable, or that the earliest timer moved.
    pub fn work(&self) {
        self.0.work.notify_one();
    }

    /// Resolves at the next [`Watchers::work`] or [`Watchers::message`], or at once if one came since the last wait.
    /// For one waiter: the node's dispatcher.
    pub async fn wait_for_work(&self) {
        self.0.work.notified().await;
    }

    /// Starts to wait for tasks of a queue. Register first, then claim: what is offered in between is not missed.
    #[must_use]
    pub fn watch_queue(&self, tenant: TenantId, queue: QueueName) -> QueueWatch {
        self.0.queues.watch(tenant, queue)
    }

    /// Tells that `count` more tasks of the queue may be claimable: they were offered, an end freed their slots, or the
    /// queue has new settings. Wakes as many watches, one for each.
    pub fn offered(&self, tenant: &TenantId, queue: &QueueName, count: usize) {
        self.0.queues.offered(tenant, queue, count);
    }

    /// Tells that the earliest end of a task's lease may have moved.
    pub fn lapses(&self) {
        self.0.lapses.notify_one();
    }

    /// Resolves at the next [`Watchers::lapses`], or at once if one came since the last wait. For one waiter: the keeper of
    /// the tasks' leases.
    pub async fn wait_for_lapses(&self) {
        self.0.lapses.notified().await;
    }

    /// Tells that a schedule was made or changed.
    pub fn schedules(&self) {
        self.0.schedules.notify_one();
    }

    /// Resolves at the next [`Watchers::schedules`], or at once if one came since the last wait. For one waiter: the node's
    /// scheduler.
    pub async fn wait_for_schedules(&self) {
        self.0.schedules.notified().await;
    }

    /// How many runs are being watched.
    #[must_use]
    pub fn watched(&self) -> usize {
        self.0.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    /// How many queues are being watched.
    #[must_use]
    pub fn watched_queues(&self) -> usize {
        self.0.queues.len()
    }
}

/// A watch on one run; dropping it ends it.
pub struct RunWatch {
    run: RunId,
    progress: watch::Receiver<Option<RunProgress>>,
    inbox: Arc<Notify>,
    registry: Watchers,
}

impl RunWatch {
    /// The next durable progress that was not seen through this watch yet; intermediate ones may be skipped.
    pub async fn progressed(&mut self) -> RunProgress {
        loop {
            if self.progress.changed().await.is_err() {
                // The sender lives in the registry while this watch exists, so this does not happen.
                std::future::pending::<()>().await;
            }
            if let Some(progress) = *self.progress.borrow_and_update() {
                return progress;
            }
        }
    }

    /// The handle that the run's holder waits on for messages.
    #[must_use]
    pub fn inbox(&self) -> Arc<Notify> {
        Arc::clone(&self.inbox)
    }
}

impl Drop for RunWatch {
    fn drop(&mut self) {
        let mut shard = self.registry.shard(self.run).lock();
        if let Some(entry) = shard.get_mut(&self.run) {
            entry.watchers -= 1;
            if entry.watchers == 0 {
                shard.remove(&self.run);
            }
        }
    }
}
