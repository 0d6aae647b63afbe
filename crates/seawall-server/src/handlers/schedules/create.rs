use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use http::header::HeaderValue;

use super::answer::answer;
use crate::error::ApiResult;
use crate::extract::{Keyed, REPLAYED};
use crate::identity::{Scoped, needs};
use crate::once::{Keeping, once};
use crate::state::AppState;
use crate::wire::{Schedule, ScheduleRequest};

/// Make a schedule
///
/// It runs the latest version of a workflow at the times of a cron pattern, or at an interval. Each time makes one run,
/// whatever crashes.
#[utoipa::path(post, path = "/api/v1/schedules", tag = "schedules", operation_id = "create_schedule",
    security(("scope" = ["runs:write"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body replay the first answer")),
    request_body = ScheduleRequest,
    responses((status = 201, description = "Made", body = Schedule,
        headers(("Location" = String), ("ETag" = String)))),
    extensions(("x-problems" = json!(["idempotency-key-reused", "idempotency-key-in-use", "conflict",
        "too-many-schedules"]))))]
pub(crate) async fn create(
    State(state): State<AppState>,
    by: Scoped<needs::RunsWrite>,
    Keyed { value, key }: Keyed<ScheduleRequest>,
) -> ApiResult<Response> {
    let wanted = value.try_into()?;
    // The engine finds what a request made whose answer was lost; answers are kept by `once`.
    let (its, tenant) = (state.clone(), by.principal().tenant.clone());
    let create = async move {
        let created = its.engine().create_schedule(by.engine(), wanted, key.as_ref());
        let created = created.await?;
        let mut response = answer(StatusCode::CREATED, created.schedule);
        if created.replayed {
            response
                .headers_mut()
                .insert(REPLAYED, HeaderValue::from_static("true"));
        }
        Ok(response)
    };
    once(&state, &tenant, key.as_ref(), Keeping::Answer, create).await
}
