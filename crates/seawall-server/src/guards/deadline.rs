use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::Method;
use seawall_guard::problem::{Problem, kinds};

use crate::extract::wait_of;
use crate::state::AppState;

/// The time until an answer begins: `REQUEST_TIMEOUT`, and what the client asked to wait for. An event stream answers at
/// once and may then last.
pub(crate) async fn limit_time(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let mut limit = state.config().limits.timeout;
    if request.method() == Method::POST {
        limit += wait_of(request.headers()).unwrap_or_default();
    }
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(&kinds::REQUEST_TIMEOUT).into_response(),
    }
}
