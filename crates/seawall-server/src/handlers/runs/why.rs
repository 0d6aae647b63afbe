use axum::Json;
use axum::extract::State;
use seawall_guard::problem::Path;
use seawall_store::RunId;

use crate::error::ApiResult;
use crate::extract::Id;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::WhyAnswer;

/// Ask why a run does not go on
#[utoipa::path(get, path = "/api/v1/runs/{run_id}/why", tag = "runs", operation_id = "why",
    security(("scope" = ["runs:read"])),
    params(("run_id" = String, Path, description = "`run_…`")),
    responses((status = 200, description = "What it waits for", body = WhyAnswer)))]
pub(crate) async fn why(
    State(state): State<AppState>,
    by: Scoped<needs::RunsRead>,
    Path(Id(run)): Path<Id<RunId>>,
) -> ApiResult<Json<WhyAnswer>> {
    Ok(Json(state.engine().why(by.engine(), run).await?.into()))
}
