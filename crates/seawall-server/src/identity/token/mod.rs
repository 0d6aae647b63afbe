//! The server's own access tokens: JWTs of 15 minutes, signed with HS256 under a key derived from `SECRET_KEY`.
//!
//! They are not looked up: a user who is locked or whose login has ended keeps what a token says until it is over. That is why
//! they are short, and what they cannot do is revoke anything.

mod access;
mod claims;
#[cfg(test)]
mod tests;

pub use access::{ACCESS_LIFETIME, AUDIENCE, AccessToken, AccessTokens, ISSUER, LEEWAY_SECONDS, VerifiedToken};
