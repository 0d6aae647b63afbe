use axum::Json;
use axum::extract::State;
use seawall_guard::problem::Query;

use crate::error::ApiResult;
use crate::extract::{Acting, page};
use crate::identity::needs;
use crate::state::AppState;
use crate::wire::{ApiKey, List, ListQuery};

/// List API keys
///
/// Newest first; revoked and expired ones are there until they are forgotten.
#[utoipa::path(get, path = "/api/v1/api-keys", tag = "api-keys", operation_id = "list_api_keys",
    security(("scope" = ["keys:admin"])),
    params(ListQuery),
    responses((status = 200, description = "Part of the list", body = List<ApiKey>)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    Acting { actor, .. }: Acting<needs::KeysAdmin>,
    Query(query): Query<ListQuery>,
) -> ApiResult<Json<List<ApiKey>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let found = state.accounts().keys(&actor, page).await?;
    Ok(Json(List::of(found, ApiKey::from)))
}
