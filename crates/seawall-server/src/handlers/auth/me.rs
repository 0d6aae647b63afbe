use axum::Json;
use axum::extract::State;

use crate::error::ApiResult;
use crate::extract::Anybody;
use crate::state::AppState;
use crate::wire::Me;

/// Who am I
///
/// The principal that the credentials stand for, and what it may do.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth", operation_id = "me",
    security(("scope" = [])),
    responses((status = 200, description = "Who asks", body = Me)))]
pub(crate) async fn me(State(state): State<AppState>, Anybody(actor): Anybody) -> ApiResult<Json<Me>> {
    let principal = actor.principal;
    let user = state.accounts().user_of(&principal).await?;
    Ok(Json(Me::of(&principal, user.map(Into::into))))
}
