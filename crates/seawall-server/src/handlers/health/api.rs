use axum::Json;
use axum::extract::State;

use super::ready::readiness;
use crate::state::AppState;
use crate::wire::{Health, ReadyStatus};

/// State of the service
///
/// `ok`, or `unavailable` while no new work is taken.
#[utoipa::path(get, path = "/api/v1/health", tag = "health", operation_id = "api_health",
    responses((status = 200, description = "The state", body = Health)))]
pub(crate) async fn api_health(State(state): State<AppState>) -> Json<Health> {
    let status = match readiness(&state).await.status {
        ReadyStatus::Ready => "ok",
        ReadyStatus::Unavailable => "unavailable",
    };
    Json(Health { status })
}
