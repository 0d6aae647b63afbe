//! The bounds of connections. They are not configurable: none of them is a matter of taste.

use std::time::Duration;

/// Connections at once; for the next ones idle ones give way, or they wait in the listen queue. Fewer where the system allows fewer open files.
pub(crate) const CONNECTIONS: usize = 16 * 1024;
/// To the listener of metrics: who scrapes is one, or a few.
pub(crate) const METRICS_CONNECTIONS: usize = 64;
/// From the first wait for a request to the end of its head.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// The longest pause in the midst of a request's body. How long all of it may take is a matter of the request's deadline.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a client may leave its answer unread: what waits for it holds memory. Over HTTP/2 it is idle then.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// The head of an HTTP/1 request; what is read ahead of a body, and what waits to be sent.
pub(super) const BUFFER_BYTES: usize = 32 * 1024;
/// Requests at once on one HTTP/2 connection.
pub(super) const STREAMS: u32 = 128;
pub(super) const HEADER_LIST_BYTES: u32 = 64 * 1024;
/// How often it is looked whether anything goes on with an HTTP/2 connection, and after how many looks in a row without it ends.
pub(super) const IDLE_LOOK: Duration = Duration::from_secs(15);
pub(super) const IDLE_LOOKS: u32 = 4;
/// What a client takes of its answers between two looks, if it takes them at all. More than pings, less than any line is slow.
pub(super) const LEAST_WRITTEN: u64 = 1024;
pub(super) const PING_INTERVAL: Duration = Duration::from_secs(20);
pub(super) const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// How long, and for how much, the rest of a refused body is read and thrown away.
pub(super) const LINGER: Duration = Duration::from_secs(2);
pub(super) const LINGER_BYTES: usize = 64 * 1024 * 1024;
/// After a failed accept (no file descriptor left, say): waiting is all that helps.
pub(super) const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);
/// How long a connection has to be idle before it may be asked to give way: a client that is busy has its next request on the way.
pub(super) const LEAST_IDLE: Duration = Duration::from_secs(1);
/// How long somebody who was asked to give way has for it, before another one is.
pub(super) const ASK_AGAIN: Duration = Duration::from_millis(100);
