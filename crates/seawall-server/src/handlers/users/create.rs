use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::answer::answer;
use crate::error::ApiResult;
use crate::extract::{Acting, Keyed};
use crate::identity::needs;
use crate::once::{Keeping, once};
use crate::state::AppState;
use crate::wire::{CreateUser, User};

/// Make a user
///
/// An address belongs to one user of all tenants: a login names no tenant. Nobody makes a user who may do more than they may
/// themselves.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", operation_id = "create_user",
    security(("scope" = ["users:admin"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body replay the first answer")),
    request_body = CreateUser,
    responses((status = 201, description = "Made", body = User, headers(("Location" = String), ("ETag" = String)))),
    extensions(("x-problems" = json!(["conflict", "too-many-users",
        "idempotency-key-in-use", "idempotency-key-reused"]))))]
pub(crate) async fn create(
    State(state): State<AppState>,
    Acting { actor, .. }: Acting<needs::UsersAdmin>,
    Keyed { value, key }: Keyed<CreateUser>,
) -> ApiResult<Response> {
    let wanted = value.read()?;
    let (its, tenant) = (state.clone(), actor.principal.tenant.clone());
    let create = async move {
        let unique = key.as_ref().map(|key| &key.key);
        let user = its.accounts().create_user(&actor, wanted, unique).await?;
        Ok(answer(StatusCode::CREATED, user))
    };
    once(&state, &tenant, key.as_ref(), Keeping::Answer, create).await
}
