use axum::extract::State;
use axum::response::Response;
use seawall_guard::problem::{Problem, kinds};

use crate::identity::{Scoped, needs};
use crate::state::AppState;

/// Metrics
///
/// In the text format of OpenMetrics. With `METRICS_PORT` they are on that port instead.
#[utoipa::path(get, path = "/metrics", tag = "telemetry", operation_id = "metrics",
    responses((status = 200, description = "All metrics", body = String,
        content_type = "application/openmetrics-text")),
    extensions(("x-problems" = json!(["unauthenticated", "insufficient-scope", "not-found"]))))]
pub(crate) async fn metrics(
    State(state): State<AppState>,
    caller: Result<Scoped<needs::MetricsRead>, Problem>,
) -> Result<Response, Problem> {
    if state.config().metrics_port.is_some() {
        return Err(Problem::new(&kinds::NOT_FOUND));
    }
    if !state.config().environment.is_dev() {
        caller?;
    }
    Ok(state.telemetry().exposition())
}

/// The same on a port of its own: who reaches it may read.
pub(crate) async fn unguarded_metrics(State(state): State<AppState>) -> Response {
    state.telemetry().exposition()
}
