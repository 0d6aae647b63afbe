use axum::Json;
use axum::extract::State;
use seawall_guard::problem::{self, Path, Pointer};
use seawall_store::TaskId;

use super::parse::lease;
use crate::error::ApiResult;
use crate::extract::Id;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{Beat, Heartbeat};

/// Keep a task
///
/// Prolongs the lease to as long from now as it was claimed for, at most to the attempt's deadline.
#[utoipa::path(post, path = "/api/v1/tasks/{task_id}/heartbeat", tag = "tasks", operation_id = "heartbeat_task",
    security(("scope" = ["tasks:work"])),
    params(("task_id" = String, Path, description = "`task_…`")),
    request_body = Heartbeat,
    responses((status = 200, description = "It is still this worker's", body = Beat)),
    extensions(("x-problems" = json!(["conflict"]))))]
pub(crate) async fn heartbeat(
    State(state): State<AppState>,
    by: Scoped<needs::TasksWork>,
    Path(Id(id)): Path<Id<TaskId>>,
    problem::Json(body): problem::Json<Heartbeat>,
) -> ApiResult<Json<Beat>> {
    let lease = lease(&body.lease, &Pointer::root().key("lease"))?;
    let beat = state
        .engine()
        .heartbeat_task(by.engine(), id, lease, body.progress.as_ref())
        .await?;
    Ok(Json(beat.into()))
}
