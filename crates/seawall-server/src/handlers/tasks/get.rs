use axum::Json;
use axum::extract::State;
use seawall_engine::EngineError;
use seawall_guard::problem::Path;
use seawall_store::TaskId;

use crate::error::ApiResult;
use crate::extract::Id;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::Task;

/// Look at a task
///
/// Whose it is and how it stands, as long as its run is there. Its lease is told to nobody but its worker.
#[utoipa::path(get, path = "/api/v1/tasks/{task_id}", tag = "tasks", operation_id = "get_task",
    security(("scope" = ["runs:read"])),
    params(("task_id" = String, Path, description = "`task_…`")),
    responses((status = 200, description = "The task", body = Task)))]
pub(crate) async fn get(
    State(state): State<AppState>,
    by: Scoped<needs::RunsRead>,
    Path(Id(id)): Path<Id<TaskId>>,
) -> ApiResult<Json<Task>> {
    let record = state.engine().task(by.engine(), id).await?;
    let task = Task::of(record).ok_or_else(|| EngineError::Corrupt(format!("the row of task {id} cannot be shown")))?;
    Ok(Json(task))
}
