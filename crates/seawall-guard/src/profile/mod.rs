//! Where the time of one request went, for whoever asks for it.
//!
//! Two parts that know of each other: [`ProfileSpans`] in the `tracing` subscriber, and [`ProfileLayer`] round the service. A request
//! with `X-Profile: 1` or `?profile=1` gets, once its answer begins,
//!
//! ```text
//! X-Profile-Duration-ms: 12.345
//! X-Profile-Top: db.query;dur=9.120, render;dur=1.002
//! ```
//!
//! The top are the five names of spans that were open longest. Spans of one name are added up, and a span's time contains what it
//! waited for and what happened in spans within it. Spans are found through their parents, so awaits, other threads and tasks that
//! are instrumented with a span of the request belong to it.
//!
//! It shows the inside of a service: it is off unless [`ProfileLayer::enabled`] says otherwise, and on a public service it belongs
//! behind authentication. Off, a request costs one branch, and a span one load. What this does not do: tell busy from
//! waiting, sample, or look at more than [`MOST_SPANS`] spans of a request; those beyond are missing in the sums.
//!
//! ```
//! use axum::Router;
//! use seawall_guard::profile::{ProfileLayer, ProfileSpans};
//! use tracing_subscriber::layer::SubscriberExt as _;
//!
//! let subscriber = tracing_subscriber::registry().with(ProfileSpans);
//! let app: Router = Router::new().layer(ProfileLayer::enabled(true));
//! ```

mod layer;
mod spans;
mod timed;

pub use layer::{DURATION, ProfileFuture, ProfileLayer, ProfileService, TOP};
pub use spans::ProfileSpans;
pub use timed::MOST_SPANS;
