use axum::response::Response;
use http::HeaderMap;
use seawall_guard::problem::{Path, Problem, list_page, page};

use crate::problems::CATALOG;

/// All kinds of rejection
///
/// As HTML or JSON, by `Accept`.
#[utoipa::path(get, path = "/problems", tag = "documentation", operation_id = "list_problems",
    responses((status = 200, description = "The list", body = Object)),
    extensions(("x-problems" = json!(["not-acceptable"]))))]
pub(crate) async fn list(headers: HeaderMap) -> Result<Response, Problem> {
    list_page(&CATALOG, &headers)
}

/// One kind of rejection
///
/// As HTML or JSON, by `Accept`.
#[utoipa::path(get, path = "/problems/{code}", tag = "documentation", operation_id = "problem",
    params(("code" = String, Path, description = "The `code` of a problem document")),
    responses((status = 200, description = "What it means and what to do", body = Object)),
    extensions(("x-problems" = json!(["not-acceptable"]))))]
pub(crate) async fn one(Path(code): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    page(&CATALOG, &code, &headers)
}
