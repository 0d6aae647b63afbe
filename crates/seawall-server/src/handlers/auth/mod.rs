//! Logins, and tokens for keys.

pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
mod oauth_form;
pub(crate) mod refresh;
pub(crate) mod token;
