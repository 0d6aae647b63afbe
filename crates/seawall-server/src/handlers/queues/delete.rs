use axum::extract::State;
use http::{HeaderMap, StatusCode};
use seawall_guard::problem::Path;
use seawall_store::QueueName;

use super::answer::guard;
use crate::error::ApiResult;
use crate::extract::Id;
use crate::identity::{Scoped, needs};
use crate::state::AppState;

/// Delete a queue's settings
///
/// It has no limits then and is not paused. Its tasks stay, and so does the queue as long as there are any.
#[utoipa::path(delete, path = "/api/v1/queues/{queue}", tag = "queues", operation_id = "delete_queue",
    security(("scope" = ["runs:write"])),
    params(("queue" = String, Path, description = "Its name"),
        ("If-Match" = Option<String>, Header, description = "ETag of the settings that are to be deleted")),
    responses((status = 204, description = "It has no settings")),
    extensions(("x-problems" = json!(["precondition-failed"]))))]
pub(crate) async fn delete(
    State(state): State<AppState>,
    by: Scoped<needs::RunsWrite>,
    Path(Id(name)): Path<Id<QueueName>>,
    headers: HeaderMap,
) -> ApiResult<StatusCode> {
    let expected = guard(&state, by.engine(), &name, &headers).await?;
    state.engine().clear_queue(by.engine(), &name, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
