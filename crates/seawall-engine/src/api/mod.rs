//! What the rest of the house asks of the engine: definitions, runs, messages to runs, views of them.
//!
//! Everything that is answered here was read from the store, never from the runtime's memory: it is durable.

mod approvals;
mod bulk;
mod controls;
mod delete;
mod engine;
mod error;
mod export;
mod flow;
mod fork;
mod journal;
mod parts;
mod principal;
mod queues;
mod read;
mod requests;
mod runs;
mod schedule_check;
mod schedule_view;
mod schedules;
mod search;
mod tasks;
mod view;
mod view_journal;
#[cfg(test)]
mod view_tests;
mod why;
mod why_queue;
#[cfg(feature = "testing")]
mod without_runtime;
mod workflows;
mod workflows_once;

pub use bulk::{BulkAnswer, BulkItem, BulkOutcome, BulkRequest, BulkVerb};
pub use engine::Engine;
pub use error::EngineError;
pub use journal::JournalPart;
pub use parts::EngineParts;
pub use principal::Principal;
pub use queues::{QueueView, SetQueue};
pub use requests::{CreateRun, ForkRun, IdempotentRequest, RunStarted, WorkflowSource};
pub use schedule_check::ScheduleRequest;
pub use schedule_view::ScheduleView;
pub use schedules::ScheduleCreated;
pub use search::{InputMatch, RunSearch};
pub use tasks::{ClaimTasks, TaskFailure, TaskOutput, TaskView};
pub use view::{ErrorView, JournalItem, PartView, Reason, RunView, StepView, WorkerView};
pub(crate) use view_journal::rfc3339;
pub(crate) use why::why;
pub use workflows_once::WorkflowCreated;
