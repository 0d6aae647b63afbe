//! Guards for any axum or tower service, one folder and one cargo feature each.
//!
//! Every guard is a [`tower::Layer`] with a named future and without a box. It answers failure with a response, passes
//! the inner service's error through, and keeps its state in the layer, so that a router that clones the service shares
//! it. Every rejection is a [`problem::Problem`].
//!
//! A stack, outermost first: [`request_id::RequestIdLayer`], [`trace_context::TraceContextLayer`],
//! [`client_address::ClientAddressLayer`], [`security_headers::SecurityHeadersLayer`], then who watches:
//! [`access_log::AccessLogLayer`], [`recording::RecordLayer`], [`profile::ProfileLayer`]; then [`problem::ProblemLayer`],
//! [`panic::CatchPanicLayer`], [`cors::CorsLayer`] (its headers belong on the refusals below it too), then guards that may
//! reject: [`trusted_hosts::TrustedHostsLayer`], [`https::HttpsLayer`], [`deadline::DeadlineLayer`],
//! [`rate_limit::RateLimitLayer`] by address, [`authenticate::AuthenticateLayer`] with the limits behind it, and
//! [`body_limit::BodyLimitLayer`] last.
//!
//! Round calls to others, outermost first: a [`breaker`], [`hedge::HedgeLayer`] or [`retry::RetryLayer`], which share a
//! [`retry_budget::RetryBudget`], and [`timeout::TimeoutLayer`]; what they end is an error of the call.
//!
//! Against more work than there is room for stand [`load::LoadLayer`], in front of what costs and behind whoever says who asks,
//! and a [`bulkhead`] round what must not take all of the room.
//!
//! Beside the stack stand what it records ([`metrics`], [`stats`], [`anomaly`]), the [`health`] of what a service depends on, and
//! how its [`logs`] are written.

#[cfg(feature = "access_log")]
pub mod access_log;
#[cfg(any(feature = "bulkhead", feature = "load"))]
mod admission;
#[cfg(feature = "anomaly")]
pub mod anomaly;
#[cfg(feature = "authenticate")]
pub mod authenticate;
#[cfg(feature = "body_limit")]
pub mod body_limit;
#[cfg(feature = "body_log")]
pub mod body_log;
#[cfg(feature = "breaker")]
pub mod breaker;
#[cfg(any(feature = "hedge", feature = "stats"))]
mod buckets;
#[cfg(feature = "bulkhead")]
pub mod bulkhead;
#[cfg(feature = "client_address")]
pub mod client_address;
#[cfg(any(feature = "logs", feature = "rate_limit", feature = "retry"))]
mod clock;
#[cfg(feature = "cors")]
pub mod cors;
#[cfg(feature = "deadline")]
pub mod deadline;
#[cfg(any(feature = "retry", feature = "timeout"))]
mod deadline_of;
#[cfg(feature = "health")]
pub mod health;
#[cfg(feature = "hedge")]
pub mod hedge;
#[cfg(any(feature = "breaker", feature = "retry"))]
mod http_date;
#[cfg(feature = "https")]
pub mod https;
#[cfg(feature = "load")]
pub mod load;
#[cfg(feature = "logs")]
pub mod logs;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "panic")]
pub mod panic;
#[cfg(any(feature = "access_log", feature = "authenticate"))]
mod principal;
#[cfg(feature = "problem")]
pub mod problem;
#[cfg(feature = "profile")]
pub mod profile;
#[cfg(feature = "rate_limit")]
pub mod rate_limit;
#[cfg(feature = "recording")]
pub mod recording;
#[cfg(feature = "redaction")]
pub mod redaction;
#[cfg(any(feature = "trusted_hosts", feature = "https", feature = "cors"))]
mod refusal;
#[cfg(feature = "request_id")]
pub mod request_id;
#[cfg(feature = "retry")]
pub mod retry;
#[cfg(feature = "retry_budget")]
pub mod retry_budget;
#[cfg(feature = "security_headers")]
pub mod security_headers;
#[cfg(feature = "stats")]
pub mod stats;
#[cfg(feature = "timeout")]
pub mod timeout;
#[cfg(feature = "trace_context")]
pub mod trace_context;
#[cfg(feature = "trusted_hosts")]
pub mod trusted_hosts;

#[cfg(test)]
#[cfg(any(
    feature = "access_log",
    feature = "body_log",
    feature = "logs",
    feature = "panic",
    feature = "profile"
))]
mod heard;
#[cfg(all(test, feature = "problem"))]
mod probe;
#[cfg(test)]
#[cfg(any(feature = "panic", feature = "logs", feature = "body_log"))]
mod written;
