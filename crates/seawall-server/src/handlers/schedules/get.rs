use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use seawall_guard::problem::Path;
use seawall_store::ScheduleId;

use super::answer::answer;
use crate::error::ApiResult;
use crate::extract::{Caller, Id};
use crate::state::AppState;
use crate::wire::Schedule;

/// Read a schedule
#[utoipa::path(get, path = "/api/v1/schedules/{schedule_id}", tag = "schedules", operation_id = "get_schedule",
    params(("schedule_id" = String, Path, description = "`sched_…`")),
    responses((status = 200, description = "The schedule", body = Schedule, headers(("ETag" = String)))))]
pub(crate) async fn get(
    State(state): State<AppState>,
    Caller(by): Caller,
    Path(Id(id)): Path<Id<ScheduleId>>,
) -> ApiResult<Response> {
    Ok(answer(StatusCode::OK, state.engine().schedule(&by, id).await?))
}
