use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header;
use seawall_guard::problem::Path;
use seawall_store::RunId;

use crate::error::ApiResult;
use crate::extract::Id;
use crate::identity::{Scoped, needs};
use crate::state::AppState;

/// Export a run
///
/// A self-contained document: the run, its definition and its journal, as far as they are durable now. It holds the run's
/// inputs and outputs. `seawall runs replay` reads it.
#[utoipa::path(get, path = "/api/v1/runs/{run_id}/export", tag = "runs", operation_id = "export_run",
    security(("scope" = ["runs:read"])),
    params(("run_id" = String, Path, description = "`run_…`")),
    responses((status = 200, description = "The document", body = Object,
        headers(("content-disposition" = String, description = "A name for its file")))),
    extensions(("x-problems" = json!(["conflict"]))))]
pub(crate) async fn export(
    State(state): State<AppState>,
    by: Scoped<needs::RunsRead>,
    Path(Id(run)): Path<Id<RunId>>,
) -> ApiResult<Response> {
    let export = state.engine().export(by.engine(), run).await?;
    let file = format!("attachment; filename=\"{}\"", export.file_name());
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, file),
    ];
    Ok((headers, export.bytes).into_response())
}
