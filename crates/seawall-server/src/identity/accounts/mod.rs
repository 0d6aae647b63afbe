//! Accounts: logins, users, keys, the audit trail and tickets, over the store's roles. Here the pure core meets what is kept.
//!
//! A service takes an [`Actor`] (who does it, in which request), decides by the core's rules and makes one change, in which
//! its audit record stands too. Nobody gives away more than they have: neither by a key's scopes, nor by a user's role, nor
//! by taking over an account. HTTP is not known here.
//!
//! Between the store's records and the core's types stands `convert`, and nothing else knows both.

mod actor;
mod beginning;
mod convert;
mod error;
mod exchange;
mod keys;
mod life;
mod logins;
mod service;
#[cfg(test)]
mod tests;
mod tickets;
mod trail;
mod users;
mod verify;

pub(crate) use actor::Actor;
pub(crate) use beginning::{BOOTSTRAP, admin_key_configured, admin_key_made, sealed_by};
pub(crate) use convert::{role_of, scopes_of, user_version_tag};
pub(crate) use error::AccountError;
pub(crate) use exchange::{ExchangeError, Exchanged};
pub(crate) use keys::{KeyRequest, MadeKey};
pub(crate) use life::KEY_LIFE;
pub(crate) use logins::TokenPair;
pub(crate) use service::{Accounts, AccountsParts};
pub(crate) use tickets::MadeTicket;
pub(crate) use trail::request_id;
pub(crate) use users::{UserPatch, UserRequest};
pub(crate) use verify::{RECORDS_AT_ONCE, Verification, VerifyFrom};
