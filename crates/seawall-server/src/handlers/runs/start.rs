use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use seawall_engine::{CreateRun, EngineError, Principal, RunView};
use seawall_store::RunId;

use crate::state::AppState;
use crate::wire::Run;

pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Begins a run, waits as long as the client prefers, and answers with the run: 200 only when it has ended within the
/// wait, else 202.
pub(super) async fn start(
    state: &AppState,
    by: &Principal,
    request: CreateRun,
    wait: Option<Duration>,
) -> Result<Response, EngineError> {
    let started = state.engine().create_run(by, request).await?;
    let view = match wait {
        Some(limit) if !limit.is_zero() => settled(state, by, started.run, limit).await?,
        _ => state.engine().run(by, started.run).await?,
    };
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
    Ok((status, headers, Json(Run::from(view))).into_response())
}

/// The run once it has ended, is blocked, waits for a person, or the limit is over. A stop of the server ends the wait.
async fn settled(state: &AppState, by: &Principal, run: RunId, limit: Duration) -> Result<RunView, EngineError> {
    tokio::select! {
        view = state.engine().wait(by, run, limit) => view,
        () = state.draining().cancelled() => state.engine().run(by, run).await,
    }
}
