use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header;
use seawall_guard::problem::Problem;

use super::access;
use crate::openapi::OpenApiText;
use crate::state::AppState;

/// This description
#[utoipa::path(get, path = "/openapi.json", tag = "documentation", operation_id = "openapi",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)),
    extensions(("x-problems" = json!(["unauthenticated", "not-found"]))))]
pub(crate) async fn openapi(
    State(state): State<AppState>,
    Extension(OpenApiText(text)): Extension<OpenApiText>,
) -> Result<Response, Problem> {
    access::check(&state)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}
