//! The HTTP API's client. Every command is one, whoever answers: a server across a socket, or the service in this very
//! process on the embedded store.

mod account_views;
mod address;
mod body;
mod call;
mod connect;
mod error;
mod events;
mod handle;
mod local;
mod remote;
mod server_file;
mod sse;
mod task_views;
mod views;

pub(crate) use account_views::{ApiKey, AuditEntry, AuditVerification, NewApiKey, User};
pub(crate) use address::{Query, segment};
pub(crate) use call::{Answer, Call};
pub(crate) use connect::{Connect, connect, held};
pub(crate) use error::{ClientError, Problem, ProblemError};
pub(crate) use events::{EventStream, JournalEvent, Received};
pub(crate) use handle::Client;
pub(crate) use server_file::ServerFile;
pub(crate) use task_views::{Beat, ClaimedTask, Queue, Task};
pub(crate) use views::{Approval, Bulk, ErrorView, FlowLine, Listed, Run, RunStatus, Schedule, Step, Why, Workflow};
