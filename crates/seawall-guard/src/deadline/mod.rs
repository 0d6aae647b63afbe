//! One deadline for each request: until its answer begins, or 408 `request-timeout`.
//!
//! The deadline stands in the request's extensions as a [`Deadline`], so that whoever makes calls on behalf of the request
//! gives them no more time than is left. When it passes, the inner future is dropped: what it was doing is cancelled at its
//! next await, and a change may or may not have happened. It lies round the reading of the body, so a body that trickles in is
//! a 408 too. What this does not do: bound the time an answer's body takes.

mod layer;

pub use layer::{Deadline, DeadlineFuture, DeadlineLayer, DeadlineService};
