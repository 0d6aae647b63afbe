//! What the rest of the house asks of the engine: definitions, runs, messages to runs, views of them.
//!
//! Everything that is answered here was read from the store, never from the runtime's memory: it is durable.

mod approvals;
mod controls;
mod engine;
mod error;
mod fork;
mod parts;
mod principal;
mod read;
mod requests;
mod runs;
mod view;
mod view_journal;
#[cfg(test)]
mod view_tests;
mod why;
#[cfg(feature = "testing")]
mod without_runtime;
mod workflows;
mod workflows_once;

pub use engine::Engine;
pub use error::EngineError;
pub use parts::EngineParts;
pub use principal::Principal;
pub use requests::{CreateRun, ForkRun, IdempotentRequest, RunStarted, WorkflowSource};
pub use view::{ErrorView, JournalItem, PartView, Reason, RunView, StepView};
pub(crate) use why::why;
pub use workflows_once::WorkflowCreated;
