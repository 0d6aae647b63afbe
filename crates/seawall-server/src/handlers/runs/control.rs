//! Cancel, pause, resume, retry: each a durable message to the run. 202 means that the message is durable.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use seawall_guard::problem::Path;
use seawall_store::RunId;

use crate::error::ApiResult;
use crate::extract::Id;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::Run;

type Accepted = ApiResult<(StatusCode, Json<Run>)>;

/// Cancel a run
///
/// Running attempts are stopped and settle by their effect class; then the run is cancelled. Of a run that has ended and whose
/// retry waits for a slot of its flow control, that retry is withdrawn at once: the run stays as it ended.
#[utoipa::path(post, path = "/api/v1/runs/{run_id}/cancel", tag = "runs", operation_id = "cancel_run",
    security(("scope" = ["runs:write"])),
    params(("run_id" = String, Path, description = "`run_…`")),
    responses((status = 202, description = "The run, as it is now", body = Run)),
    extensions(("x-problems" = json!(["conflict"]))))]
pub(crate) async fn cancel(
    State(state): State<AppState>,
    by: Scoped<needs::RunsWrite>,
    Path(Id(run)): Path<Id<RunId>>,
) -> Accepted {
    state.engine().cancel(by.engine(), run).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(state.engine().run(by.engine(), run).await?.into()),
    ))
}

/// Pause a run
///
/// No new attempt begins; running ones finish.
#[utoipa::path(post, path = "/api/v1/runs/{run_id}/pause", tag = "runs", operation_id = "pause_run",
    security(("scope" = ["runs:write"])),
    params(("run_id" = String, Path, description = "`run_…`")),
    responses((status = 202, description = "The run, as it is now", body = Run)),
    extensions(("x-problems" = json!(["conflict"]))))]
pub(crate) async fn pause(
    State(state): State<AppState>,
    by: Scoped<needs::RunsWrite>,
    Path(Id(run)): Path<Id<RunId>>,
) -> Accepted {
    state.engine().pause(by.engine(), run).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(state.engine().run(by.engine(), run).await?.into()),
    ))
}

/// Resume a run
///
/// After a pause, or a block whose cause is gone.
#[utoipa::path(post, path = "/api/v1/runs/{run_id}/resume", tag = "runs", operation_id = "resume_run",
    security(("scope" = ["runs:write"])),
    params(("run_id" = String, Path, description = "`run_…`")),
    responses((status = 202, description = "The run, as it is now", body = Run)),
    extensions(("x-problems" = json!(["conflict"]))))]
pub(crate) async fn resume(
    State(state): State<AppState>,
    by: Scoped<needs::RunsWrite>,
    Path(Id(run)): Path<Id<RunId>>,
) -> Accepted {
    state.engine().resume(by.engine(), run).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(state.engine().run(by.engine(), run).await?.into()),
    ))
}

/// Retry a run
///
/// From its failed steps on; what succeeded stays.
#[utoipa::path(post, path = "/api/v1/runs/{run_id}/retry", tag = "runs", operation_id = "retry_run",
    security(("scope" = ["runs:write"])),
    params(("run_id" = String, Path, description = "`run_…`")),
    responses((status = 202, description = "The run, as it is now", body = Run)),
    extensions(("x-problems" = json!(["conflict"]))))]
pub(crate) async fn retry(
    State(state): State<AppState>,
    by: Scoped<needs::RunsWrite>,
    Path(Id(run)): Path<Id<RunId>>,
) -> Accepted {
    state.engine().retry(by.engine(), run).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(state.engine().run(by.engine(), run).await?.into()),
    ))
}
