use axum::Json;
use axum::extract::State;
use seawall_engine::{Engine, Principal, TaskOutput};
use seawall_guard::problem::{self, Pointer, kinds};

use super::parse::lease;
use crate::error::{ApiError, ApiResult};
use crate::extract::Caller;
use crate::state::AppState;
use crate::wire::{ACCEPTED, CompleteTasks, CompletedTask, TaskCompletion, TaskCompletions};

const MAX_ITEMS: usize = 100;

/// Complete several tasks
///
/// Each on its own: one that is refused holds no other back.
#[utoipa::path(post, path = "/api/v1/tasks/complete", tag = "tasks", operation_id = "complete_tasks",
    request_body = CompleteTasks,
    responses((status = 200, description = "What became of each, in their order", body = TaskCompletions)))]
pub(crate) async fn complete_many(
    State(state): State<AppState>,
    Caller(by): Caller,
    problem::Json(body): problem::Json<CompleteTasks>,
) -> ApiResult<Json<TaskCompletions>> {
    let outputs = outputs(body.items, "items")?;
    let items = complete_all(state.engine(), &by, outputs).await;
    Ok(Json(TaskCompletions { items }))
}

/// One of the list: an id that is none names nothing.
pub(super) struct Done {
    id: String,
    output: Option<TaskOutput>,
}

/// The list in `field` as the engine takes it.
pub(super) fn outputs(items: Vec<CompletedTask>, field: &str) -> ApiResult<Vec<Done>> {
    let pointer = Pointer::root().key(field);
    if items.len() > MAX_ITEMS {
        let message = format!("expected at most {MAX_ITEMS} items");
        return Err(ApiError::invalid(&pointer, "out-of-range", message));
    }
    let done = |(place, item): (usize, CompletedTask)| {
        let lease = lease(&item.lease, &pointer.clone().index(place).key("lease"))?;
        let id = item.id.parse().ok();
        Ok(Done {
            output: id.map(|id| TaskOutput {
                id,
                lease,
                output: item.output,
            }),
            id: item.id,
        })
    };
    items.into_iter().enumerate().map(done).collect()
}

pub(super) async fn complete_all(engine: &Engine, by: &Principal, items: Vec<Done>) -> Vec<TaskCompletion> {
    let (ids, outputs): (Vec<_>, Vec<_>) = items.into_iter().map(|done| (done.id, done.output)).unzip();
    let named: Vec<bool> = outputs.iter().map(Option::is_some).collect();
    let mut ends = engine
        .complete_tasks(by, outputs.into_iter().flatten().collect())
        .await
        .into_iter();
    let completion = |(id, named): (String, bool)| {
        let end = if named { ends.next() } else { None };
        let refused = match end {
            Some((_, Ok(()))) => None,
            Some((_, Err(error))) => Some(ApiError::from(error).told()),
            None => Some((kinds::NOT_FOUND.code, "There is no such task.".to_owned())),
        };
        let (status, detail) = refused.map_or((ACCEPTED, None), |(code, detail)| (code, Some(detail)));
        TaskCompletion { id, status, detail }
    };
    ids.into_iter().zip(named).map(completion).collect()
}
