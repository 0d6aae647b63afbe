use axum::Json;
use axum::extract::State;
use seawall_guard::problem::Path;
use seawall_store::RunId;

use crate::error::ApiResult;
use crate::extract::Id;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::Run;

/// Read a run
#[utoipa::path(get, path = "/api/v1/runs/{run_id}", tag = "runs", operation_id = "get_run",
    security(("scope" = ["runs:read"])),
    params(("run_id" = String, Path, description = "`run_…`")),
    responses((status = 200, description = "The run", body = Run)))]
pub(crate) async fn get(
    State(state): State<AppState>,
    by: Scoped<needs::RunsRead>,
    Path(Id(run)): Path<Id<RunId>>,
) -> ApiResult<Json<Run>> {
    Ok(Json(state.engine().run(by.engine(), run).await?.into()))
}
