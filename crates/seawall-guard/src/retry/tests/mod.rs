//! Retry as a function and as a layer, under a clock that is held still.

mod called;
#[cfg(feature = "deadline")]
mod layered;
mod schedules;

use std::time::Duration;

use super::*;

const MS: Duration = Duration::from_millis(1);

/// Waits of 100, 200 and 400 ms, and five attempts.
fn policy<C>(classify: C) -> RetryPolicy<C> {
    let backoff = Backoff::new(100 * MS, 400 * MS).unwrap().with_jitter(Jitter::None);
    RetryPolicy::new(classify).with_max_attempts(5).with_backoff(backoff)
}
