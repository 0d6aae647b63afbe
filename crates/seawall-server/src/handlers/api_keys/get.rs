use axum::Json;
use axum::extract::State;
use seawall_guard::problem::Path;
use seawall_store::KeyId;

use crate::error::ApiResult;
use crate::extract::{Acting, Id};
use crate::identity::needs;
use crate::state::AppState;
use crate::wire::ApiKey;

/// Read an API key
///
/// Without its secret, which is not kept.
#[utoipa::path(get, path = "/api/v1/api-keys/{key_id}", tag = "api-keys", operation_id = "get_api_key",
    security(("scope" = ["keys:admin"])),
    params(("key_id" = String, Path, description = "`key_…`")),
    responses((status = 200, description = "The key", body = ApiKey)))]
pub(crate) async fn get(
    State(state): State<AppState>,
    Acting { actor, .. }: Acting<needs::KeysAdmin>,
    Path(Id(id)): Path<Id<KeyId>>,
) -> ApiResult<Json<ApiKey>> {
    let key = state.accounts().key(&actor.principal.tenant, id).await?;
    Ok(Json(ApiKey::from(key)))
}
