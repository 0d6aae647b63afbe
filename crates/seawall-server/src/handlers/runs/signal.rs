use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::HeaderValue;
use seawall_guard::problem::{self, Path};
use seawall_store::RunId;

use crate::error::ApiResult;
use crate::extract::{Id, REPLAYED};
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{Run, Signal};

/// Send a signal to a run
///
/// Durable, and taken once for each `id` of a `name`: sent again with the same payload it changes nothing, with another one it
/// is a conflict.
#[utoipa::path(post, path = "/api/v1/runs/{run_id}/signals/{name}", tag = "runs", operation_id = "signal_run",
    security(("scope" = ["runs:write"])),
    params(("run_id" = String, Path, description = "`run_…`"),
        ("name" = String, Path, description = "What a `wait_signal` step waits for")),
    request_body = Signal,
    responses((status = 202, description = "The run, as it is now", body = Run,
        headers(("Idempotency-Replayed" = Option<String>, description = "`true`: a signal of this name and id was taken before")))),
    extensions(("x-problems" = json!(["conflict"]))))]
pub(crate) async fn signal(
    State(state): State<AppState>,
    by: Scoped<needs::RunsWrite>,
    Path(target): Path<(Id<RunId>, String)>,
    problem::Json(signal): problem::Json<Signal>,
) -> ApiResult<Response> {
    let (Id(run), name) = target;
    let id = signal.id.as_deref();
    let is_new = state
        .engine()
        .signal(by.engine(), run, &name, id, signal.payload)
        .await?;
    let view = state.engine().run(by.engine(), run).await?;
    let mut response = (StatusCode::ACCEPTED, Json(Run::from(view))).into_response();
    if !is_new {
        response
            .headers_mut()
            .insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}
