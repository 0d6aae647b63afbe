use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use seawall_engine::{CreateRun, EngineError, Principal, RunStarted, RunView};

use crate::extract::{REPLAYED, Traced};
use crate::state::AppState;
use crate::wire::Run;

/// Begins a run, waits as long as the client prefers, and answers with the run: 200 only when it has ended within the
/// wait, else 202.
pub(super) async fn start(
    (state, trace): (&AppState, &Traced),
    by: &Principal,
    request: CreateRun,
    wait: Option<Duration>,
) -> Result<Response, EngineError> {
    let engine = trace.engine(state);
    let (started, view) = match wait {
        // A stop of the server ends the wait.
        Some(limit) if !limit.is_zero() => {
            let stop = state.draining().cancelled();
            engine.create_run_and_wait(by, request, limit, stop).await?
        }
        _ => {
            let started = engine.create_run(by, request).await?;
            (started, engine.run(by, started.run).await?)
        }
    };
    Ok(begun(&started, view, wait))
}

/// The answer to whoever has begun a run.
pub(super) fn begun(started: &RunStarted, view: RunView, wait: Option<Duration>) -> Response {
    let mut headers = HeaderMap::new();
    let location = format!("/api/v1/runs/{}", started.run);
    headers.insert(
        header::LOCATION,
        HeaderValue::try_from(location).expect("an id is ASCII"),
    );
    if let Some(wait) = wait {
        let applied = format!("wait={}", wait.as_secs());
        headers.insert(
            "preference-applied",
            HeaderValue::try_from(applied).expect("a number is ASCII"),
        );
    }
    if started.replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    let status = if wait.is_some() && view.status.is_terminal() {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    (status, headers, Json(Run::from(view))).into_response()
}
