use axum::Json;
use axum::extract::State;
use seawall_engine::{Engine, Principal, TaskOutput};
use seawall_guard::problem::{self, Pointer, kinds};

use super::parse::lease;
use crate::error::{ApiError, ApiResult};
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{ACCEPTED, CompleteTasks, CompletedTask, TaskCompletion, TaskCompletions};

const MAX_ITEMS: usize = 100;

/// Complete several tasks
///
/// Each on its own: one that is refused holds no other back.
#[utoipa::path(post, path = "/api/v1/tasks/complete", tag = "tasks", operation_id = "complete_tasks",
    security(("scope" = ["tasks:work"])),
    request_body = CompleteTasks,
    responses((status = 200, description = "What became of each, in their order", body = TaskCompletions)))]
pub(crate) async fn complete_many(
    State(state): State<AppState>,
    by: Scoped<needs::TasksWork>,
    problem::Json(body): problem::Json<CompleteTasks>,
) -> ApiResult<Json<TaskCompletions>> {
    let outputs = outputs(body.items, "items")?;
    let items = complete_all(state.engine(), by.engine(), outputs).await;
    Ok(Json(TaskCompletions { items }))
}

/// One of the list: what is to be said of it, or why a request for it alone would be refused.
pub(super) struct Done {
    id: String,
    output: Result<TaskOutput, (&'static str, String)>,
}

/// The list in `field` as the engine takes it.
pub(super) fn outputs(items: Vec<CompletedTask>, field: &str) -> ApiResult<Vec<Done>> {
    let pointer = Pointer::root().key(field);
    if items.len() > MAX_ITEMS {
        let message = format!("expected at most {MAX_ITEMS} items");
        return Err(ApiError::invalid(&pointer, "out-of-range", message));
    }
    Ok(items.into_iter().map(done).collect())
}

/// An id that is none names nothing.
fn done(item: CompletedTask) -> Done {
    let output = match (item.id.parse(), lease(&item.lease, &Pointer::root().key("lease"))) {
        (Ok(id), Ok(lease)) => Ok(TaskOutput {
            id,
            lease,
            output: item.output,
        }),
        (Err(_), _) => Err(("not-found", "There is no such task.".to_owned())),
        (_, Err(refused)) => Err(refused.told()),
    };
    Done { id: item.id, output }
}

pub(super) async fn complete_all(engine: &Engine, by: &Principal, items: Vec<Done>) -> Vec<TaskCompletion> {
    let (mut refusals, mut outputs) = (Vec::new(), Vec::new());
    for Done { id, output } in items {
        match output {
            Ok(output) => {
                refusals.push((id, None));
                outputs.push(output);
            }
            Err(refused) => refusals.push((id, Some(refused))),
        }
    }
    let mut ends = engine.complete_tasks(by, outputs).await.into_iter();
    let completion = |(id, refused): (String, Option<(&'static str, String)>)| {
        let refused = refused.or_else(|| match ends.next() {
            Some((_, Err(error))) => Some(ApiError::from(error).told()),
            Some((_, Ok(()))) => None,
            None => Some((kinds::NOT_FOUND.code, "There is no such task.".to_owned())),
        });
        let (status, detail) = refused.map_or((ACCEPTED, None), |(code, detail)| (code, Some(detail)));
        TaskCompletion { id, status, detail }
    };
    refusals.into_iter().map(completion).collect()
}
