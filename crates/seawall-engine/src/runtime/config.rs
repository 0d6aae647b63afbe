//! The runtime's numbers.

use std::time::Duration;

use seawall_store::QueueRecord;

const MAX_SCHEDULES: u32 = 10_000;

/// How the engine of a process behaves. The defaults suit the embedded store.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// How long this node's identity lives without a renewal; it renews three times in that time while it holds runs.
    pub lease: Duration,
    /// Runs in memory at once. Further ones are created all the same and wait in the store.
    pub max_active_runs: usize,
    /// A run whose next timer is farther away than this leaves memory.
    pub park_after: Duration,
    /// How long a cancelled attempt may take to say what it knows.
    pub grace: Duration,
    /// How long a run that waits for workers stays in memory after its last event, if there is room: loading it again for
    /// each of many quick tasks costs more than the tasks.
    pub linger: Duration,
    /// Offered tasks of one queue, about: beyond, steps are put off instead of offering more. At most the store's own bound.
    pub max_queue_tasks: u64,
    /// Bytes of their payloads, about.
    pub max_queue_bytes: u64,
    /// This process alone uses the store: holders of earlier processes are dead, and nobody needs to look for others that
    /// died meanwhile. With false, expired nodes are looked for every [`EngineConfig::sweep`].
    pub exclusive: bool,
    /// How often the runs in memory are compared with those that the store says this node holds, and, on a shared store,
    /// how often nodes that died are looked for.
    pub sweep: Duration,
    /// Whether schedules fire here.
    pub schedules: bool,
    /// Of one tenant: they stay until somebody deletes them.
    pub max_schedules: u32,
    /// How long a run is kept after its end. None: for ever.
    pub retention: Option<Duration>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(10),
            max_active_runs: 10_000,
            park_after: Duration::from_secs(1),
            grace: Duration::from_secs(5),
            linger: Duration::from_secs(2),
            max_queue_tasks: QueueRecord::MAX_OFFERED,
            max_queue_bytes: QueueRecord::MAX_OFFERED_BYTES,
            exclusive: true,
            sweep: Duration::from_secs(10),
            schedules: true,
            max_schedules: MAX_SCHEDULES,
            retention: None,
        }
    }
}
