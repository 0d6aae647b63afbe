use axum::Json;
use axum::extract::State;
use seawall_guard::problem::Query;

use crate::error::ApiResult;
use crate::extract::{Acting, page};
use crate::identity::needs;
use crate::state::AppState;
use crate::wire::{List, ListQuery, User};

/// List users
///
/// Newest first.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", operation_id = "list_users",
    security(("scope" = ["users:admin"])),
    params(ListQuery),
    responses((status = 200, description = "Part of the list", body = List<User>)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    Acting { actor, .. }: Acting<needs::UsersAdmin>,
    Query(query): Query<ListQuery>,
) -> ApiResult<Json<List<User>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let found = state.accounts().users(&actor, page).await?;
    Ok(Json(List::of(found, User::from)))
}
