use axum::Json;
use axum::extract::State;

use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::Stats;

/// Statistics by route
///
/// What happened in the last minute, the busiest route first: how many requests, how many of them were the server's errors, and
/// what half, 95 % and 99 % of them took at most.
#[utoipa::path(get, path = "/api/v1/stats", tag = "telemetry", operation_id = "stats",
    responses((status = 200, description = "The statistics", body = Stats)),
    security(("scope" = ["metrics:read"])))]
pub(crate) async fn stats(State(state): State<AppState>, _: Scoped<needs::MetricsRead>) -> Json<Stats> {
    let telemetry = state.telemetry();
    Json(Stats::of(&telemetry.stats(), telemetry.anomaly()))
}
