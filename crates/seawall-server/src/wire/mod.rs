//! What is serialized to clients and read from them: the only types with serde derives in this room.

mod api_key;
mod approval;
mod audit;
mod bulk;
mod exact;
mod faults;
mod flow;
mod health;
mod hidden;
mod journal;
mod list;
mod login;
mod oauth;
mod problem;
mod queries;
mod queue;
mod run;
mod run_requests;
mod run_step;
mod schedule;
mod task;
mod task_requests;
mod task_view;
mod ticket;
mod time;
mod user;
mod why;
mod workflow;

pub(crate) use api_key::{ApiKey, CreateApiKey, NewApiKey};
pub(crate) use approval::{Approval, Decide, Verdict};
pub(crate) use audit::{AuditEntry, AuditQuery, AuditVerification, VerifyQuery};
pub(crate) use bulk::{Bulk, BulkRequest};
pub(crate) use flow::Flow;
pub(crate) use health::{Check, CheckStatus, Health, Readiness, ReadyStatus};
pub(crate) use journal::JournalEntry;
pub(crate) use list::List;
pub(crate) use login::{Login, Me, Refresh, TokenPair};
pub(crate) use oauth::{OAuthError, OAuthToken, TokenForm};
pub(crate) use problem::{ProblemDocument, ProblemError};
pub(crate) use queries::{ApprovalsQuery, EventsQuery, ListQuery, RunsQuery};
pub(crate) use queue::{PutQueue, Queue};
pub(crate) use run::{Run, RunSummary};
pub(crate) use run_requests::{CreateInlineRun, CreateRun, ForkRun, Resolve, ResolveOutcome, Signal};
pub(crate) use run_step::RunStep;
pub(crate) use schedule::{Schedule, ScheduleRequest};
pub(crate) use task::{
    ACCEPTED, Beat, ClaimedTask, ClaimedTasks, RefusedClaim, TaskAccepted, TaskCompletion, TaskCompletions,
};
pub(crate) use task_requests::{ClaimTasks, CompleteTask, CompleteTasks, CompletedTask, FailTask, Heartbeat};
pub(crate) use task_view::Task;
pub(crate) use ticket::EventsTicket;
pub(crate) use time::Time;
pub(crate) use user::{CreateUser, UpdateUser, User};
pub(crate) use why::WhyAnswer;
pub(crate) use workflow::{Validation, ValidationError, Workflow, WorkflowSummary};
