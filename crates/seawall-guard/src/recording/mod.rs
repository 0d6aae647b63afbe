//! One look at each request, for all who count: metrics, statistics, the anomaly gauge.
//!
//! [`RecordLayer`] tells a [`Record`] of each request when it comes and when its answer begins. What it tells is a few small
//! values (an [`Exchange`]): the method as one of a few, the route as a number of its template in [`Routes`], how it ended, how
//! long it took, and which problem it was answered with. Nothing is allocated for it, so whoever records needs not either.
//!
//! The layer belongs outside [`ProblemLayer`](crate::problem::ProblemLayer), whose problems it counts, on axum's
//! `Router::layer`, where the template is known. What it does not do: look at bodies. A request is over when its answer begins,
//! and how long a stream lasts is nobody's duration.
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicUsize, Ordering};
//!
//! use axum::Router;
//! use seawall_guard::recording::{Exchange, Record, RecordLayer, Routes};
//!
//! #[derive(Default)]
//! struct Failures(AtomicUsize);
//!
//! impl Record for Failures {
//!     fn ended(&self, exchange: &Exchange) {
//!         if exchange.outcome.is_error() {
//!             self.0.fetch_add(1, Ordering::Relaxed);
//!         }
//!     }
//! }
//!
//! let failures = Arc::new(Failures::default());
//! let app: Router = Router::new().layer(RecordLayer::new(Routes::new(64), Arc::clone(&failures)));
//! ```

mod exchange;
mod layer;
mod record;
mod routes;

pub use exchange::{Exchange, MethodLabel, Outcome};
pub use layer::{RecordFuture, RecordLayer, RecordService};
pub use record::Record;
pub use routes::{RouteId, Routes, UNMATCHED};
