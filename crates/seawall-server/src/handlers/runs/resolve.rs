use axum::Json;
use axum::extract::State;
use http::StatusCode;
use seawall_engine::{Datum, Resolution};
use seawall_guard::problem::{self, Path, Pointer};
use seawall_store::RunId;
use serde_json::Value;

use crate::error::{ApiError, ApiResult};
use crate::extract::{ActivityId, Id};
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{Resolve, ResolveOutcome, Run};

/// Settle an unknown outcome
///
/// A person who has looked says what became of a step that may or may not have had its effect.
#[utoipa::path(post, path = "/api/v1/runs/{run_id}/steps/{step_id}/resolve", tag = "runs", operation_id = "resolve_step",
    security(("scope" = ["runs:write"])),
    params(("run_id" = String, Path, description = "`run_…`"),
        ("step_id" = String, Path, description = "A step, one item of a map step (`counts[3]`), or what undoes them (`counts.compensate`)")),
    request_body = Resolve,
    responses((status = 202, description = "The run, as it is now", body = Run)),
    extensions(("x-problems" = json!(["conflict"]))))]
pub(crate) async fn resolve(
    State(state): State<AppState>,
    by: Scoped<needs::RunsWrite>,
    Path(target): Path<(Id<RunId>, ActivityId)>,
    problem::Json(body): problem::Json<Resolve>,
) -> ApiResult<(StatusCode, Json<Run>)> {
    let (Id(run), ActivityId(activity)) = target;
    state
        .engine()
        .resolve(by.engine(), run, activity, resolution(body)?)
        .await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(state.engine().run(by.engine(), run).await?.into()),
    ))
}

fn resolution(body: Resolve) -> ApiResult<Resolution> {
    let refuse = |field: &str, outcome: &str| {
        let pointer = Pointer::root().key(field);
        ApiError::invalid(
            &pointer,
            "not-allowed",
            format!("only the outcome `{outcome}` has this"),
        )
    };
    if body.output.is_some() && body.outcome != ResolveOutcome::Succeeded {
        return Err(refuse("output", "succeeded"));
    }
    if body.message.is_some() && body.outcome != ResolveOutcome::Failed {
        return Err(refuse("message", "failed"));
    }
    Ok(match body.outcome {
        ResolveOutcome::Succeeded => Resolution::Succeeded(Datum::new(body.output.unwrap_or(Value::Null))),
        ResolveOutcome::Failed => {
            let message = body
                .message
                .unwrap_or_else(|| "a person found that it had failed".to_owned());
            Resolution::Failed(message)
        }
        ResolveOutcome::Retry => Resolution::Retry,
    })
}
