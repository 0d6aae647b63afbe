use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use seawall_engine::EngineError;
use seawall_guard::problem::Path;
use seawall_store::RunId;

use super::start::begun;
use crate::error::ApiResult;
use crate::extract::{Id, Keyed, wait_of};
use crate::identity::{Scope, Scoped, needs};
use crate::state::AppState;
use crate::wire::{ForkRun, Run};

/// Fork a run
///
/// A new run with the results of this one, whether it has ended or not, up to a step. That step and whatever needs it are
/// done again, with another input or another definition (which needs `workflows:write` too) if one comes along.
#[utoipa::path(post, path = "/api/v1/runs/{run_id}/fork", tag = "runs", operation_id = "fork_run",
    security(("scope" = ["runs:write"])),
    params(("run_id" = String, Path, description = "`run_…`"),
        ("Prefer" = Option<String>, Header, description = "`wait=SECONDS`, at most 60", example = "wait=10"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body replay the first answer")),
    request_body = ForkRun,
    responses(
        (status = 200, description = "It has ended within the wait", body = Run, headers(("Location" = String))),
        (status = 202, description = "It has begun", body = Run, headers(("Location" = String))),
    ),
    extensions(("x-problems" = json!(["conflict", "idempotency-key-reused", "workflow-invalid"]))))]
pub(crate) async fn fork(
    State(state): State<AppState>,
    by: Scoped<needs::RunsWrite>,
    Path(Id(run)): Path<Id<RunId>>,
    headers: HeaderMap,
    Keyed { value, key }: Keyed<ForkRun>,
) -> ApiResult<Response> {
    if value.definition.is_some() {
        by.principal().require(Scope::WorkflowsWrite)?;
    }
    let request = seawall_engine::ForkRun {
        from_step: value.from_step,
        input: value.input,
        definition: value.definition,
        idempotency: key,
    };
    let engine = state.engine();
    let started = engine.fork_run(by.engine(), run, request).await.map_err(within_body)?;
    let wait = wait_of(&headers);
    let view = match wait {
        // A stop of the server ends the wait.
        Some(limit) if !limit.is_zero() => tokio::select! {
            view = engine.wait(by.engine(), started.run, limit) => view?,
            () = state.draining().cancelled() => engine.run(by.engine(), started.run).await?,
        },
        _ => engine.run(by.engine(), started.run).await?,
    };
    Ok(begun(&started, view, wait))
}

/// The definition is a part of this body: so are its pointers.
fn within_body(error: EngineError) -> EngineError {
    match error {
        EngineError::InvalidDefinition(mut errors) => {
            for error in &mut errors {
                error.pointer.insert_str(0, "/definition");
            }
            EngineError::InvalidDefinition(errors)
        }
        other => other,
    }
}
