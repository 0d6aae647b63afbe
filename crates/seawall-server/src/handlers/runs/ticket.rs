use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header;
use seawall_guard::problem::Path;
use seawall_store::RunId;

use crate::error::ApiResult;
use crate::extract::{Acting, Id, KeyOnly};
use crate::identity::needs;
use crate::once::{Keeping, once};
use crate::state::AppState;
use crate::wire::EventsTicket;

/// Make a ticket for a run's events
///
/// For a browser's EventSource, which sends no headers: `GET /api/v1/runs/{run_id}/events?ticket=…` takes it for 60 s, as often
/// as the connection breaks. A stream that has begun goes on.
#[utoipa::path(post, path = "/api/v1/runs/{run_id}/events/ticket", tag = "runs", operation_id = "create_events_ticket",
    security(("scope" = ["runs:read"])),
    params(("run_id" = String, Path, description = "`run_…`"),
        ("Idempotency-Key" = Option<String>, Header, description = "A repetition is a 409: the answer holds a secret")),
    responses((status = 201, description = "Made", body = EventsTicket, headers(("Location" = String)))),
    extensions(("x-problems" = json!(["bad-request", "conflict",
        "idempotency-key-in-use", "idempotency-key-reused"]))))]
pub(crate) async fn ticket(
    State(state): State<AppState>,
    Acting { actor, .. }: Acting<needs::RunsRead>,
    Path(Id(run)): Path<Id<RunId>>,
    KeyOnly(key): KeyOnly,
) -> ApiResult<Response> {
    let (its, tenant) = (state.clone(), actor.principal.tenant.clone());
    let create = async move {
        let made = its.accounts().issue_ticket(&actor, run).await?;
        // Where it is redeemed, without it: addresses are logged on the way.
        let location = format!("/api/v1/runs/{run}/events");
        let answer = Json(EventsTicket::from(made));
        Ok((StatusCode::CREATED, [(header::LOCATION, location)], answer).into_response())
    };
    once(&state, &tenant, key.as_ref(), Keeping::Nothing, create).await
}
