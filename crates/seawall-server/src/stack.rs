//! The guard stack: one list, outermost last, each line with the reason for its place.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use seawall_guard::body_limit::BodyLimitLayer;
use seawall_guard::problem::{CatchPanicLayer, ProblemLayer};
use seawall_guard::request_id::RequestIdLayer;

use crate::guards::{access_log, check_host, limit_time, secure_headers};
use crate::state::AppState;

/// Puts the whole stack round `routes`, the 404 and 405 of the router included.
pub fn guarded(routes: Router, state: &AppState) -> Router {
    routes
        // Innermost: it changes the body's type and needs nothing of the others; its 413 is logged and completed outside.
        .layer(BodyLimitLayer::new(state.config().limits.body_max_bytes))
        // Round reading the body and the handler, so that a slow body is a 408 too.
        .layer(from_fn_with_state(state.clone(), limit_time))
        // Before any work is done for a page or a name that is not ours.
        .layer(from_fn(check_host))
        // Outside everything that may panic, inside the log that tells of the 500.
        .layer(CatchPanicLayer)
        // Gives every error above its shape; inside the log, which reads the problem's code.
        .layer(ProblemLayer)
        // One line for each request, with the status the client gets.
        .layer(from_fn(access_log))
        // On every answer, early errors included.
        .layer(from_fn_with_state(state.clone(), secure_headers))
        // Outermost: all of the above speaks of the request by this id.
        .layer(RequestIdLayer)
}
