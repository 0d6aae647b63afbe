//! The roles of `seawall-store`, each in terms of operations for the writer and queries for the readers.

mod approvals;
mod audit;
mod flow;
mod health;
mod inspect;
mod keys;
mod leases;
mod lists;
mod requests;
mod retention;
mod revocations;
mod run_lists;
mod runs;
mod schedules;
mod sessions;
mod tasks;
mod tickets;
mod users;
mod workflows;
