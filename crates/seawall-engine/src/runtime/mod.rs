//! The runtime: leases, replays and executes runs.
//!
//! One dispatcher claims what is due; one task for each run in memory applies commands, appends what they lead to and
//! begins attempts no earlier than the output commit rule allows; a heartbeat keeps the lease while runs are held. All
//! decisions are those of `core`; this room only carries them out. It answers no client: views are read from the store.

mod bounds;
mod claims;
mod config;
mod create;
mod definitions;
mod dispatcher;
mod firing;
mod heartbeat;
mod held;
mod identity;
mod lapses;
mod node;
mod queues;
mod reconcile;
mod retention;
mod run_task;
mod scheduler;
mod shared;
mod shutdown;
mod spawn;
mod start;
mod stuck;

pub(crate) use bounds::{bounded, excess};
pub(crate) use claims::Claim;
pub use config::EngineConfig;
pub(crate) use create::{KEY_LIFE, NewRunRequest, create, create_watched};
pub(crate) use definitions::{DefinitionTrouble, compiled};
pub(crate) use run_task::TRANSFORM;
pub(crate) use shared::Shared;
pub(crate) use shutdown::shut_down;
#[cfg(feature = "testing")]
pub(crate) use start::prepare;
pub(crate) use start::start;
