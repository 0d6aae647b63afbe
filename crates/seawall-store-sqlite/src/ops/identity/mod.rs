//! Changes of identity. Each takes the audit record that belongs to it along.

mod admin_key;
mod audit;
mod begin_login;
mod begin_session;
mod end_sessions;
mod forget;
mod keys;
mod requests;
mod revoked;
mod rotate;
mod tickets;
mod users;

pub(crate) use admin_key::PutAdmin;
pub(crate) use audit::AppendAudit;
pub(crate) use begin_login::BeginLogin;
pub(crate) use begin_session::BeginSession;
pub(crate) use end_sessions::{RevokeSession, RevokeSessionsOf};
pub(crate) use forget::{ForgetKeys, ForgetRequests, ForgetRevocations, ForgetSessions, ForgetTickets};
pub(crate) use keys::{CreateKey, RecordKeyUses, RevokeKey};
pub(crate) use requests::{BeginRequest, FinishRequest, ReleaseRequest};
pub(crate) use rotate::RotateToken;
pub(crate) use tickets::IssueTicket;
pub(crate) use users::{CreateUser, DeleteUser, UpdateUser};
