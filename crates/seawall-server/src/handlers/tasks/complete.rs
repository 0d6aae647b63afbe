use axum::Json;
use axum::extract::State;
use http::StatusCode;
use seawall_engine::TaskOutput;
use seawall_guard::problem::{self, Path, Pointer};
use seawall_store::TaskId;

use super::parse::lease;
use crate::error::ApiResult;
use crate::extract::Id;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{CompleteTask, TaskAccepted};

/// Complete a task
///
/// Durable when it is answered. An output that is too large is refused, and the task stays with the worker.
#[utoipa::path(post, path = "/api/v1/tasks/{task_id}/complete", tag = "tasks", operation_id = "complete_task",
    security(("scope" = ["tasks:work"])),
    params(("task_id" = String, Path, description = "`task_…`")),
    request_body = CompleteTask,
    responses((status = 202, description = "The run will take it", body = TaskAccepted)),
    extensions(("x-problems" = json!(["conflict"]))))]
pub(crate) async fn complete(
    State(state): State<AppState>,
    by: Scoped<needs::TasksWork>,
    Path(Id(id)): Path<Id<TaskId>>,
    problem::Json(body): problem::Json<CompleteTask>,
) -> ApiResult<(StatusCode, Json<TaskAccepted>)> {
    let lease = lease(&body.lease, &Pointer::root().key("lease"))?;
    let output = TaskOutput {
        id,
        lease,
        output: body.output,
    };
    state.engine().complete_task(by.engine(), output).await?;
    let accepted = TaskAccepted {
        id: id.to_string(),
        status: "accepted",
    };
    Ok((StatusCode::ACCEPTED, Json(accepted)))
}
