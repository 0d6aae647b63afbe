use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{self, HeaderValue};
use seawall_guard::health::Overall;
use seawall_guard::problem::Verbatim;

use crate::state::AppState;
use crate::wire::Readiness;

/// Readiness
///
/// Whether this node takes new work. Every check is listed; a critical one that is down answers 503.
#[utoipa::path(get, path = "/ready", tag = "health", operation_id = "ready",
    responses(
        (status = 200, description = "New work is taken", body = Readiness),
        (status = 503, description = "Something critical is down, or the server is stopping", body = Readiness),
    ))]
pub(crate) async fn ready(State(state): State<AppState>) -> Response {
    answer(&state).await
}

/// Readiness
///
/// The same as `/ready`.
#[utoipa::path(get, path = "/health/ready", tag = "health", operation_id = "health_ready",
    responses(
        (status = 200, description = "New work is taken", body = Readiness),
        (status = 503, description = "Something critical is down, or the server is stopping", body = Readiness),
    ))]
pub(crate) async fn health_ready(State(state): State<AppState>) -> Response {
    answer(&state).await
}

async fn answer(state: &AppState) -> Response {
    let report = state.readiness().report().await;
    let status = match report.overall {
        Overall::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Overall::Ready | Overall::Degraded => StatusCode::OK,
    };
    let mut response = (status, Json(Readiness::of(&report))).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A report, not a rejection.
    response.extensions_mut().insert(Verbatim);
    response
}
