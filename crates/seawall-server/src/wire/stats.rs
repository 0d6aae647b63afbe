use std::time::Duration;

use seawall_guard::stats::Snapshot;
use serde::Serialize;
use utoipa::ToSchema;

/// The last minute.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"window_ms": 60000, "error_rate_anomaly": 0.0, "routes": [
    {"route": "/api/v1/runs/{run_id}", "count": 120, "errors": 0, "error_rate": 0.0, "p50_ms": 1.2, "p95_ms": 4.8, "p99_ms": 9.6}
]}))]
pub(crate) struct Stats {
    pub(crate) window_ms: u64,
    /// By how many standard deviations there are more errors than usual; 0 while all is calm.
    pub(crate) error_rate_anomaly: f64,
    pub(crate) routes: Vec<RouteStats>,
}

/// One route.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RouteStats {
    /// The template, or `unmatched`.
    pub(crate) route: String,
    pub(crate) count: u64,
    /// Answers of 500 and above.
    pub(crate) errors: u64,
    /// Between 0 and 1.
    pub(crate) error_rate: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p95_ms: f64,
    pub(crate) p99_ms: f64,
}

impl Stats {
    pub(crate) fn of(routes: &[Snapshot], anomaly: f64) -> Self {
        Self {
            window_ms: 60_000,
            error_rate_anomaly: anomaly,
            routes: routes.iter().map(RouteStats::of).collect(),
        }
    }
}

impl RouteStats {
    fn of(route: &Snapshot) -> Self {
        Self {
            error_rate: route.error_rate(),
            route: route.route.clone(),
            count: route.count,
            errors: route.errors,
            p50_ms: millis(route.p50),
            p95_ms: millis(route.p95),
            p99_ms: millis(route.p99),
        }
    }
}

/// To the microsecond: most requests take less than a millisecond.
fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
