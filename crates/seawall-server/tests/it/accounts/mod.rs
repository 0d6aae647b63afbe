//! Logins, users, keys, the audit trail and tickets over HTTP.

mod audit;
mod auth;
mod ends;
mod keys;
mod once;
mod secrets;
mod tickets;
mod users;
mod world;
