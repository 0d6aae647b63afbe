use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use seawall_engine::Principal;
use seawall_guard::problem::{Problem, kinds};
use seawall_store::{Digest, WorkflowRecord, WorkflowRef};

use crate::error::ApiResult;
use crate::extract::{Expected, etag, expected};
use crate::state::AppState;
use crate::wire::Workflow;

/// One version with its tag; a new workflow also with its address.
pub(super) fn answer(status: StatusCode, record: WorkflowRecord) -> ApiResult<Response> {
    let mut headers = HeaderMap::new();
    headers.insert(header::ETAG, etag(record.digest));
    if status == StatusCode::CREATED {
        let location = format!("/api/v1/workflows/{}", record.id);
        headers.insert(
            header::LOCATION,
            HeaderValue::try_from(location).expect("an id is ASCII"),
        );
    }
    Ok((status, headers, Json(Workflow::try_from(record)?)).into_response())
}

/// The digest that a change must find, by `If-Match`. Several acceptable ones are narrowed to the current one.
pub(super) async fn guard(
    state: &AppState,
    by: &Principal,
    target: &WorkflowRef,
    headers: &HeaderMap,
) -> ApiResult<Option<Digest>> {
    let Expected::OneOf(digests) = expected(headers)? else {
        return Ok(None);
    };
    if let [only] = digests.as_slice() {
        return Ok(Some(*only));
    }
    let current = state.engine().workflow(by, target).await?.digest;
    if digests.contains(&current) {
        return Ok(Some(current));
    }
    Err(Problem::new(&kinds::PRECONDITION_FAILED).into())
}
