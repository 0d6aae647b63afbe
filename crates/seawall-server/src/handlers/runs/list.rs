use axum::Json;
use axum::extract::State;
use seawall_guard::problem::Query;

use crate::error::ApiResult;
use crate::extract::{RunsQueryParts, page};
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{List, RunSummary, RunsQuery};

/// List runs
///
/// Newest first, without inputs, outputs and steps. Parameters that are not known are refused.
#[utoipa::path(get, path = "/api/v1/runs", tag = "runs", operation_id = "list_runs",
    security(("scope" = ["runs:read"])), params(RunsQuery),
    responses((status = 200, description = "Part of the list", body = List<RunSummary>)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    by: Scoped<needs::RunsRead>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> ApiResult<Json<List<RunSummary>>> {
    let query = RunsQueryParts::read(pairs)?;
    let page = page(query.limit, query.cursor.as_deref())?;
    let found = state.engine().search_runs(by.engine(), &query.search, page).await?;
    Ok(Json(List::of(found, RunSummary::from)))
}
