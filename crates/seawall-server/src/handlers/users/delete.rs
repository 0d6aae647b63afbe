use axum::extract::State;
use http::{HeaderMap, StatusCode};
use seawall_guard::problem::Path;
use seawall_store::UserId;

use super::answer::guard;
use crate::error::ApiResult;
use crate::extract::{Acting, Id};
use crate::identity::needs;
use crate::state::AppState;

/// Delete a user
///
/// Ends the user's logins and frees the address. The last active admin stays as long as no API key administers users.
#[utoipa::path(delete, path = "/api/v1/users/{user_id}", tag = "users", operation_id = "delete_user",
    security(("scope" = ["users:admin"])),
    params(("user_id" = String, Path, description = "`usr_…`"),
        ("If-Match" = Option<String>, Header, description = "ETag of the user that is to be deleted")),
    responses((status = 204, description = "Deleted")),
    extensions(("x-problems" = json!(["conflict", "precondition-failed"]))))]
pub(crate) async fn delete(
    State(state): State<AppState>,
    Acting { actor, .. }: Acting<needs::UsersAdmin>,
    Path(Id(id)): Path<Id<UserId>>,
    headers: HeaderMap,
) -> ApiResult<StatusCode> {
    let expected = guard(&state, &actor, id, &headers).await?;
    state.accounts().delete_user(&actor, id, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
