//! What several commands lead to: steps begin, fail, are tried again, are stopped; the run goes on and ends.

mod advance;
mod backoff;
mod compensate;
mod fail;
mod map;
mod offer;
mod old_process;
mod scope;
mod start;
mod stop;
mod wait;

pub(super) use advance::advance;
pub(super) use backoff::delay;
pub(crate) use backoff::delays;
pub(super) use fail::{Failure, fail, fail_with};
pub(crate) use offer::{FULL_QUEUE, LONGEST_ROOM_BACKOFF, full_queue, room_backoff, wanted_room};
pub(super) use offer::{MAX_AT_ONCE, waits_for_room};
pub(crate) use old_process::longest_wait;
pub(super) use old_process::{LOOKED, safe_from};
pub(super) use scope::of_answer;
pub(super) use start::{MAX_EVENTS, begin_again};
pub(crate) use stop::is_being_stopped;
pub(super) use wait::{child_input, find_child};
