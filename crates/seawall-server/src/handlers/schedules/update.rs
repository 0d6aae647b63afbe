use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use seawall_guard::problem::{Json, Path};
use seawall_store::ScheduleId;

use super::answer::{answer, guard};
use crate::error::ApiResult;
use crate::extract::Id;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{Schedule, ScheduleRequest};

/// Change a schedule
///
/// Replaces all settings, `paused` too. Times up to now are done with: what came during a pause is not made up for.
#[utoipa::path(put, path = "/api/v1/schedules/{schedule_id}", tag = "schedules", operation_id = "update_schedule",
    security(("scope" = ["runs:write"])),
    params(("schedule_id" = String, Path, description = "`sched_…`"),
        ("If-Match" = Option<String>, Header, description = "ETag of the settings that the change is based on")),
    request_body = ScheduleRequest,
    responses((status = 200, description = "The schedule", body = Schedule, headers(("ETag" = String)))),
    extensions(("x-problems" = json!(["precondition-failed"]))))]
pub(crate) async fn update(
    State(state): State<AppState>,
    by: Scoped<needs::RunsWrite>,
    Path(Id(id)): Path<Id<ScheduleId>>,
    headers: HeaderMap,
    Json(request): Json<ScheduleRequest>,
) -> ApiResult<Response> {
    let expected = guard(&state, by.engine(), id, &headers).await?;
    let view = state
        .engine()
        .update_schedule(by.engine(), id, request.try_into()?, expected)
        .await?;
    Ok(answer(StatusCode::OK, view))
}
