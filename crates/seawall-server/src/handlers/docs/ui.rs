//! Swagger UI from the binary: no network, no inline script.

use std::sync::Arc;

use axum::response::{Html, IntoResponse as _, Response};
use http::header::{self, HeaderValue};
use seawall_guard::problem::{Path, Problem, kinds};
use seawall_guard::security_headers::Preset;
use utoipa_swagger_ui::Config;

use super::access::MayRead;

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Seawall API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/index.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png" sizes="32x32">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/swagger-ui-standalone-preset.js"></script>
<script src="/docs/swagger-initializer.js"></script>
</body>
</html>
"#;

/// Documentation page
#[utoipa::path(get, path = "/docs", tag = "documentation", operation_id = "docs",
    responses((status = 200, description = "A page on which the API can be read and tried", body = String,
        content_type = "text/html")),
    extensions(("x-problems" = json!(["unauthenticated", "not-found"]))))]
pub(crate) async fn ui(_: MayRead) -> Response {
    with_own_policy(Html(PAGE).into_response())
}

/// The page's scripts and styles.
pub(crate) async fn asset(_: MayRead, Path(file): Path<String>) -> Result<Response, Problem> {
    if file.is_empty() || file == "index.html" {
        return Ok(with_own_policy(Html(PAGE).into_response()));
    }
    let config = Arc::new(Config::new(["/openapi.json"]).validator_url("none"));
    let found = utoipa_swagger_ui::serve(&file, config).map_err(|error| {
        tracing::error!(error = %error, "an asset of the documentation page cannot be made");
        Problem::new(&kinds::INTERNAL_ERROR)
    })?;
    let Some(found) = found else {
        return Err(Problem::new(&kinds::NOT_FOUND));
    };
    let mut response = found.bytes.into_owned().into_response();
    let headers = response.headers_mut();
    if let Ok(content_type) = HeaderValue::from_str(&found.content_type) {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    if found.gzpipped {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600"));
    Ok(with_own_policy(response))
}

/// The page runs its own scripts, which the policy of an API forbids.
fn with_own_policy(mut response: Response) -> Response {
    response.extensions_mut().insert(Preset::Docs);
    response
}
