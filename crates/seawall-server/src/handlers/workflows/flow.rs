use axum::Json;
use axum::extract::State;
use seawall_guard::problem::{Path, Query};

use crate::error::ApiResult;
use crate::extract::{page, workflow_ref};
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{Flow, ListQuery};

/// Look at a workflow's flow control
///
/// What runs and waits, for each key.
#[utoipa::path(get, path = "/api/v1/workflows/{workflow_id}/flow", tag = "workflows", operation_id = "get_workflow_flow",
    security(("scope" = ["runs:read"])),
    params(("workflow_id" = String, Path, description = "Id or name"), ListQuery),
    responses((status = 200, description = "Its limits, and part of the list of keys", body = Flow)))]
pub(crate) async fn flow(
    State(state): State<AppState>,
    by: Scoped<needs::RunsRead>,
    Path(workflow): Path<String>,
    Query(query): Query<ListQuery>,
) -> ApiResult<Json<Flow>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let found = state.engine().flow(by.engine(), &workflow_ref(&workflow), page).await?;
    Ok(Json(Flow::of(found)))
}
