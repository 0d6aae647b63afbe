//! Cancel and retry by filter: each run gets its own durable message, and its own answer.

use axum::Json;
use axum::extract::State;
use seawall_engine::BulkVerb;

use crate::error::ApiResult;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{Bulk, BulkRequest};

type Answer = ApiResult<Json<Bulk>>;

/// Cancel many runs
///
/// Those that have not ended and fit the filter, newest first.
#[utoipa::path(post, path = "/api/v1/runs/cancel", tag = "runs", operation_id = "cancel_runs",
    security(("scope" = ["runs:write"])),
    request_body = BulkRequest,
    responses((status = 200, description = "What became of each of them", body = Bulk)))]
pub(crate) async fn cancel(
    State(state): State<AppState>,
    by: Scoped<needs::RunsWrite>,
    seawall_guard::problem::Json(request): seawall_guard::problem::Json<BulkRequest>,
) -> Answer {
    many(&state, by.engine(), BulkVerb::Cancel, request).await
}

/// Retry many runs
///
/// Those that failed or were cancelled and fit the filter, newest first, each from its failed steps on.
#[utoipa::path(post, path = "/api/v1/runs/retry", tag = "runs", operation_id = "retry_runs",
    security(("scope" = ["runs:write"])),
    request_body = BulkRequest,
    responses((status = 200, description = "What became of each of them", body = Bulk)))]
pub(crate) async fn retry(
    State(state): State<AppState>,
    by: Scoped<needs::RunsWrite>,
    seawall_guard::problem::Json(request): seawall_guard::problem::Json<BulkRequest>,
) -> Answer {
    many(&state, by.engine(), BulkVerb::Retry, request).await
}

async fn many(state: &AppState, by: &seawall_engine::Principal, verb: BulkVerb, request: BulkRequest) -> Answer {
    let request = request.read(verb.allowed())?;
    Ok(Json(state.engine().bulk(by, verb, &request).await?.into()))
}
