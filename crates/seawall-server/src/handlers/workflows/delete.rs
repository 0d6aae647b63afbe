use axum::extract::State;
use http::{HeaderMap, StatusCode};
use seawall_guard::problem::Path;

use super::answer::guard;
use crate::error::ApiResult;
use crate::extract::{Caller, workflow_ref};
use crate::state::AppState;

/// Delete a workflow
///
/// Its runs go on; its name is free again.
#[utoipa::path(delete, path = "/api/v1/workflows/{workflow_id}", tag = "workflows", operation_id = "delete_workflow",
    params(("workflow_id" = String, Path, description = "Id or name"),
        ("If-Match" = Option<String>, Header, description = "ETag of the version to delete")),
    responses((status = 204, description = "Deleted")),
    extensions(("x-problems" = json!(["precondition-failed"]))))]
pub(crate) async fn delete(
    State(state): State<AppState>,
    Caller(by): Caller,
    Path(workflow): Path<String>,
    headers: HeaderMap,
) -> ApiResult<StatusCode> {
    let target = workflow_ref(&workflow);
    let expected = guard(&state, &by, &target, &headers).await?;
    state.engine().delete_workflow(&by, &target, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
