//! The clock on the wall: for what others are told of times, never for how long something took.

use std::time::SystemTime;

/// What time it is, for rooms that can be told otherwise: tests hold it still.
#[cfg(feature = "retry")]
pub(crate) type Clock = fn() -> SystemTime;

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(crate) fn wall() -> SystemTime {
    SystemTime::now()
}

/// Since the beginning of 1970; zero on a clock that stands before it.
#[cfg(any(feature = "logs", feature = "rate_limit"))]
pub(crate) fn since_1970() -> std::time::Duration {
    wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
