//! How rows become records: once, for the writer and the readers.

mod approval;
mod audit;
mod inbox;
mod key;
mod queue;
mod run;
mod schedule;
mod segment;
mod session;
mod task;
mod tenant;
mod user;
mod workflow;

pub(crate) use approval::{approval, approval_by_id, approvals_of};
pub(crate) use audit::{audit, audit_head};
pub(crate) use inbox::unread;
pub(crate) use key::{NumberedKey, key, key_by_id, last_admin_key};
pub(crate) use queue::{Queue, queue, queue_by_name};
pub(crate) use run::{lease, run, run_by_id, run_by_no};
pub(crate) use schedule::{NumberedSchedule, schedule, schedule_by_id, schedule_by_no};
pub(crate) use segment::{segment, whole_journal};
pub(crate) use session::{NumberedSession, live_sessions, session_by_id, session_by_no};
pub(crate) use task::{lapsed, task, task_by_id};
pub(crate) use tenant::tenant_no_or_new;
pub(crate) use user::{NumberedUser, user, user_by_id};
pub(crate) use workflow::{Numbered, latest, version, workflow};

/// The static text of a query: columns and joins from one file, what follows from another place.
macro_rules! run_query {
    ($tail:expr) => {
        concat!(include_str!("../sql/run_columns.sql"), $tail)
    };
}
macro_rules! approval_query {
    ($tail:expr) => {
        concat!(include_str!("../sql/approval_columns.sql"), $tail)
    };
}
macro_rules! schedule_query {
    ($tail:expr) => {
        concat!(include_str!("../sql/schedule_columns.sql"), $tail)
    };
}
macro_rules! queue_query {
    ($tail:expr) => {
        concat!(include_str!("../sql/queue_columns.sql"), $tail)
    };
}
macro_rules! task_query {
    ($tail:expr) => {
        concat!(include_str!("../sql/task_columns.sql"), $tail)
    };
}
macro_rules! workflow_query {
    ($tail:expr) => {
        concat!(include_str!("../sql/workflow_columns.sql"), $tail)
    };
}
macro_rules! line_query {
    ($tail:expr) => {
        concat!(include_str!("../sql/line_columns.sql"), $tail)
    };
}
macro_rules! audit_query {
    ($tail:expr) => {
        concat!(include_str!("../sql/audit_columns.sql"), $tail)
    };
}
macro_rules! key_query {
    ($tail:expr) => {
        concat!(include_str!("../sql/key_columns.sql"), $tail)
    };
}
macro_rules! session_query {
    ($tail:expr) => {
        concat!(include_str!("../sql/session_columns.sql"), $tail)
    };
}
macro_rules! user_query {
    ($tail:expr) => {
        concat!(include_str!("../sql/user_columns.sql"), $tail)
    };
}
pub(crate) use {
    approval_query, audit_query, key_query, line_query, queue_query, run_query, schedule_query, session_query,
    task_query, user_query, workflow_query,
};
