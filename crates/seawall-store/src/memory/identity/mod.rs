//! The roles of identity, as naive as the others.

mod audit;
mod keys;
mod requests;
mod revocations;
mod rows;
mod sessions;
mod tickets;
mod users;

pub(super) use rows::IdentityRows;
