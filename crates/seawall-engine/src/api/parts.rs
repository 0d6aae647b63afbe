//! What the composition root gives the engine.

use std::sync::Arc;

use seawall_store::Store;

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::executor::{Registry, SecretSource};

/// The parts that only the binary chooses.
pub struct EngineParts {
    pub store: Arc<dyn Store>,
    /// The same clock that the store counts leases and timers on.
    pub clock: Arc<dyn Clock>,
    /// Ids and the spread of retries.
    pub entropy: Arc<dyn Entropy>,
    pub registry: Registry,
    pub secrets: Arc<dyn SecretSource>,
}
