//! Quantiles and error rates by route over the last minute, without a metrics server to ask.
//!
//! [`RouteStats`] is told of requests by a [`RecordLayer`](crate::recording::RecordLayer), like the metrics, and
//! [`RouteStats::snapshot`] says for each route how many there were, how many of them were the server's errors, and what half,
//! 95 % and 99 % of them took at most.
//!
//! A window is six slots of ten seconds, so a snapshot speaks of the last 50 to 60 seconds. Durations are counted in buckets
//! whose width grows with them: **a quantile is off by at most 1/32 (3.1 %) of the exact one** (the nearest rank over all requests
//! in the window), exact below 16 ns, and says about 275 s for whatever took longer. A route that was used takes 14 KB, whatever its
//! traffic; one that was not takes nothing. A request costs a lock of its route and two additions.
//!
//! Requests that clients gave up count with the time they waited, which is less than they would have taken. What this does not
//! do: survive a restart, or add up over several nodes.
//!
//! ```
//! use std::sync::Arc;
//!
//! use axum::Router;
//! use seawall_guard::recording::{RecordLayer, Routes};
//! use seawall_guard::stats::RouteStats;
//!
//! let routes = Routes::new(64);
//! let stats = Arc::new(RouteStats::new(&routes));
//! let app: Router = Router::new().layer(RecordLayer::new(routes, Arc::clone(&stats)));
//! for route in stats.snapshot() {
//!     println!("{} {:?} {:.1} %", route.route, route.p99, 100.0 * route.error_rate());
//! }
//! ```

mod routes;
mod window;

pub use routes::{RouteStats, Snapshot};
