use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use seawall_guard::problem::Path;

use super::answer::{answer, guard};
use crate::error::ApiResult;
use crate::extract::{DefinitionBody, workflow_ref};
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::Workflow;

/// Change a workflow
///
/// Writes the next version; the same definition again changes nothing. Runs stay with the version they began with.
#[utoipa::path(put, path = "/api/v1/workflows/{workflow_id}", tag = "workflows", operation_id = "update_workflow",
    security(("scope" = ["workflows:write"])),
    params(("workflow_id" = String, Path, description = "Id or name"),
        ("If-Match" = Option<String>, Header, description = "ETag of the version that the change is based on")),
    request_body(content((Object = "application/json"), (String = "application/yaml")),
        description = "A definition with the workflow's own name"),
    responses((status = 200, description = "The latest version", body = Workflow, headers(("ETag" = String)))),
    extensions(("x-problems" = json!(["workflow-invalid", "precondition-failed"]))))]
pub(crate) async fn update(
    State(state): State<AppState>,
    by: Scoped<needs::WorkflowsWrite>,
    Path(workflow): Path<String>,
    headers: HeaderMap,
    DefinitionBody(definition): DefinitionBody,
) -> ApiResult<Response> {
    let target = workflow_ref(&workflow);
    let expected = guard(&state, by.engine(), &target, &headers).await?;
    let record = state
        .engine()
        .update_workflow(by.engine(), &target, &definition, expected)
        .await?;
    answer(StatusCode::OK, record)
}
