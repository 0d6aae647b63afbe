//! The handle. Its verbs stand in `workflows`, `runs`, `controls`, `approvals` and `queues`.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{RunId, RunWatch, StoreError, StoreHealth};

use crate::api::{EngineError, EngineParts};
use crate::executor::Registry;
use crate::observer::Observer;
use crate::runtime::{self, EngineConfig, Shared};

pub(super) type Result<T> = std::result::Result<T, EngineError>;

/// The engine of this process. Cheap to clone; clones share it. When the last one is dropped without a shutdown, every run
/// stops where it is, as in a crash.
#[derive(Clone)]
pub struct Engine {
    handle: Arc<Handle>,
    /// Of the runs that are created with this handle.
    trace: Option<Arc<str>>,
}

/// Longest trace that is kept with a run, in bytes.
const MAX_TRACE: usize = 256;

struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.spawner.abandon();
    }
}

impl Engine {
    /// Registers this process as a node and goes on with the runs that earlier ones left.
    ///
    /// # Errors
    /// `Store` when the node cannot be registered.
    pub async fn start(parts: EngineParts, config: EngineConfig) -> Result<Self> {
        let shared = runtime::start(parts, config, None).await;
        shared.map(Self::over).map_err(EngineError::Store)
    }

    /// The same, and tells an observer what it does, from its first run on.
    ///
    /// # Errors
    /// `Store` when the node cannot be registered.
    pub async fn start_observed(parts: EngineParts, config: EngineConfig, observer: Arc<dyn Observer>) -> Result<Self> {
        let shared = runtime::start(parts, config, Some(observer)).await;
        shared.map(Self::over).map_err(EngineError::Store)
    }

    pub(super) fn over(shared: Arc<Shared>) -> Self {
        Self {
            handle: Arc::new(Handle(shared)),
            trace: None,
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.handle.0
    }

    /// A handle whose new runs remember that trace: it is journaled with them and goes on to their children. What is longer than
    /// 256 bytes is not kept.
    #[must_use]
    pub fn traced(&self, trace: &str) -> Self {
        Self {
            handle: Arc::clone(&self.handle),
            trace: (trace.len() <= MAX_TRACE).then(|| Arc::from(trace)),
        }
    }

    pub(super) fn trace(&self) -> Option<Arc<str>> {
        self.trace.clone()
    }

    /// New work is refused while the engine shuts down.
    pub(super) fn is_open(&self) -> Result<()> {
        if self.shared().draining.is_cancelled() {
            return Err(EngineError::Overloaded("it is shutting down"));
        }
        Ok(())
    }

    #[must_use]
    pub fn registry(&self) -> &Registry {
        self.shared().definitions.registry()
    }

    /// How many runs are in this process's memory.
    #[must_use]
    pub fn active_runs(&self) -> usize {
        self.shared().held.len()
    }

    /// Watches a run's durable progress; register before reading.
    #[must_use]
    pub fn watch(&self, run: RunId) -> RunWatch {
        self.shared().store.watch(run)
    }

    /// Whether the store works.
    ///
    /// # Errors
    /// `Store`.
    pub async fn check(&self) -> Result<StoreHealth> {
        self.shared().store.check().await.map_err(EngineError::Store)
    }

    /// Takes no new runs, stops beginning attempts, gives running ones until `deadline` to end, parks every run, retires
    /// the node. The store stays open.
    pub async fn shutdown(&self, deadline: Duration) {
        runtime::shut_down(self.shared(), deadline).await;
    }
}

/// What a refusal of the store means to whoever asked for a `what`.
pub(super) fn refused(what: &'static str) -> impl FnOnce(StoreError) -> EngineError {
    move |error| match error {
        StoreError::NotFound => EngineError::NotFound(what),
        StoreError::RunIs(status) => EngineError::Conflict {
            status: Some(status),
            detail: format!("the run is {status}"),
        },
        StoreError::FlowRejected { running, slots } => EngineError::Conflict {
            status: None,
            detail: format!(
                "{running} of {slots} runs of this workflow (and key) go on or are about to begin, and with \
                 `on_conflict: reject` no more may wait"
            ),
        },
        StoreError::TooManySchedules { most } => EngineError::TooManySchedules { most },
        StoreError::IdempotencyKeyReused => EngineError::IdempotencyKeyReused,
        StoreError::PreconditionFailed => EngineError::PreconditionFailed,
        StoreError::Busy => EngineError::Overloaded("the write queue is full"),
        error => EngineError::Store(error),
    }
}
