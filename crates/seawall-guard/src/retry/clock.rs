//! The clock on the wall, for a `Retry-After` that is a date in an answer that says no `Date`.

use std::time::SystemTime;

/// What time it is. Tests hold it still.
pub(super) type Clock = fn() -> SystemTime;

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(super) fn wall() -> SystemTime {
    SystemTime::now()
}
