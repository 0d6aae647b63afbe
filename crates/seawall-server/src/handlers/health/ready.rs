use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use seawall_guard::problem::Verbatim;

use crate::state::AppState;
use crate::wire::{Check, CheckStatus, Readiness, ReadyStatus};

/// For all checks together.
const DEADLINE: Duration = Duration::from_secs(2);

/// Readiness
///
/// Whether this node takes new work. Every check is listed; a critical one that is down answers 503.
#[utoipa::path(get, path = "/ready", tag = "health", operation_id = "ready",
    responses(
        (status = 200, description = "New work is taken", body = Readiness),
        (status = 503, description = "Something critical is down, or the server is stopping", body = Readiness),
    ))]
pub(crate) async fn ready(State(state): State<AppState>) -> Response {
    answer(readiness(&state).await)
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
    answer(readiness(&state).await)
}

/// Runs all checks.
pub(super) async fn readiness(state: &AppState) -> Readiness {
    let server = Check {
        name: "server",
        status: CheckStatus::Up,
        critical: true,
        latency_ms: 0,
        detail: None,
    };
    let server = if state.draining().is_cancelled() {
        Check {
            status: CheckStatus::Down,
            detail: Some("the server is stopping"),
            ..server
        }
    } else {
        server
    };
    let checks = vec![server, store(state).await];
    let down = checks
        .iter()
        .any(|check| check.critical && check.status == CheckStatus::Down);
    Readiness {
        status: if down {
            ReadyStatus::Unavailable
        } else {
            ReadyStatus::Ready
        },
        checks,
    }
}

async fn store(state: &AppState) -> Check {
    let began = Instant::now();
    let result = tokio::time::timeout(DEADLINE, state.store().check()).await;
    let detail = match result {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => {
            tracing::warn!(error = %error, "the store's check failed");
            Some("the store cannot work")
        }
        Err(_) => Some("the store did not answer in time"),
    };
    Check {
        name: "store",
        status: if detail.is_none() {
            CheckStatus::Up
        } else {
            CheckStatus::Down
        },
        critical: true,
        latency_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        detail,
    }
}

fn answer(readiness: Readiness) -> Response {
    if readiness.status == ReadyStatus::Ready {
        return Json(readiness).into_response();
    }
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, Json(readiness)).into_response();
    // A report, not a rejection.
    response.extensions_mut().insert(Verbatim);
    response
}
