//! What the executors need to know, all of it from outside: nothing here reads the environment.

use std::fmt;
use std::sync::Arc;

use seawall_engine::store::{NodeId, SystemClock};
use seawall_engine::{Clock, Executor};

use crate::command::{CommandConfig, CommandExecutor};
use crate::http::{HttpConfig, HttpExecutor};

/// Which installation this is: the same over restarts, different for every data directory or database. It marks processes,
/// so that a restarted node finds what its predecessor left running.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InstallationId(Arc<str>);

impl InstallationId {
    /// None unless `text` is 1 to 64 characters of `[A-Za-z0-9_-]`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(allowed);
        fits.then(|| Self(Arc::from(text)))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for InstallationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Settings of all executors of this room.
#[derive(Clone)]
pub struct StepsConfig {
    pub installation: InstallationId,
    /// This life of this process.
    pub node: NodeId,
    /// For `Retry-After` dates.
    pub clock: Arc<dyn Clock>,
    /// The largest output of a step, in bytes of JSON; also the most that is read from a response, or from stdout and
    /// stderr together.
    pub max_output_bytes: usize,
    pub http: HttpConfig,
    pub command: CommandConfig,
}

impl StepsConfig {
    /// 1 MiB.
    pub const MAX_OUTPUT_BYTES: usize = 1 << 20;

    /// The safe settings: http steps refuse private addresses, command steps are off.
    #[must_use]
    pub fn new(installation: InstallationId, node: NodeId) -> Self {
        Self {
            installation,
            node,
            clock: Arc::new(SystemClock),
            max_output_bytes: Self::MAX_OUTPUT_BYTES,
            http: HttpConfig::default(),
            command: CommandConfig::default(),
        }
    }
}

/// The executors of this room, for a [`seawall_engine::Registry`].
#[must_use]
pub fn executors(config: &StepsConfig) -> Vec<Arc<dyn Executor>> {
    vec![
        Arc::new(HttpExecutor::new(config)),
        Arc::new(CommandExecutor::new(config)),
    ]
}
