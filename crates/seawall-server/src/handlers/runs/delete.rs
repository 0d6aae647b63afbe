use axum::extract::State;
use http::StatusCode;
use seawall_guard::problem::Path;
use seawall_store::RunId;

use crate::error::ApiResult;
use crate::extract::Id;
use crate::identity::{Scoped, needs};
use crate::state::AppState;

/// Delete a run
///
/// A run that has ended is forgotten, with its journal, its approvals and its output. Runs leave by themselves some time
/// after their end (`RUN_RETENTION`); this is for one that must not stay so long. While it has not ended, its parent is
/// there, a child has not ended or its `Idempotency-Key` counts, it stays.
///
/// A run that cannot be read (its journal is damaged, its definition is gone, or it was written by a newer Seawall) is
/// deleted as it stands, ended or not, unless a node executes it or a child has not ended: its tasks leave their queues, its
/// slot is free, and a parent that waits for it is told `child-deleted`. What it has done stays done.
#[utoipa::path(delete, path = "/api/v1/runs/{run_id}", tag = "runs", operation_id = "delete_run",
    security(("scope" = ["runs:write"])),
    params(("run_id" = String, Path, description = "`run_…`")),
    responses((status = 204, description = "Deleted")),
    extensions(("x-problems" = json!(["conflict", "overloaded"]))))]
pub(crate) async fn delete(
    State(state): State<AppState>,
    by: Scoped<needs::RunsWrite>,
    Path(Id(run)): Path<Id<RunId>>,
) -> ApiResult<StatusCode> {
    state.engine().delete_run(by.engine(), run).await?;
    Ok(StatusCode::NO_CONTENT)
}
