//! A server whose engine works, in paused time.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use seawall_engine::{Clock, Engine, EngineConfig, EngineParts, NoSecrets, OsEntropy, Registry};
use seawall_server::{AppState, Parts};
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
    let clock = PausedClock::new();
    let store = Arc::new(MemoryStore::with_options(Arc::new(clock), options));
    let parts = EngineParts {
        store: Arc::<MemoryStore>::clone(&store),
        clock: Arc::new(clock),
        registry: Registry::default(),
        entropy: Arc::new(OsEntropy),
        secrets: Arc::new(NoSecrets),
    };
    let engine = Engine::start(parts, EngineConfig::default()).await.unwrap();
    let config = Arc::new(config(variables));
    let state = AppState::new(Parts {
        engine,
        identity: Arc::<MemoryStore>::clone(&store),
        store,
        config,
        clock: Arc::new(clock),
        oidc: None,
        tasks: TaskTracker::new(),
    });
    let app = seawall_server::router(&state);
    (state, app)
}
