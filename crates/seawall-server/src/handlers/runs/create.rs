use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use seawall_engine::WorkflowSource;
use seawall_guard::problem::Path;

use super::start::start;
use crate::error::ApiResult;
use crate::extract::{Keyed, wait_of, workflow_ref};
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{CreateRun, Run};

/// Run a workflow
///
/// Its latest version, durable before the answer.
#[utoipa::path(post, path = "/api/v1/workflows/{workflow_id}/runs", tag = "runs", operation_id = "create_run",
    security(("scope" = ["runs:write"])),
    params(("workflow_id" = String, Path, description = "Id or name"),
        ("Prefer" = Option<String>, Header, description = "`wait=SECONDS`, at most 60", example = "wait=10"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body replay the first answer")),
    request_body = CreateRun,
    responses(
        (status = 200, description = "It has ended within the wait", body = Run, headers(("Location" = String))),
        (status = 202, description = "It has begun", body = Run, headers(("Location" = String))),
    ),
    extensions(("x-problems" = json!(["idempotency-key-reused", "conflict", "workflow-invalid"]))))]
pub(crate) async fn create(
    State(state): State<AppState>,
    by: Scoped<needs::RunsWrite>,
    Path(workflow): Path<String>,
    headers: HeaderMap,
    Keyed { value, key }: Keyed<CreateRun>,
) -> ApiResult<Response> {
    let request = seawall_engine::CreateRun {
        workflow: WorkflowSource::Registered(workflow_ref(&workflow)),
        input: value.input,
        priority: value.priority,
        idempotency: key,
    };
    Ok(start(&state, by.engine(), request, wait_of(&headers)).await?)
}
