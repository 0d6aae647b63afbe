use axum::Json;
use axum::extract::State;
use seawall_guard::problem::{Pointer, Query};
use seawall_store::{RunFilter, RunStatus};

use crate::error::{ApiError, ApiResult};
use crate::extract::{Caller, page, workflow_ref};
use crate::state::AppState;
use crate::wire::{List, RunSummary, RunsQuery, Time};

/// List runs
///
/// Newest first, without inputs, outputs and steps.
#[utoipa::path(get, path = "/api/v1/runs", tag = "runs", operation_id = "list_runs", params(RunsQuery),
    responses((status = 200, description = "Part of the list", body = List<RunSummary>)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    Caller(by): Caller,
    Query(query): Query<RunsQuery>,
) -> ApiResult<Json<List<RunSummary>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let found = state.engine().list_runs(&by, filter(&query)?, page).await?;
    Ok(Json(List::of(found, RunSummary::from)))
}

fn filter(query: &RunsQuery) -> ApiResult<RunFilter> {
    let invalid = |name: &str, message: &str| ApiError::invalid(&Pointer::root().key(name), "invalid-value", message);
    let status = match query.status.as_deref() {
        None => None,
        Some(text) => Some(RunStatus::parse(text).ok_or_else(|| invalid("status", "expected the status of a run"))?),
    };
    let since = match query.since.as_deref() {
        None => None,
        Some(text) => {
            let time = text.parse::<Time>();
            Some(
                time.map_err(|_| invalid("since", "expected a time such as 2026-01-02T03:04:05Z"))?
                    .0,
            )
        }
    };
    Ok(RunFilter {
        status,
        workflow: query.workflow.as_deref().map(workflow_ref),
        since,
    })
}
