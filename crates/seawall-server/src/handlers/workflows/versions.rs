use axum::Json;
use axum::extract::State;
use seawall_guard::problem::{Path, Query};

use crate::error::ApiResult;
use crate::extract::{page, workflow_ref};
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{List, ListQuery, WorkflowSummary};

/// List a workflow's versions
///
/// Newest first.
#[utoipa::path(get, path = "/api/v1/workflows/{workflow_id}/versions", tag = "workflows",
    operation_id = "list_workflow_versions",
    security(("scope" = ["workflows:read"])),
    params(("workflow_id" = String, Path, description = "Id or name"), ListQuery),
    responses((status = 200, description = "Part of the list", body = List<WorkflowSummary>)))]
pub(crate) async fn versions(
    State(state): State<AppState>,
    by: Scoped<needs::WorkflowsRead>,
    Path(workflow): Path<String>,
    Query(query): Query<ListQuery>,
) -> ApiResult<Json<List<WorkflowSummary>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let found = state
        .engine()
        .list_versions(by.engine(), &workflow_ref(&workflow), page)
        .await?;
    Ok(Json(List::of(found, WorkflowSummary::from)))
}
