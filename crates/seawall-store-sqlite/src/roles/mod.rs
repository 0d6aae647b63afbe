//! The roles of `seawall-store`, each in terms of operations for the writer and queries for the readers.

mod approvals;
mod health;
mod inspect;
mod leases;
mod lists;
mod retention;
mod runs;
mod workflows;
