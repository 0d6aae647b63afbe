use axum::extract::State;
use http::{HeaderMap, StatusCode};
use seawall_guard::problem::Path;

use super::answer::guard;
use crate::error::ApiResult;
use crate::extract::workflow_ref;
use crate::identity::{Scoped, needs};
use crate::state::AppState;

/// Delete a workflow
///
/// Its runs go on; its name is free again.
#[utoipa::path(delete, path = "/api/v1/workflows/{workflow_id}", tag = "workflows", operation_id = "delete_workflow",
    security(("scope" = ["workflows:write"])),
    params(("workflow_id" = String, Path, description = "Id or name"),
        ("If-Match" = Option<String>, Header, description = "ETag of the version to delete")),
    responses((status = 204, description = "Deleted")),
    extensions(("x-problems" = json!(["precondition-failed"]))))]
pub(crate) async fn delete(
    State(state): State<AppState>,
    by: Scoped<needs::WorkflowsWrite>,
    Path(workflow): Path<String>,
    headers: HeaderMap,
) -> ApiResult<StatusCode> {
    let target = workflow_ref(&workflow);
    let expected = guard(&state, by.engine(), &target, &headers).await?;
    state.engine().delete_workflow(by.engine(), &target, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
