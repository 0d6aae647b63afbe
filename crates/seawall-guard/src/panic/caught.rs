use std::panic::{AssertUnwindSafe, catch_unwind};

use super::hook::{Guarded, take_place, text_of};
use crate::request_id::RequestId;

/// A panic that was caught and logged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caught;

/// Runs a part of a request's work. Unwind safety is the caller's: what has panicked is not touched again.
pub(super) fn catch<T>(id: Option<&RequestId>, work: impl FnOnce() -> T) -> Result<T, Caught> {
    let guarded = Guarded::enter();
    let result = catch_unwind(AssertUnwindSafe(work));
    drop(guarded);
    result.map_err(|payload| {
        let text = text_of(&*payload);
        tracing::error!(
            request.id = id.map_or("", RequestId::as_str),
            panic.message = &*text,
            panic.place = take_place(),
            "a request's handler panicked"
        );
        Caught
    })
}
