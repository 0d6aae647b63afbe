use axum::Extension;
use axum::response::{IntoResponse as _, Response};
use http::header;

use super::access::MayRead;
use crate::openapi::OpenApiText;

/// This description
#[utoipa::path(get, path = "/openapi.json", tag = "documentation", operation_id = "openapi",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)),
    extensions(("x-problems" = json!(["unauthenticated", "not-found"]))))]
pub(crate) async fn openapi(_: MayRead, Extension(OpenApiText(text)): Extension<OpenApiText>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}
