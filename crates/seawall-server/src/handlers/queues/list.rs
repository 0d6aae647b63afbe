use axum::Json;
use axum::extract::State;
use seawall_guard::problem::Query;

use crate::error::ApiResult;
use crate::extract::page;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{List, ListQuery, Queue};

/// List queues
///
/// Those that have settings, or tasks that are not settled, by name.
#[utoipa::path(get, path = "/api/v1/queues", tag = "queues", operation_id = "list_queues",
    security(("scope" = ["runs:read"])),
    params(ListQuery),
    responses((status = 200, description = "Part of the list", body = List<Queue>)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    by: Scoped<needs::RunsRead>,
    Query(query): Query<ListQuery>,
) -> ApiResult<Json<List<Queue>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let found = state.engine().list_queues(by.engine(), page).await?;
    Ok(Json(List::of(found, Queue::from)))
}
