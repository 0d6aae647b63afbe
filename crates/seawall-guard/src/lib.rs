//! Guards for any axum or tower service, one folder and one cargo feature each.
//!
//! Every guard is a [`tower::Layer`] with a named future and without a box. It answers failure with a response, passes
//! the inner service's error through, and keeps its state in the layer, so that a router that clones the service shares
//! it. Every rejection is a [`problem::Problem`].
//!
//! A stack, outermost first: [`request_id::RequestIdLayer`], [`problem::ProblemLayer`], [`problem::CatchPanicLayer`],
//! then guards that may reject, [`body_limit::BodyLimitLayer`] last.

#[cfg(feature = "body_limit")]
pub mod body_limit;
#[cfg(feature = "problem")]
pub mod problem;
#[cfg(feature = "request_id")]
pub mod request_id;

#[cfg(all(test, feature = "problem"))]
mod probe;
