//! The roles of `seawall-store`, each in terms of operations for the writer and queries for the readers.

mod approvals;
mod flow;
mod health;
mod inspect;
mod leases;
mod lists;
mod retention;
mod run_lists;
mod runs;
mod schedules;
mod tasks;
mod workflows;
