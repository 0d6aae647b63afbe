use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::{StoreError, StoreResult};
use crate::ids::{RunId, TaskId};
use crate::memory::fault::{Fault, FaultHook, FaultPoint, StoreOp, ambiguous, unavailable};
use crate::memory::state::{News, State};
use crate::time::{StoreClock, Timestamp};
use crate::watch::Watchers;

/// How a [`MemoryStore`] departs from a shared one that never fails.
#[derive(Clone, Default)]
pub struct MemoryOptions {
    /// Registering a node buries all others, as in the embedded store.
    pub exclusive: bool,
    pub faults: Option<FaultHook>,
}

/// A complete store in memory. Share it in an `Arc`.
pub struct MemoryStore {
    clock: Arc<dyn StoreClock>,
    pub(super) options: MemoryOptions,
    pub(super) watchers: Watchers,
    attached: Mutex<Vec<Watchers>>,
    state: Mutex<State>,
}

impl MemoryStore {
    #[must_use]
    pub fn new(clock: Arc<dyn StoreClock>) -> Self {
        Self::with_options(clock, MemoryOptions::default())
    }

    #[must_use]
    pub fn with_options(clock: Arc<dyn StoreClock>, options: MemoryOptions) -> Self {
        Self {
            clock,
            state: Mutex::new(State::new(options.exclusive)),
            options,
            watchers: Watchers::default(),
            attached: Mutex::new(Vec::new()),
        }
    }

    /// From now on tells this registry as well: that of another process over the same store.
    pub fn attach(&self, watchers: Watchers) {
        self.attached.lock().push(watchers);
    }

    /// One call: the fault that is meant for it, the change under the lock, and after it the news for watchers.
    pub(super) fn call<T>(
        &self,
        op: StoreOp,
        run: Option<RunId>,
        change: impl FnOnce(&mut State, Timestamp) -> StoreResult<T>,
    ) -> StoreResult<T> {
        let point = FaultPoint { op, run };
        let fault = self.options.faults.as_ref().and_then(|hook| hook(&point));
        match fault {
            Some(Fault::BeforeWrite) => return Err(unavailable()),
            Some(Fault::BeforeWriteLostAnswer) => return Err(ambiguous()),
            Some(Fault::AfterWriteLostAnswer) | None => {}
        }
        let (answer, news) = {
            let mut state = self.state.lock();
            if state.closed {
                return Err(StoreError::Unavailable {
                    reason: "the store is closed",
                    source: None,
                });
            }
            let answer = change(&mut state, self.clock.now());
            (answer, std::mem::take(&mut state.news))
        };
        self.tell(&news);
        match fault {
            Some(_) => answer.and_then(|_| Err(ambiguous())),
            None => answer,
        }
    }

    /// What a call about a task is about, for the hook.
    pub(super) fn run_of_task(&self, id: TaskId) -> Option<RunId> {
        let state = self.state.lock();
        let mut rows = state.tasks.values();
        rows.find(|row| row.record.id == id).map(|row| row.record.run)
    }

    pub(super) fn close_now(&self) {
        self.state.lock().closed = true;
    }

    fn tell(&self, news: &[News]) {
        let attached = self.attached.lock();
        for watchers in std::iter::once(&self.watchers).chain(&*attached) {
            for item in news {
                match item {
                    News::Progressed(run, progress) => watchers.progressed(*run, *progress),
                    News::Message(run) => watchers.message(*run),
                    News::Work => watchers.work(),
                    News::Schedules => watchers.schedules(),
                    News::Offered(tenant, queue, count) => watchers.offered(tenant, queue, *count),
                    News::Lapses => watchers.lapses(),
                }
            }
        }
    }
}
