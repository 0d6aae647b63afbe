//! What is serialized to clients and read from them: the only types with serde derives in this room.

mod approval;
mod bulk;
mod exact;
mod flow;
mod health;
mod journal;
mod list;
mod problem;
mod queries;
mod queue;
mod run;
mod run_requests;
mod run_step;
mod schedule;
mod stats;
mod task;
mod task_requests;
mod task_view;
mod time;
mod why;
mod workflow;

pub(crate) use approval::{Approval, Decide, Verdict};
pub(crate) use bulk::{Bulk, BulkRequest};
pub(crate) use flow::Flow;
pub(crate) use health::{Check, DiskSpace, Health, MemoryUse, Readiness, ServiceHealth};
pub(crate) use journal::JournalEntry;
pub(crate) use list::List;
pub(crate) use problem::{ProblemDocument, ProblemError};
pub(crate) use queries::{ApprovalsQuery, EventsQuery, ListQuery, RunsQuery};
pub(crate) use queue::{PutQueue, Queue};
pub(crate) use run::{Run, RunSummary};
pub(crate) use run_requests::{CreateInlineRun, CreateRun, ForkRun, Resolve, ResolveOutcome, Signal};
pub(crate) use run_step::RunStep;
pub(crate) use schedule::{Schedule, ScheduleRequest};
pub(crate) use stats::Stats;
pub(crate) use task::{
    ACCEPTED, Beat, ClaimedTask, ClaimedTasks, RefusedClaim, TaskAccepted, TaskCompletion, TaskCompletions,
};
pub(crate) use task_requests::{ClaimTasks, CompleteTask, CompleteTasks, CompletedTask, FailTask, Heartbeat};
pub(crate) use task_view::Task;
pub(crate) use time::Time;
pub(crate) use why::WhyAnswer;
pub(crate) use workflow::{Validation, ValidationError, Workflow, WorkflowSummary};
