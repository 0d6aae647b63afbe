//! The accept loop: connections in, requests to the router.
//!
//! Our own because each bound needs a hook that `axum::serve` does not have: how many connections at once, how long a
//! client may take to send a request's head (also before the protocol is known), how long it may pause in a body or leave its
//! answer unread, how many streams one HTTP/2 connection may open, how a connection ends (see [`stream`]), and by when all of
//! them must have ended.
//!
//! A connection without a request keeps its place for a bounded time, and only as long as nobody else needs it (see [`places`]).
//!
//! An HTTP/1 connection has hyper's buffers only while a request is under way: between two it is taken apart, so that ten
//! thousand idle clients cost little more than their sockets.
//!
//! What hyper answers by itself no guard ever sees, so it is no problem document, has no request id and is not logged: an empty
//! 400 to bytes that are no HTTP/1 request, an empty 431 to a head beyond [`limits::BUFFER_BYTES`] or 100 fields. Both close the
//! connection. A head that does not come in time ends it without an answer, and so does a breach of HTTP/2.

mod acceptor;
mod activity;
mod body;
mod connection;
mod limits;
mod places;
mod rest;
mod room;
mod sniff;
mod stream;

pub(crate) use acceptor::Acceptor;
pub(crate) use limits::{CONNECTIONS, METRICS_CONNECTIONS};
pub use room::connections_at_most;

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod crowds;
#[cfg(test)]
mod tests;
