//! Whether there are more errors than there usually are, as one number.
//!
//! [`ErrorRateAnomaly`] is told of requests by a [`RecordLayer`](crate::recording::RecordLayer) and holds the error rate of the
//! last minutes against that of the last hours, which is its own baseline: nobody has to say what is usual. With requests and
//! errors counted with weights that halve in a minute (*n*, *e*) and in thirty (*N*, *E*):
//!
//! ```text
//! usual = (E + 1) / (N + 2)
//! z     = (e / n - usual) / √(usual · (1 - usual) / n)
//! gauge = z, at most 100; and 0 where z < 4, e < 5, n < 20 or N < 100
//! ```
//!
//! So it is 0 while all is calm, and from 4 on otherwise: by how many standard deviations there are more errors than usual. Few
//! errors, little traffic and the first minutes after a start are no anomaly. With the feature `metrics` it can be registered as
//! the gauge `seawall_error_rate_anomaly`.
//!
//! What this does not do: tell routes apart, or notice what has always been so. Errors that go on for hours become the baseline.
//!
//! ```
//! use std::sync::Arc;
//!
//! use axum::Router;
//! use seawall_guard::anomaly::ErrorRateAnomaly;
//! use seawall_guard::recording::{RecordLayer, Routes};
//!
//! let anomaly = Arc::new(ErrorRateAnomaly::new());
//! let app: Router = Router::new().layer(RecordLayer::new(Routes::new(64), Arc::clone(&anomaly)));
//! assert_eq!(anomaly.value(), 0.0);
//! ```

mod baseline;
#[cfg(feature = "metrics")]
mod gauge;
mod record;

pub use record::ErrorRateAnomaly;
