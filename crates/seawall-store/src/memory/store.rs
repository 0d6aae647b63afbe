use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::{StoreError, StoreResult};
use crate::ids::RunId;
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
        }
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
        self.tell(news);
        match fault {
            Some(_) => answer.and_then(|_| Err(ambiguous())),
            None => answer,
        }
    }

    pub(super) fn close_now(&self) {
        self.state.lock().closed = true;
    }

    fn tell(&self, news: Vec<News>) {
        for item in news {
            match item {
                News::Progressed(run, progress) => self.watchers.progressed(run, progress),
                News::Message(run) => self.watchers.message(run),
                News::Work => self.watchers.work(),
                News::Schedules => self.watchers.schedules(),
                News::Offered(tenant, queue, count) => self.watchers.offered(&tenant, &queue, count),
                News::Lapses => self.watchers.lapses(),
            }
        }
    }
}
