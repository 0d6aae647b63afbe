use std::ops::RangeInclusive;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use http::header::HeaderValue;
use seawall_engine::{EngineError, TaskView};
use seawall_guard::problem::{self, Path, Pointer};
use seawall_store::QueueName;

use super::complete_many::{complete_all, outputs};
use super::parse::{duration, within};
use crate::error::{ApiError, ApiResult};
use crate::extract::{Queue, wait_of};
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{ClaimTasks, ClaimedTask, ClaimedTasks, RefusedClaim, TaskCompletion};

const LEASE: Duration = Duration::from_secs(30);
const LEASES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(3600);
const MAX_TASKS: u64 = 100;
const BYTES: u64 = 1024 * 1024;
const MAX_BYTES: u64 = 4 * BYTES;
/// Of a worker that does not say how it is called.
const WORKER: &str = "worker";

/// Claim tasks of a queue
///
/// The ones that come first by priority and age. With none there, waits as long as the client prefers; `items` is empty when
/// that is over. A queue needs no making. Each task is the worker's own until `lease_expires_at`; with `complete`, one
/// request hands back what is done and takes what is next; it waits only where nothing of that is left for the worker to settle.
#[utoipa::path(post, path = "/api/v1/tasks/{queue}/claim", tag = "tasks", operation_id = "claim_tasks",
    security(("scope" = ["tasks:work"])),
    params(("queue" = String, Path, description = "1 to 63 of `a-z`, `0-9`, `.`, `_` and `-`"),
        ("Prefer" = Option<String>, Header, description = "`wait=SECONDS`, at most 60", example = "wait=30")),
    request_body = ClaimTasks,
    responses((status = 200, description = "Tasks, or none", body = ClaimedTasks)))]
pub(crate) async fn claim(
    State(state): State<AppState>,
    by: Scoped<needs::TasksWork>,
    Path(Queue(queue)): Path<Queue>,
    headers: HeaderMap,
    problem::Json(body): problem::Json<ClaimTasks>,
) -> ApiResult<Response> {
    let wanted = wanted(&body)?;
    let done = outputs(body.complete, "complete")?;
    let (wait, engine) = (wait_of(&headers), state.engine());
    let completed = match done {
        done if done.is_empty() => None,
        done => Some(complete_all(engine, by.engine(), done).await),
    };
    let over = state.authenticator().clone().until_over(by.principal().clone());
    let stop = async {
        tokio::select! {
            () = state.draining().cancelled() => {}
            () = over => {}
        }
    };
    // Of a task that is still the worker's own it must hear before its lease is over.
    let waits = completed.iter().flatten().all(TaskCompletion::is_last);
    let wait = wait.map(|wait| if waits { wait } else { Duration::ZERO });
    let claimed = engine
        .claim_tasks(by.engine(), &queue, wanted, wait.unwrap_or_default(), stop)
        .await
        .and_then(|tasks| views(&queue, tasks))
        .map_err(ApiError::from);
    let (items, refused) = match claimed {
        // What was completed must be told, even where nothing can be claimed.
        Err(error) if completed.is_some() => (Vec::new(), Some(refusal(error))),
        claimed => (claimed?, None),
    };
    let answer = ClaimedTasks {
        items,
        completed,
        refused,
    };
    let mut response = Json(answer).into_response();
    if let Some(wait) = wait {
        let applied = format!("wait={}", wait.as_secs());
        let applied = HeaderValue::try_from(applied).expect("a number is ASCII");
        response.headers_mut().insert("preference-applied", applied);
    }
    Ok(response)
}

fn wanted(body: &ClaimTasks) -> ApiResult<seawall_engine::ClaimTasks> {
    let lease_for = match &body.lease_for {
        Some(text) => duration("lease_for", text)?,
        None => LEASE,
    };
    if !LEASES.contains(&lease_for) {
        let pointer = Pointer::root().key("lease_for");
        return Err(ApiError::invalid(&pointer, "out-of-range", "expected 1s to 1h"));
    }
    let max = within("max", body.max.map(u64::from), 1, 1..=MAX_TASKS)?;
    let max_bytes = within("max_bytes", body.max_bytes, BYTES, 1..=MAX_BYTES)?;
    Ok(seawall_engine::ClaimTasks {
        max: u32::try_from(max).unwrap_or(u32::MAX),
        worker: body.worker.clone().unwrap_or_else(|| WORKER.to_owned()),
        lease_for,
        max_bytes: usize::try_from(max_bytes).unwrap_or(usize::MAX),
    })
}

fn views(queue: &QueueName, tasks: Vec<TaskView>) -> Result<Vec<ClaimedTask>, EngineError> {
    let items: Option<Vec<_>> = tasks.into_iter().map(ClaimedTask::of).collect();
    items.ok_or_else(|| EngineError::Corrupt(format!("the payload of a task in queue {queue} is no JSON")))
}

fn refusal(error: ApiError) -> RefusedClaim {
    let (status, detail) = error.told();
    RefusedClaim { status, detail }
}
