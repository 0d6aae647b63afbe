//! What attackers send, as requests to the whole server: none of it comes in, and all of it gets one answer.

mod issuer;
mod keys;
mod revoked;
mod server;
mod tokens;
