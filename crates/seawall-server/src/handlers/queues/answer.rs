use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use http::header;
use seawall_engine::{EngineError, Principal, QueueView};
use seawall_guard::problem::{Problem, kinds};
use seawall_store::{QueueName, QueueSettings};

use crate::error::ApiResult;
use crate::extract::{Expected, etag, expected};
use crate::state::AppState;
use crate::wire::Queue;

/// A queue with the tag of its settings.
pub(super) fn answer(view: QueueView) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::ETAG, etag(view.tag()));
    (headers, Json(Queue::from(view))).into_response()
}

/// The settings that a change must find, by `If-Match`. A queue that is not there has no tag.
pub(super) async fn guard(
    state: &AppState,
    by: &Principal,
    name: &QueueName,
    headers: &HeaderMap,
) -> ApiResult<Option<QueueSettings>> {
    let Expected::OneOf(tags) = expected(headers)? else {
        return Ok(None);
    };
    match state.engine().queue(by, name).await {
        Ok(current) if tags.contains(&current.tag()) => Ok(Some(current.record.settings)),
        Ok(_) | Err(EngineError::NotFound(_)) => Err(Problem::new(&kinds::PRECONDITION_FAILED).into()),
        Err(error) => Err(error.into()),
    }
}
