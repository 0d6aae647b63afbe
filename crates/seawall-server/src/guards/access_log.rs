use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use seawall_guard::problem::Problem;
use seawall_guard::request_id::RequestId;
use tracing::Instrument as _;

/// One line for each request: the route's template, never the path, which may hold names.
pub(crate) async fn access_log(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let id = request.extensions().get::<RequestId>().cloned();
    let id = id.as_ref().map_or("", RequestId::as_str);
    // What is logged on the way carries the id too.
    let span = tracing::info_span!("request", request.id = id);
    let response = next.run(request).instrument(span).await;
    let problem = response
        .extensions()
        .get::<Problem>()
        .map(|problem| problem.kind().code);
    tracing::event!(
        target: "seawall::access",
        tracing::Level::INFO,
        request.id = id,
        http.method = %method,
        http.route = route.as_ref().map_or("(none)", MatchedPath::as_str),
        http.status = response.status().as_u16(),
        duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        problem.code = problem,
        "request"
    );
    response
}
