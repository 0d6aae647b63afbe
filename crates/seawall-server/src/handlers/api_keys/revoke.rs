use axum::extract::State;
use http::StatusCode;
use seawall_guard::problem::Path;
use seawall_store::KeyId;

use crate::error::ApiResult;
use crate::extract::{Acting, Id};
use crate::identity::needs;
use crate::state::AppState;

/// Revoke an API key
///
/// For good. One that was revoked stays so.
#[utoipa::path(delete, path = "/api/v1/api-keys/{key_id}", tag = "api-keys", operation_id = "revoke_api_key",
    security(("scope" = ["keys:admin"])),
    params(("key_id" = String, Path, description = "`key_…`")),
    responses((status = 204, description = "Revoked")))]
pub(crate) async fn revoke(
    State(state): State<AppState>,
    Acting { actor, .. }: Acting<needs::KeysAdmin>,
    Path(Id(id)): Path<Id<KeyId>>,
) -> ApiResult<StatusCode> {
    state.accounts().revoke_key(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
