//! How long one attempt of a call may take.
//!
//! It is the caller's bound on one call to somebody else, and its end is an error, [`TimedOut::Attempt`]. Distinct from it is
//! the deadline of the request on whose behalf the call is made: where the feature `deadline` is there and the request
//! carries a [`Deadline`](crate::deadline::Deadline), [`TimeoutLayer`] gives a call no more time than is left of it, and what that
//! ends is [`TimedOut::Deadline`]: another attempt makes sense after the one, and none after the other.
//!
//! What is ready when the time is over is given. Otherwise the call is dropped at that moment: it is cancelled at its await, and a
//! change may or may not have happened. Inside of the guard `retry` the layer bounds each attempt, outside of it all of them.
//! The timer is made when there is something to wait for, and not on the heap. What this does not do: bound the time that an answer's
//! body takes, or answer requests (for those of one's own service, there is the guard `deadline`, which answers 408).
//!
//! ```
//! use std::time::Duration;
//!
//! use seawall_guard::timeout::{TimedOut, Timeout};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
//! let timeout = Timeout::new(Duration::from_millis(200));
//! assert_eq!(timeout.call(async { 7 }).await, Ok(7));
//! let never = timeout.call(std::future::pending::<()>()).await;
//! assert_eq!(never, Err(TimedOut::Attempt(Duration::from_millis(200))));
//! # });
//! ```

mod call;
mod layer;
mod timed_out;

#[cfg(feature = "retry")]
pub(crate) use call::poll_timer;
pub use call::{Timed, Timeout};
pub use layer::{TimeoutFuture, TimeoutLayer, TimeoutService};
pub use timed_out::TimedOut;
