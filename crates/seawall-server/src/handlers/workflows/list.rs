use axum::Json;
use axum::extract::State;
use seawall_guard::problem::Query;

use crate::error::ApiResult;
use crate::extract::page;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{List, ListQuery, WorkflowSummary};

/// List workflows
///
/// Latest versions, newest workflow first.
#[utoipa::path(get, path = "/api/v1/workflows", tag = "workflows", operation_id = "list_workflows",
    security(("scope" = ["workflows:read"])),
    params(ListQuery),
    responses((status = 200, description = "Part of the list", body = List<WorkflowSummary>)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    by: Scoped<needs::WorkflowsRead>,
    Query(query): Query<ListQuery>,
) -> ApiResult<Json<List<WorkflowSummary>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let found = state.engine().list_workflows(by.engine(), page).await?;
    Ok(Json(List::of(found, WorkflowSummary::from)))
}
