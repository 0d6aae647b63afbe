use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::answer::answer;
use crate::error::ApiResult;
use crate::extract::{Caller, DefinitionBody};
use crate::state::AppState;
use crate::wire::Workflow;

/// Register a workflow
///
/// Version 1 of a definition, under its name.
#[utoipa::path(post, path = "/api/v1/workflows", tag = "workflows", operation_id = "create_workflow",
    request_body(content((Object = "application/json"), (String = "application/yaml")),
        description = "A definition; see /api/v1/schemas/workflow"),
    responses((status = 201, description = "Registered", body = Workflow,
        headers(("Location" = String), ("ETag" = String)))),
    extensions(("x-problems" = json!(["workflow-invalid", "conflict"]))))]
pub(crate) async fn create(
    State(state): State<AppState>,
    Caller(by): Caller,
    DefinitionBody(definition): DefinitionBody,
) -> ApiResult<Response> {
    let record = state.engine().create_workflow(&by, &definition).await?;
    answer(StatusCode::CREATED, record)
}
