use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use seawall_guard::problem::{Json, Path};
use seawall_store::UserId;

use super::answer::{answer, guard};
use crate::error::ApiResult;
use crate::extract::{Acting, Id};
use crate::identity::needs;
use crate::state::AppState;
use crate::wire::{UpdateUser, User};

/// Change a user
///
/// Role, password, whether they may log in; what is left out stays. Any of them ends the user's logins. The last active admin
/// stays one as long as no API key administers users.
#[utoipa::path(patch, path = "/api/v1/users/{user_id}", tag = "users", operation_id = "update_user",
    security(("scope" = ["users:admin"])),
    params(("user_id" = String, Path, description = "`usr_…`"),
        ("If-Match" = Option<String>, Header, description = "ETag of the user that the change is based on")),
    request_body = UpdateUser,
    responses((status = 200, description = "The user", body = User, headers(("ETag" = String)))),
    extensions(("x-problems" = json!(["conflict", "precondition-failed"]))))]
pub(crate) async fn update(
    State(state): State<AppState>,
    Acting { actor, .. }: Acting<needs::UsersAdmin>,
    Path(Id(id)): Path<Id<UserId>>,
    headers: HeaderMap,
    Json(request): Json<UpdateUser>,
) -> ApiResult<Response> {
    let patch = request.read()?;
    let expected = guard(&state, &actor, id, &headers).await?;
    let user = state.accounts().update_user(&actor, id, patch, expected).await?;
    Ok(answer(StatusCode::OK, user))
}
