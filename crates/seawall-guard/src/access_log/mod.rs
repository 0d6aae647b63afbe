//! One line in the log for each request, at target `access`, when its answer begins.
//!
//! It holds the method, the template of the route (never the path, which may hold names), status, duration, the sizes that are
//! known (an answer that is streamed has none), and the ids of the request, its trace and its principal. A rejection's code
//! stands in it, so that nobody has to log rejections. What took as long as [`AccessLogLayer::slow_after`] says is marked. A request
//! that was given up before there was an answer, by its client or by a server that stops, has a line too: without status, with
//! `outcome`.
//!
//! Everything that is logged while the request is worked on stands in a span with the ids of request and trace.
//!
//! The layer belongs outside [`ProblemLayer`](crate::problem::ProblemLayer) and inside
//! [`RequestIdLayer`](crate::request_id::RequestIdLayer), on axum's `Router::layer`, where the template is known. What it does
//! not do: log bodies, headers or addresses.

mod layer;

pub use crate::principal::{PrincipalId, PrincipalSlot};
pub use layer::{AccessLogFuture, AccessLogLayer, AccessLogService};
