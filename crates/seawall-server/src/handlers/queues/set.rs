use axum::Json;
use axum::extract::State;
use seawall_guard::problem::{self, Path};
use seawall_store::QueueName;

use crate::error::ApiResult;
use crate::extract::{Caller, Id};
use crate::state::AppState;
use crate::wire::{PutQueue, Queue};

/// Set up a queue
///
/// Replaces its settings, which hold from the next claim on; what workers have stays with them. `{}` takes all limits away.
/// A queue needs no making: it is there with its first task.
#[utoipa::path(put, path = "/api/v1/queues/{queue}", tag = "queues", operation_id = "set_queue",
    params(("queue" = String, Path, description = "Its name: 1 to 63 of `a-z 0-9 . _ -`")),
    request_body = PutQueue,
    responses((status = 200, description = "The queue as it is now", body = Queue)))]
pub(crate) async fn set(
    State(state): State<AppState>,
    Caller(by): Caller,
    Path(Id(name)): Path<Id<QueueName>>,
    problem::Json(body): problem::Json<PutQueue>,
) -> ApiResult<Json<Queue>> {
    let view = state.engine().set_queue(&by, &name, body.into()).await?;
    Ok(Json(view.into()))
}
