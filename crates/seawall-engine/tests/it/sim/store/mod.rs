//! The store of a story: one database that all nodes share, and for each life of a node a link to it that delays, fails,
//! and loses answers.

mod clients_roles;
mod database;
mod faults;
mod leases_role;
mod link;
mod schedules_role;
mod tasks_role;
mod upkeep_roles;

pub(crate) use database::Database;
pub(crate) use faults::Weather;
pub(crate) use link::{Link, now};
