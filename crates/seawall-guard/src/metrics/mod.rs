//! Metrics of requests for Prometheus, with a number of series that is known before the first request.
//!
//! | metric | type | labels |
//! |---|---|---|
//! | `http_server_request_duration_seconds` | histogram | `method` (7 and `other`), `route` (templates and `unmatched`), `status` (5 classes, `failed`, `abandoned`) |
//! | `http_server_requests_in_flight` | gauge | none |
//! | `http_server_rejections_total` | counter | `code`: those of a [`Catalog`](crate::problem::Catalog) and `other` |
//!
//! No label is made of what a client sent. A series begins to exist with its first request; [`HttpMetrics::most_series`] says how
//! many there can be. Handles stand in a table by the numbers of [`Routes`](crate::recording::Routes): a request finds its own
//! without a lock, a hash of labels or an allocation, and only the first of a series makes it.
//!
//! [`exposition`] writes a registry down as OpenMetrics text; the route, and who may read it, is the service's own matter. What
//! this does not do: count bytes, or label by tenant or principal.
//!
//! ```
//! use axum::{Router, routing};
//! use prometheus_client::registry::Registry;
//! use seawall_guard::metrics::{HttpMetrics, exposition};
//! use seawall_guard::problem::{Catalog, ProblemKind, kinds};
//! use seawall_guard::recording::{RecordLayer, Routes};
//!
//! static TABLES: &[&[&ProblemKind]] = &[kinds::TABLE];
//!
//! let (mut registry, routes) = (Registry::default(), Routes::new(64));
//! let metrics = HttpMetrics::register(&mut registry, &routes, Catalog::new(TABLES));
//! let registry = std::sync::Arc::new(registry);
//! let app: Router = Router::new()
//!     .route("/metrics", routing::get(move || async move { exposition(&registry) }))
//!     .layer(RecordLayer::new(routes, metrics));
//! ```

mod exposition;
mod http;
mod labels;

pub use exposition::exposition;
pub use http::HttpMetrics;
