use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use seawall_guard::problem::Path;
use seawall_store::ScheduleId;

use super::answer::answer;
use crate::error::ApiResult;
use crate::extract::Id;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::Schedule;

/// Read a schedule
#[utoipa::path(get, path = "/api/v1/schedules/{schedule_id}", tag = "schedules", operation_id = "get_schedule",
    security(("scope" = ["runs:read"])),
    params(("schedule_id" = String, Path, description = "`sched_…`")),
    responses((status = 200, description = "The schedule", body = Schedule, headers(("ETag" = String)))))]
pub(crate) async fn get(
    State(state): State<AppState>,
    by: Scoped<needs::RunsRead>,
    Path(Id(id)): Path<Id<ScheduleId>>,
) -> ApiResult<Response> {
    Ok(answer(StatusCode::OK, state.engine().schedule(by.engine(), id).await?))
}
