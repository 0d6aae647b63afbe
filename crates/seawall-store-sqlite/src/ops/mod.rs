//! One file to each atomic change.

mod append;
mod bury;
mod claim;
mod create_run;
mod decide;
mod deliver;
mod fence;
mod fire;
mod flow;
#[cfg(feature = "failpoints")]
mod limit_pages;
mod nodes;
mod probe;
mod release;
mod schedules;
mod send;
mod workflows;

pub(crate) use append::AppendOp;
pub(crate) use bury::{Bury, Register};
pub(crate) use claim::Claim;
pub(crate) use create_run::CreateRun;
pub(crate) use decide::Decide;
pub(crate) use fence::check_lease;
pub(crate) use fire::Fire;
pub(crate) use flow::rate_at;
#[cfg(feature = "failpoints")]
pub(crate) use limit_pages::LimitPages;
pub(crate) use nodes::{Renew, Retire};
pub(crate) use probe::Probe;
pub(crate) use release::Release;
pub(crate) use schedules::{CreateSchedule, DeleteSchedule, UpdateSchedule};
pub(crate) use send::Send;
pub(crate) use workflows::{CreateWorkflow, DeleteWorkflow, KeepInline, UpdateWorkflow};
