use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::{Acquire, BulkheadConfig, CallError, Permit, Reason, Rejected, Snapshot, Totals};

/// For a retry after a rejection. Whoever would have to wait longer should look again by then.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);
const SHORTEST_RETRY_AFTER: Duration = Duration::from_secs(1);

/// At most so many calls at once. Clones share it.
#[derive(Clone, Debug)]
pub struct Bulkhead(pub(super) Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) name: Arc<str>,
    pub(super) config: BulkheadConfig,
    /// First come, first served: a permit that comes back goes to who waits, and is not there for who comes by.
    pub(super) semaphore: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// How long permits are held, in nanoseconds, moving by an eighth with each. 0: none came back yet.
    held_ns: AtomicU64,
    admitted: AtomicU64,
    full: AtomicU64,
    late: AtomicU64,
}

impl Bulkhead {
    /// `name` says what is behind it: it is in rejections and snapshots.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, config: BulkheadConfig) -> Self {
        Self(Arc::new(Shared {
            name: name.into(),
            config,
            semaphore: Arc::new(Semaphore::new(config.permits)),
            waiting: AtomicUsize::new(0),
            held_ns: AtomicU64::new(0),
            admitted: AtomicU64::new(0),
            full: AtomicU64::new(0),
            late: AtomicU64::new(0),
        }))
    }

    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.0.name
    }

    /// A permit, if there is one and nobody waits for it.
    pub fn try_acquire(&self) -> Result<Permit, Rejected> {
        self.try_permit().ok_or_else(|| self.reject(Reason::Full))
    }

    pub(super) fn try_permit(&self) -> Option<Permit> {
        let permit = Arc::clone(&self.0.semaphore).try_acquire_owned().ok()?;
        self.0.admitted.fetch_add(1, Ordering::Relaxed);
        Some(Permit::new(Arc::clone(&self.0), permit))
    }

    /// A permit, waited for if need be. It begins to wait when it is first polled; dropped, it leaves no trace.
    pub fn acquire(&self) -> Acquire {
        Acquire::new(self.clone())
    }

    /// Makes the call when there is a permit. A future that was refused was never polled.
    pub async fn call<F, T, E>(&self, call: F) -> Result<T, CallError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let _permit = self.acquire().await.map_err(CallError::Rejected)?;
        call.await.map_err(CallError::Failed)
    }

    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let shared = &*self.0;
        Snapshot {
            name: Arc::clone(&shared.name),
            permits: shared.config.permits,
            in_use: shared.config.permits - shared.semaphore.available_permits(),
            waiting: shared.waiting.load(Ordering::Acquire),
            most_waiting: shared.config.waiting,
            wait: shared.config.wait,
            totals: Totals {
                admitted: shared.admitted.load(Ordering::Relaxed),
                full: shared.full.load(Ordering::Relaxed),
                late: shared.late.load(Ordering::Relaxed),
            },
        }
    }

    pub(super) fn queues(&self) -> bool {
        self.0.config.waiting > 0
    }

    pub(super) fn reject(&self, reason: Reason) -> Rejected {
        let count = match reason {
            Reason::Full => &self.0.full,
            Reason::Late => &self.0.late,
        };
        count.fetch_add(1, Ordering::Relaxed);
        Rejected {
            bulkhead: Arc::clone(&self.0.name),
            reason,
            retry_after: self.0.retry_after(),
        }
    }
}

impl Shared {
    /// A place in the queue, if there is one.
    pub(super) fn place(self: &Arc<Self>) -> Option<Place> {
        let taken = self
            .waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |waiting| {
                (waiting < self.config.waiting).then_some(waiting + 1)
            });
        taken.ok().map(|_| Place(Arc::clone(self)))
    }

    pub(super) fn admitted(&self) {
        self.admitted.fetch_add(1, Ordering::Relaxed);
    }

    /// Two that come back at once may cost one of them its say in the mean, and no more.
    pub(super) fn held(&self, since: Instant) {
        let held = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let before = self.held_ns.load(Ordering::Relaxed);
        let mean = if before == 0 {
            held
        } else {
            before - before / 8 + held / 8
        };
        self.held_ns.store(mean.max(1), Ordering::Relaxed);
    }

    /// How long it takes until who comes last now has had its turn.
    fn retry_after(&self) -> Duration {
        let before = self.waiting.load(Ordering::Relaxed) + 1;
        let held = Duration::from_nanos(self.held_ns.load(Ordering::Relaxed));
        let wait = held.as_secs_f64() * before as f64 / self.config.permits as f64;
        let wait = Duration::try_from_secs_f64(wait).unwrap_or(LONGEST_RETRY_AFTER);
        wait.clamp(SHORTEST_RETRY_AFTER, LONGEST_RETRY_AFTER)
    }
}

/// One in the queue.
#[derive(Debug)]
pub(super) struct Place(Arc<Shared>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}
