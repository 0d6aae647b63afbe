use axum::extract::State;
use axum::response::Response;
use seawall_guard::problem::Path;
use seawall_store::QueueName;

use super::answer::answer;
use crate::error::ApiResult;
use crate::extract::Id;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::Queue;

/// Look at a queue
///
/// 404 for one without settings and without tasks.
#[utoipa::path(get, path = "/api/v1/queues/{queue}", tag = "queues", operation_id = "get_queue",
    security(("scope" = ["runs:read"])),
    params(("queue" = String, Path, description = "Its name")),
    responses((status = 200, description = "The queue", body = Queue, headers(("ETag" = String, description = "Of its settings")))))]
pub(crate) async fn get(
    State(state): State<AppState>,
    by: Scoped<needs::RunsRead>,
    Path(Id(name)): Path<Id<QueueName>>,
) -> ApiResult<Response> {
    Ok(answer(state.engine().queue(by.engine(), &name).await?))
}
