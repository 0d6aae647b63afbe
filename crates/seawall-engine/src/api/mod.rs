//! What the rest of the house asks of the engine: definitions, runs, messages to runs, views of them.
//!
//! Everything that is answered here was read from the store, never from the runtime's memory: it is durable.

mod engine;
mod error;
mod principal;
mod requests;
mod view;
mod view_journal;
mod why;

pub use engine::Engine;
pub use error::EngineError;
pub use principal::Principal;
pub use requests::{CreateRun, IdempotentRequest, RunStarted, WorkflowSource};
pub use view::{ErrorView, JournalItem, Reason, RunView, StepView, list_view, run_view};
pub use view_journal::journal_item;
pub use why::why;
