use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use seawall_guard::problem::{self, Path};
use seawall_store::QueueName;

use super::answer::{answer, guard};
use crate::error::ApiResult;
use crate::extract::Id;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{PutQueue, Queue};

/// Set up a queue
///
/// Replaces its settings, which hold from the next claim on; what workers have stays with them. `{}` takes all limits away.
/// A queue needs no making: it is there with its first task.
#[utoipa::path(put, path = "/api/v1/queues/{queue}", tag = "queues", operation_id = "set_queue",
    security(("scope" = ["runs:write"])),
    params(("queue" = String, Path, description = "Its name: 1 to 63 of `a-z 0-9 . _ -`"),
        ("If-Match" = Option<String>, Header, description = "ETag of the settings that the change is based on")),
    request_body = PutQueue,
    responses((status = 200, description = "The queue as it is now", body = Queue, headers(("ETag" = String, description = "Of its settings")))),
    extensions(("x-problems" = json!(["precondition-failed"]))))]
pub(crate) async fn set(
    State(state): State<AppState>,
    by: Scoped<needs::RunsWrite>,
    Path(Id(name)): Path<Id<QueueName>>,
    headers: HeaderMap,
    problem::Json(body): problem::Json<PutQueue>,
) -> ApiResult<Response> {
    let expected = guard(&state, by.engine(), &name, &headers).await?;
    let view = state
        .engine()
        .set_queue(by.engine(), &name, body.into(), expected)
        .await?;
    Ok(answer(view))
}
