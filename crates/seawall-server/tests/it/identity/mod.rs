//! Who may do what, and for how long.

mod access;
mod admin_key;
mod attacks;
mod deciders;
mod dev_secret;
pub(crate) mod kit;
mod known;
mod tenants;
mod tokens;
