use std::sync::Arc;

use seawall_engine::{Clock, Engine};
use seawall_store::{HealthStore, IdentityStore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::identity::oidc::OidcVerifier;
use crate::identity::{AccessTokens, Authenticator, AuthenticatorParts};

/// What the composition root gives to the server.
pub struct Parts {
    pub engine: Engine,
    pub store: Arc<dyn HealthStore>,
    /// Keys, users, sessions, the audit trail: only the server's own business.
    pub identity: Arc<dyn IdentityStore>,
    pub config: Arc<Config>,
    pub clock: Arc<dyn Clock>,
    /// Verifies the tokens of `Config::oidc`.
    pub oidc: Option<OidcVerifier>,
    /// What is begun beside requests, and is waited for at the end.
    pub tasks: TaskTracker,
}

struct Inner {
    parts: Parts,
    authenticator: Authenticator,
    draining: CancellationToken,
}

/// What handlers and guards share. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

impl AppState {
    #[must_use]
    pub fn new(mut parts: Parts) -> Self {
        let authenticator = Authenticator::new(AuthenticatorParts {
            store: Arc::clone(&parts.identity),
            clock: Arc::clone(&parts.clock),
            tokens: AccessTokens::new(parts.config.secret_key.master()),
            bootstrap: parts.config.credentials.admin.clone(),
            oidc: parts.oidc.take(),
        });
        Self(Arc::new(Inner {
            parts,
            authenticator,
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

    /// Says whose credentials are, and is to be told what of them has ended.
    #[must_use]
    pub fn authenticator(&self) -> &Authenticator {
        &self.0.authenticator
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.0.parts.tasks
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
