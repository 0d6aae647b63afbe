use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use seawall_guard::problem::Path;
use seawall_store::UserId;

use super::answer::answer;
use crate::error::ApiResult;
use crate::extract::{Acting, Id};
use crate::identity::needs;
use crate::state::AppState;
use crate::wire::User;

/// Read a user
#[utoipa::path(get, path = "/api/v1/users/{user_id}", tag = "users", operation_id = "get_user",
    security(("scope" = ["users:admin"])),
    params(("user_id" = String, Path, description = "`usr_…`")),
    responses((status = 200, description = "The user", body = User, headers(("ETag" = String)))))]
pub(crate) async fn get(
    State(state): State<AppState>,
    Acting { actor, .. }: Acting<needs::UsersAdmin>,
    Path(Id(id)): Path<Id<UserId>>,
) -> ApiResult<Response> {
    let user = state.accounts().user(&actor.principal.tenant, id).await?;
    Ok(answer(StatusCode::OK, user))
}
