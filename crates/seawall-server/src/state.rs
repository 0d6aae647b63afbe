use std::sync::Arc;
use std::time::Duration;

use seawall_engine::{Clock, Engine};
use seawall_guard::health::Readiness;
use seawall_store::{HealthStore, IdentityStore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::identity::accounts::{Accounts, AccountsParts};
use crate::identity::oidc::OidcVerifier;
use crate::identity::password::{HashLimits, HashWork, PasswordHasher};
use crate::identity::{AccessTokens, Authenticator, AuthenticatorParts};
use crate::ready::readiness;
use crate::telemetry::{Observation, Telemetry};
use crate::traces::Tracer;

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
    accounts: Accounts,
    authenticator: Authenticator,
    draining: CancellationToken,
    readiness: Readiness,
    telemetry: Telemetry,
    tracer: Option<Tracer>,
    began: Instant,
}

/// What handlers and guards share. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

impl AppState {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self::observed(parts, &Observation::default())
    }

    /// With what the engine's observer sees.
    #[must_use]
    pub fn observed(mut parts: Parts, observed: &Observation) -> Self {
        let draining = CancellationToken::new();
        let authenticator = Authenticator::new(AuthenticatorParts {
            store: Arc::clone(&parts.identity),
            clock: Arc::clone(&parts.clock),
            tokens: AccessTokens::new(parts.config.secret_key.master()),
            bootstrap: parts.config.credentials.admin.clone(),
            oidc: parts.oidc.take(),
        });
        let accounts = accounts(&parts, authenticator.clone());
        Self(Arc::new(Inner {
            readiness: readiness(&parts.store, &draining),
            telemetry: Telemetry::new(observed, parts.engine.clone(), Arc::clone(&parts.store)),
            tracer: observed.tracer().cloned(),
            began: Instant::now(),
            parts,
            accounts,
            authenticator,
            draining,
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

    pub(crate) fn accounts(&self) -> &Accounts {
        &self.0.accounts
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

    #[must_use]
    pub fn telemetry(&self) -> &Telemetry {
        &self.0.telemetry
    }

    /// None: nobody takes spans.
    #[must_use]
    pub fn tracer(&self) -> Option<&Tracer> {
        self.0.tracer.as_ref()
    }

    pub(crate) fn readiness(&self) -> &Readiness {
        &self.0.readiness
    }

    /// How long there has been a service.
    pub(crate) fn uptime(&self) -> Duration {
        self.0.began.elapsed()
    }

    /// Cancelled when a stop was asked for: readiness is red, streams and long waits end.
    #[must_use]
    pub fn draining(&self) -> &CancellationToken {
        &self.0.draining
    }
}

fn accounts(parts: &Parts, authenticator: Authenticator) -> Accounts {
    let passwords = PasswordHasher::new(HashWork::OWASP, HashLimits::default());
    let passwords = passwords.expect("OWASP's least work is within argon2's bounds and ours");
    Accounts::new(AccountsParts {
        store: Arc::clone(&parts.identity),
        clock: Arc::clone(&parts.clock),
        master: parts.config.secret_key.master(),
        passwords,
        authenticator,
    })
}
