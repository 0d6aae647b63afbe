use axum::Json;
use axum::extract::State;
use seawall_engine::{ActivityRef, EngineError};
use seawall_guard::problem::Path;
use seawall_store::RunId;

use crate::error::ApiResult;
use crate::extract::{ActivityId, Id};
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::RunStep;

/// Read a step of a run
///
/// With its whole output, also where the run leaves it out.
#[utoipa::path(get, path = "/api/v1/runs/{run_id}/steps/{step_id}", tag = "runs", operation_id = "get_step",
    security(("scope" = ["runs:read"])),
    params(("run_id" = String, Path, description = "`run_…`"), ("step_id" = String, Path, description = "A step")),
    responses((status = 200, description = "The step", body = RunStep)),
    extensions(("x-problems" = json!(["conflict"]))))]
pub(crate) async fn step(
    State(state): State<AppState>,
    by: Scoped<needs::RunsRead>,
    Path(target): Path<(Id<RunId>, ActivityId)>,
) -> ApiResult<Json<RunStep>> {
    let (Id(run), ActivityId(activity)) = target;
    if activity != ActivityRef::step(activity.step.clone()) {
        // Items and parts have no output of their own to be read.
        return Err(EngineError::NotFound("step").into());
    }
    Ok(Json(
        state.engine().step(by.engine(), run, &activity.step).await?.into(),
    ))
}
