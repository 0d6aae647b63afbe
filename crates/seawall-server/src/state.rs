use std::sync::Arc;

use seawall_engine::Engine;
use seawall_store::{HealthStore, IdentityStore};
use tokio_util::sync::CancellationToken;

use crate::config::Config;

/// What the composition root gives to the server.
pub struct Parts {
    pub engine: Engine,
    pub store: Arc<dyn HealthStore>,
    /// Keys, users, sessions, the audit trail: only the server's own business.
    pub identity: Arc<dyn IdentityStore>,
    pub config: Arc<Config>,
}

struct Inner {
    parts: Parts,
    draining: CancellationToken,
}

/// What handlers and guards share. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

impl AppState {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            parts,
            draining: CancellationToken::new(),
        }))
    }

    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.0.parts.engine
    }

    #[must_use]
    pub fn store(&self) -> &dyn HealthStore {
        &*self.0.parts.store
    }

    #[must_use]
    pub fn identity_store(&self) -> &Arc<dyn IdentityStore> {
        &self.0.parts.identity
    }

    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.parts.config
    }

    /// Cancelled when a stop was asked for: readiness is red, streams and long waits end.
    #[must_use]
    pub fn draining(&self) -> &CancellationToken {
        &self.0.draining
    }
}
