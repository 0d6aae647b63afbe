//! The accept loop: connections in, requests to the router.
//!
//! Our own because each bound needs a hook that `axum::serve` does not have: how many connections at once, how long a
//! client may take to send a request's head (also before the protocol is known), how many streams one HTTP/2 connection
//! may open, how a connection ends (see [`stream`]), and by when all of them must have ended.

mod acceptor;
mod body;
mod connection;
mod limits;
mod sniff;
mod stream;

pub(crate) use acceptor::Acceptor;

#[cfg(test)]
mod tests;
