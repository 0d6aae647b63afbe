use axum::Json;
use axum::extract::State;
use seawall_guard::problem::Query;

use crate::error::ApiResult;
use crate::extract::page;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{List, ListQuery, Schedule};

/// Bytes of JSON, about, that the inputs in one answer take.
const MAX_INPUTS: usize = 4 * 1024 * 1024;

/// List schedules
///
/// Newest first. Inputs that would make the answer larger than about 4 MiB are left out (`input_omitted`).
#[utoipa::path(get, path = "/api/v1/schedules", tag = "schedules", operation_id = "list_schedules",
    security(("scope" = ["runs:read"])),
    params(ListQuery),
    responses((status = 200, description = "Part of the list", body = List<Schedule>)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    by: Scoped<needs::RunsRead>,
    Query(query): Query<ListQuery>,
) -> ApiResult<Json<List<Schedule>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let found = state.engine().list_schedules(by.engine(), page).await?;
    let mut room = MAX_INPUTS;
    Ok(Json(List::of(found, |view| Schedule::within(view, &mut room))))
}
