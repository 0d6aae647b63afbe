//! One file to each atomic change.

mod append;
mod approvals;
mod bury;
mod claim;
mod claim_tasks;
mod create_run;
mod decide;
mod deliver;
mod discard;
mod fence;
mod fire;
mod flow;
mod forget;
mod forget_workflows;
mod heartbeat_task;
mod identity;
#[cfg(feature = "failpoints")]
mod limit_pages;
mod nodes;
mod offer;
mod probe;
mod prolong_leases;
mod queue_keys;
mod release;
mod repair;
mod schedules;
mod send;
mod set_queue;
mod settle_task;
mod wake;
mod workflows;

pub(crate) use append::AppendOp;
pub(crate) use bury::{Bury, Register};
pub(crate) use claim::Claim;
pub(crate) use claim_tasks::ClaimTasks;
pub(crate) use create_run::CreateRun;
pub(crate) use decide::Decide;
pub(crate) use discard::DiscardRun;
pub(crate) use fence::check_lease;
pub(crate) use fire::Fire;
pub(crate) use flow::rate_at;
pub(crate) use forget::{ForgetFinished, ForgetRun};
pub(crate) use forget_workflows::{ForgetWorkflows, Unused};
pub(crate) use heartbeat_task::HeartbeatTask;
pub(crate) use identity::{
    AppendAudit, BeginLogin, BeginRequest, BeginSession, CreateKey, CreateUser, DeleteUser, FinishRequest, ForgetKeys,
    ForgetRequests, ForgetRevocations, ForgetSessions, ForgetTickets, IssueTicket, PutAdmin, RecordKeyUses,
    ReleaseRequest, RevokeKey, RevokeSession, RevokeSessionsOf, RotateToken, UpdateUser,
};
#[cfg(feature = "failpoints")]
pub(crate) use limit_pages::LimitPages;
pub(crate) use nodes::{Renew, Retire};
pub(crate) use probe::Probe;
pub(crate) use prolong_leases::ProlongLeases;
pub(crate) use release::Release;
pub(crate) use repair::{ClearStrays, Recount, RepairRun};
pub(crate) use schedules::{CreateSchedule, DeleteSchedule, UpdateSchedule};
pub(crate) use send::Send;
pub(crate) use set_queue::SetQueue;
pub(crate) use settle_task::SettleTask;
pub(crate) use wake::Wake;
pub(crate) use workflows::{CreateWorkflow, DeleteWorkflow, KeepInline, UpdateWorkflow};
