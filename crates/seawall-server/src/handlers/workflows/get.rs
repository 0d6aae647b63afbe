use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use seawall_guard::problem::Path;

use super::answer::answer;
use crate::error::ApiResult;
use crate::extract::workflow_ref;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::Workflow;

/// Read a workflow
///
/// Its latest version.
#[utoipa::path(get, path = "/api/v1/workflows/{workflow_id}", tag = "workflows", operation_id = "get_workflow",
    security(("scope" = ["workflows:read"])),
    params(("workflow_id" = String, Path, description = "Id or name")),
    responses((status = 200, description = "The workflow", body = Workflow, headers(("ETag" = String)))))]
pub(crate) async fn get(
    State(state): State<AppState>,
    by: Scoped<needs::WorkflowsRead>,
    Path(workflow): Path<String>,
) -> ApiResult<Response> {
    let record = state.engine().workflow(by.engine(), &workflow_ref(&workflow)).await?;
    answer(StatusCode::OK, record)
}
