//! The bounds of connections. They are not configurable: none of them is a matter of taste.

use std::time::Duration;

/// Connections at once; the next ones wait in the listen queue.
pub(super) const CONNECTIONS: usize = 4096;
/// From the first wait for a request to the end of its head.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// Requests at once on one HTTP/2 connection.
pub(super) const STREAMS: u32 = 128;
pub(super) const HEADER_LIST_BYTES: u32 = 64 * 1024;
pub(super) const PING_INTERVAL: Duration = Duration::from_secs(20);
pub(super) const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// How long, and for how much, the rest of a refused body is read and thrown away.
pub(super) const LINGER: Duration = Duration::from_secs(2);
pub(super) const LINGER_BYTES: usize = 64 * 1024 * 1024;
/// After a failed accept (no file descriptor left, say): waiting is all that helps.
pub(super) const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);
