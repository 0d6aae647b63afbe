use axum::Json;
use axum::extract::State;
use http::StatusCode;
use seawall_engine::TaskFailure;
use seawall_guard::problem::{self, Path, Pointer};
use seawall_store::TaskId;

use super::parse::{duration, lease};
use crate::error::ApiResult;
use crate::extract::Id;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{FailTask, TaskAccepted};

/// Fail a task
///
/// The step's retry policy decides whether there is another attempt; a `once` step is attempted again only on a code that
/// its `retry.on` names.
#[utoipa::path(post, path = "/api/v1/tasks/{task_id}/fail", tag = "tasks", operation_id = "fail_task",
    security(("scope" = ["tasks:work"])),
    params(("task_id" = String, Path, description = "`task_…`")),
    request_body = FailTask,
    responses((status = 202, description = "The run will take it", body = TaskAccepted)),
    extensions(("x-problems" = json!(["conflict"]))))]
pub(crate) async fn fail(
    State(state): State<AppState>,
    by: Scoped<needs::TasksWork>,
    Path(Id(id)): Path<Id<TaskId>>,
    problem::Json(body): problem::Json<FailTask>,
) -> ApiResult<(StatusCode, Json<TaskAccepted>)> {
    let lease = lease(&body.lease, &Pointer::root().key("lease"))?;
    let retry_after = body.retry_after.as_deref().map(|text| duration("retry_after", text));
    let failure = TaskFailure {
        message: body.message,
        code: body.code,
        retryable: body.retryable.unwrap_or(true),
        retry_after: retry_after.transpose()?,
    };
    state.engine().fail_task(by.engine(), id, lease, failure).await?;
    let accepted = TaskAccepted {
        id: id.to_string(),
        status: "accepted",
    };
    Ok((StatusCode::ACCEPTED, Json(accepted)))
}
