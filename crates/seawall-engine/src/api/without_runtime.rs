//! An engine that nobody works for, for tests of other rooms.

use std::sync::Arc;

use futures_util::future::FutureExt as _;
use seawall_store::{MemoryStore, SystemClock};

use crate::api::{Engine, EngineParts};
use crate::entropy::OsEntropy;
use crate::executor::{NoSecrets, Registry};
use crate::runtime::{self, EngineConfig};

impl Engine {
    /// A handle over an empty store in memory, without dispatcher and heartbeat. Needs no async runtime to be made.
    ///
    /// # Panics
    /// Never: the store in memory answers at once.
    #[must_use]
    pub fn without_runtime() -> Self {
        let parts = EngineParts {
            store: Arc::new(MemoryStore::new(Arc::new(SystemClock))),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
            registry: Registry::default(),
            secrets: Arc::new(NoSecrets),
        };
        let shared = runtime::prepare(parts, EngineConfig::default(), None).now_or_never();
        let shared = shared.expect("the store in memory answers at once");
        Self::over(shared.expect("a new node can be registered"))
    }
}
