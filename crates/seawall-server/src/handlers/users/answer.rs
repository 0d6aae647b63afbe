use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use seawall_guard::problem::{Problem, kinds};
use seawall_store::{UserId, UserRecord};

use crate::error::ApiResult;
use crate::extract::{Expected, etag, expected};
use crate::identity::accounts::{Actor, user_version_tag};
use crate::state::AppState;
use crate::wire::User;

/// A user with the tag of its version; a new one also with its address.
pub(super) fn answer(status: StatusCode, user: UserRecord) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::ETAG, etag(user_version_tag(&user)));
    if status == StatusCode::CREATED {
        let location = format!("/api/v1/users/{}", user.id);
        headers.insert(
            header::LOCATION,
            HeaderValue::try_from(location).expect("an id is ASCII"),
        );
    }
    (status, headers, Json(User::from(user))).into_response()
}

/// The version that a change must find, by `If-Match`.
pub(super) async fn guard(state: &AppState, actor: &Actor, id: UserId, headers: &HeaderMap) -> ApiResult<Option<u64>> {
    let Expected::OneOf(tags) = expected(headers)? else {
        return Ok(None);
    };
    let current = state.accounts().user(&actor.principal.tenant, id).await?;
    if tags.contains(&user_version_tag(&current)) {
        return Ok(Some(current.version));
    }
    Err(Problem::new(&kinds::PRECONDITION_FAILED).into())
}
