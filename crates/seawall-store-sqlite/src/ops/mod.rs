//! One file to each atomic change.

mod append;
mod bury;
mod claim;
mod create_run;
mod decide;
mod deliver;
mod fence;
mod forget;
mod forget_workflows;
#[cfg(feature = "failpoints")]
mod limit_pages;
mod nodes;
mod probe;
mod release;
mod repair;
mod send;
mod workflows;

pub(crate) use append::AppendOp;
pub(crate) use bury::{Bury, Register};
pub(crate) use claim::Claim;
pub(crate) use create_run::CreateRun;
pub(crate) use decide::Decide;
pub(crate) use fence::check_lease;
pub(crate) use forget::{ForgetFinished, ForgetRun};
pub(crate) use forget_workflows::{ForgetWorkflows, Unused};
#[cfg(feature = "failpoints")]
pub(crate) use limit_pages::LimitPages;
pub(crate) use nodes::{Renew, Retire};
pub(crate) use probe::Probe;
pub(crate) use release::Release;
pub(crate) use repair::{ClearStrays, RepairRun};
pub(crate) use send::Send;
pub(crate) use workflows::{CreateWorkflow, DeleteWorkflow, KeepInline, UpdateWorkflow};
