use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use seawall_engine::{EngineError, WorkflowSource};
use seawall_guard::problem::Pointer;
use serde_json::Value;

use super::start::start;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Keyed, wait_of, workflow_ref};
use crate::identity::{Scope, Scoped, needs};
use crate::state::AppState;
use crate::wire::{CreateInlineRun, Run};

/// Run a definition
///
/// One that comes along (which needs `workflows:write` too), or a registered workflow by name.
#[utoipa::path(post, path = "/api/v1/workflows/run", tag = "runs", operation_id = "create_inline_run",
    security(("scope" = ["runs:write"])),
    params(("Prefer" = Option<String>, Header, description = "`wait=SECONDS`, at most 60", example = "wait=10"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body replay the first answer")),
    request_body = CreateInlineRun,
    responses(
        (status = 200, description = "It has ended within the wait", body = Run, headers(("Location" = String))),
        (status = 202, description = "It has begun", body = Run, headers(("Location" = String))),
    ),
    extensions(("x-problems" = json!(["idempotency-key-reused", "conflict", "workflow-invalid", "not-found"]))))]
pub(crate) async fn create_inline(
    State(state): State<AppState>,
    by: Scoped<needs::RunsWrite>,
    headers: HeaderMap,
    Keyed { value, key }: Keyed<CreateInlineRun>,
) -> ApiResult<Response> {
    let inline = value.workflow.is_object();
    if inline {
        // It is as good as registering it.
        by.principal().require(Scope::WorkflowsWrite)?;
    }
    let request = seawall_engine::CreateRun {
        workflow: source(value.workflow)?,
        input: value.input,
        priority: value.priority,
        idempotency: key,
    };
    Ok(start(&state, by.engine(), request, wait_of(&headers))
        .await
        .map_err(|error| if inline { within_body(error) } else { error })?)
}

fn source(workflow: Value) -> ApiResult<WorkflowSource> {
    match workflow {
        Value::String(name) => Ok(WorkflowSource::Registered(workflow_ref(&name))),
        definition @ Value::Object(_) => Ok(WorkflowSource::Inline(definition)),
        _ => {
            let pointer = Pointer::root().key("workflow");
            Err(ApiError::invalid(
                &pointer,
                "invalid-type",
                "expected a definition or the name of a workflow",
            ))
        }
    }
}

/// The definition is a part of this body: so are its pointers.
fn within_body(error: EngineError) -> EngineError {
    match error {
        EngineError::InvalidDefinition(mut errors) => {
            for error in &mut errors {
                error.pointer.insert_str(0, "/workflow");
            }
            EngineError::InvalidDefinition(errors)
        }
        // A key or a priority that the definition makes of the input; the body's own priority is another code.
        EngineError::Invalid {
            mut pointer,
            code,
            message,
        } if code.starts_with("flow-key") || code == "priority-invalid" => {
            pointer.insert_str(0, "/workflow");
            EngineError::Invalid { pointer, code, message }
        }
        other => other,
    }
}
