//! The store of a story: one database that all nodes share, and for each life of a node a link to it that delays, fails,
//! and loses answers.

mod clients_roles;
mod database;
mod faults;
mod later_roles;
mod leases_role;
mod link;

pub(crate) use database::Database;
pub(crate) use faults::Weather;
pub(crate) use link::Link;
