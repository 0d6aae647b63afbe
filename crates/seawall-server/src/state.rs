use std::sync::Arc;

use seawall_engine::Engine;
use seawall_store::{HealthStore, IdentityStore, SystemClock};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::identity::accounts::Accounts;
use crate::identity::password::{HashLimits, HashWork, PasswordHasher};

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
    accounts: Accounts,
    draining: CancellationToken,
}

/// What handlers and guards share. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

impl AppState {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let accounts = accounts(&parts);
        Self(Arc::new(Inner {
            parts,
            accounts,
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

    pub(crate) fn accounts(&self) -> &Accounts {
        &self.0.accounts
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

fn accounts(parts: &Parts) -> Accounts {
    let passwords = PasswordHasher::new(HashWork::OWASP, HashLimits::default());
    let passwords = passwords.expect("OWASP's least work is within argon2's bounds and ours");
    let store = Arc::clone(&parts.identity);
    Accounts::new(
        store,
        Arc::new(SystemClock),
        parts.config.secret_key.master(),
        passwords,
    )
}
