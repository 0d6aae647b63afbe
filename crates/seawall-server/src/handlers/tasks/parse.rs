//! What the bodies of a worker's requests hold, beyond its JSON type.

use std::ops::RangeInclusive;
use std::time::Duration;

use seawall_engine::parse_duration;
use seawall_guard::problem::Pointer;
use seawall_store::TaskLease;

use crate::error::{ApiError, ApiResult};

/// As it was given with the task.
pub(super) fn lease(text: &str, pointer: &Pointer) -> ApiResult<TaskLease> {
    let lease = text.parse().map(TaskLease);
    lease.map_err(|_| {
        ApiError::invalid(
            pointer,
            "invalid-value",
            "expected the lease that was given with the task",
        )
    })
}

pub(super) fn duration(field: &str, text: &str) -> ApiResult<Duration> {
    let pointer = Pointer::root().key(field);
    parse_duration(text).map_err(|error| ApiError::invalid(&pointer, "invalid-value", error.to_string()))
}

/// A number of `field`, or `default` where there is none.
pub(super) fn within(field: &str, number: Option<u64>, default: u64, range: RangeInclusive<u64>) -> ApiResult<u64> {
    let number = number.unwrap_or(default);
    if range.contains(&number) {
        return Ok(number);
    }
    let message = format!("expected {} to {}", range.start(), range.end());
    let pointer = Pointer::root().key(field);
    Err(ApiError::invalid(&pointer, "out-of-range", message))
}
