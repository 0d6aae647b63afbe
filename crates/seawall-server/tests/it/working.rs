//! A server whose engine works, in paused time.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use seawall_engine::{Clock, Engine, EngineConfig, EngineParts, NoSecrets, OsEntropy, Registry};
use seawall_server::{AppState, Observation, Parts};
use seawall_store::{MemoryOptions, MemoryStore, StoreClock, Timestamp};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::support::config;

/// Wall and boot time from tokio's paused clock.
#[derive(Clone, Copy)]
pub(crate) struct PausedClock(Instant);

impl PausedClock {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }
}

impl StoreClock for PausedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000).saturating_add(self.0.elapsed())
    }
}

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        StoreClock::now(self)
    }

    fn boot(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A server with an engine that works.
pub(crate) async fn working(variables: &[(&str, &str)]) -> (AppState, Router) {
    working_on(variables, MemoryOptions::default()).await
}

/// The same on such a store.
pub(crate) async fn working_on(variables: &[(&str, &str)], options: MemoryOptions) -> (AppState, Router) {
    let ground = Ground::new(options);
    let observed = Observation::default();
    ground.process(variables, &observed, EngineConfig::default()).await
}

/// What processes in a row have in common.
pub(crate) struct Ground {
    store: Arc<MemoryStore>,
    clock: PausedClock,
}

impl Ground {
    pub(crate) fn new(options: MemoryOptions) -> Self {
        let clock = PausedClock::new();
        Self {
            store: Arc::new(MemoryStore::with_options(Arc::new(clock), options)),
            clock,
        }
    }

    pub(crate) async fn process(
        &self,
        variables: &[(&str, &str)],
        observed: &Observation,
        engine: EngineConfig,
    ) -> (AppState, Router) {
        let parts = EngineParts {
            store: Arc::<MemoryStore>::clone(&self.store),
            clock: Arc::new(self.clock),
            registry: Registry::default(),
            entropy: Arc::new(OsEntropy),
            secrets: Arc::new(NoSecrets),
        };
        let engine = Engine::start_observed(parts, engine, observed.observer()).await;
        let parts = Parts {
            engine: engine.unwrap(),
            identity: Arc::<MemoryStore>::clone(&self.store),
            store: Arc::<MemoryStore>::clone(&self.store),
            config: Arc::new(config(variables)),
            clock: Arc::new(self.clock),
            oidc: None,
            tasks: TaskTracker::new(),
        };
        let state = AppState::observed(parts, observed);
        let app = seawall_server::router(&state);
        (state, app)
    }
}
