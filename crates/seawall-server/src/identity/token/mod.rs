//! The server's own access tokens: JWTs of 15 minutes, signed with HS256 under a key derived from `SECRET_KEY`.
//!
//! What stands here knows nothing of ends: whether the login or the key that a token was made with still counts, the
//! [`Authenticator`](super::Authenticator) asks at each request. A user's new role or scopes count from the next token on.

mod access;
mod claims;
#[cfg(test)]
mod tests;

pub use access::{ACCESS_LIFETIME, AUDIENCE, AccessToken, AccessTokens, ISSUER, LEEWAY_SECONDS, VerifiedToken};
