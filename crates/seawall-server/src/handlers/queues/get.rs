use axum::Json;
use axum::extract::State;
use seawall_guard::problem::Path;
use seawall_store::QueueName;

use crate::error::ApiResult;
use crate::extract::{Caller, Id};
use crate::state::AppState;
use crate::wire::Queue;

/// Look at a queue
///
/// 404 for one without settings and without tasks.
#[utoipa::path(get, path = "/api/v1/queues/{queue}", tag = "queues", operation_id = "get_queue",
    params(("queue" = String, Path, description = "Its name")),
    responses((status = 200, description = "The queue", body = Queue)))]
pub(crate) async fn get(
    State(state): State<AppState>,
    Caller(by): Caller,
    Path(Id(name)): Path<Id<QueueName>>,
) -> ApiResult<Json<Queue>> {
    let view = state.engine().queue(&by, &name).await?;
    Ok(Json(view.into()))
}
