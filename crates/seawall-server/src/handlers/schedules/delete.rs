use axum::extract::State;
use http::{HeaderMap, StatusCode};
use seawall_guard::problem::Path;
use seawall_store::ScheduleId;

use super::answer::guard;
use crate::error::ApiResult;
use crate::extract::Id;
use crate::identity::{Scoped, needs};
use crate::state::AppState;

/// Delete a schedule
///
/// Its runs go on.
#[utoipa::path(delete, path = "/api/v1/schedules/{schedule_id}", tag = "schedules", operation_id = "delete_schedule",
    security(("scope" = ["runs:write"])),
    params(("schedule_id" = String, Path, description = "`sched_…`"),
        ("If-Match" = Option<String>, Header, description = "ETag of the settings that are to be deleted")),
    responses((status = 204, description = "Deleted")),
    extensions(("x-problems" = json!(["precondition-failed"]))))]
pub(crate) async fn delete(
    State(state): State<AppState>,
    by: Scoped<needs::RunsWrite>,
    Path(Id(id)): Path<Id<ScheduleId>>,
    headers: HeaderMap,
) -> ApiResult<StatusCode> {
    let expected = guard(&state, by.engine(), id, &headers).await?;
    state.engine().delete_schedule(by.engine(), id, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
