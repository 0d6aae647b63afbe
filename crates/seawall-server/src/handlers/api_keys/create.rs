use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header;

use crate::error::ApiResult;
use crate::extract::{Acting, Keyed};
use crate::identity::needs;
use crate::once::{Keeping, once};
use crate::state::AppState;
use crate::wire::{CreateApiKey, NewApiKey};

/// Make an API key
///
/// The secret stands in this one answer and is not kept. A key cannot be given what its maker may not do.
#[utoipa::path(post, path = "/api/v1/api-keys", tag = "api-keys", operation_id = "create_api_key",
    security(("scope" = ["keys:admin"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "A repetition is a 409: the answer holds a secret")),
    request_body = CreateApiKey,
    responses((status = 201, description = "Made", body = NewApiKey, headers(("Location" = String)))),
    extensions(("x-problems" = json!(["conflict", "too-many-api-keys",
        "idempotency-key-in-use", "idempotency-key-reused"]))))]
pub(crate) async fn create(
    State(state): State<AppState>,
    Acting { actor, .. }: Acting<needs::KeysAdmin>,
    Keyed { value, key }: Keyed<CreateApiKey>,
) -> ApiResult<Response> {
    let wanted = value.read()?;
    let (its, tenant) = (state.clone(), actor.principal.tenant.clone());
    let create = async move {
        let unique = key.as_ref().map(|key| &key.key);
        let made = its.accounts().create_key(&actor, wanted, unique).await?;
        let location = format!("/api/v1/api-keys/{}", made.record.id);
        let answer = Json(NewApiKey::from(made));
        Ok((StatusCode::CREATED, [(header::LOCATION, location)], answer).into_response())
    };
    once(&state, &tenant, key.as_ref(), Keeping::Nothing, create).await
}
