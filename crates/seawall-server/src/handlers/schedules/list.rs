use axum::Json;
use axum::extract::State;
use seawall_guard::problem::Query;

use crate::error::ApiResult;
use crate::extract::{Caller, page};
use crate::state::AppState;
use crate::wire::{List, ListQuery, Schedule};

/// List schedules
///
/// Newest first.
#[utoipa::path(get, path = "/api/v1/schedules", tag = "schedules", operation_id = "list_schedules",
    params(ListQuery),
    responses((status = 200, description = "Part of the list", body = List<Schedule>)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    Caller(by): Caller,
    Query(query): Query<ListQuery>,
) -> ApiResult<Json<List<Schedule>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let found = state.engine().list_schedules(&by, page).await?;
    Ok(Json(List::of(found, Schedule::from)))
}
