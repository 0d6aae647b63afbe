use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use seawall_engine::{Principal, ScheduleView};
use seawall_guard::problem::{Problem, kinds};
use seawall_store::ScheduleId;

use crate::error::ApiResult;
use crate::extract::{Expected, etag, expected};
use crate::state::AppState;
use crate::wire::Schedule;

/// A schedule with its tag; a new one also with its address.
pub(super) fn answer(status: StatusCode, view: ScheduleView) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::ETAG, etag(view.tag()));
    if status == StatusCode::CREATED {
        let location = format!("/api/v1/schedules/{}", view.id);
        headers.insert(
            header::LOCATION,
            HeaderValue::try_from(location).expect("an id is ASCII"),
        );
    }
    (status, headers, Json(Schedule::from(view))).into_response()
}

/// The revision that a change must find, by `If-Match`.
pub(super) async fn guard(
    state: &AppState,
    by: &Principal,
    id: ScheduleId,
    headers: &HeaderMap,
) -> ApiResult<Option<u64>> {
    let Expected::OneOf(tags) = expected(headers)? else {
        return Ok(None);
    };
    let current = state.engine().schedule(by, id).await?;
    if tags.contains(&current.tag()) {
        return Ok(Some(current.revision));
    }
    Err(Problem::new(&kinds::PRECONDITION_FAILED).into())
}
