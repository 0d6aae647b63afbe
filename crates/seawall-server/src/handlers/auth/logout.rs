use axum::extract::State;
use http::StatusCode;

use crate::error::ApiResult;
use crate::extract::Anybody;
use crate::state::AppState;

/// Log out
///
/// Ends the login that the access token came from, with all of its tokens. A key has no login: revoke it instead.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", operation_id = "logout",
    security(("scope" = [])),
    responses((status = 204, description = "Logged out")),
    extensions(("x-problems" = json!(["conflict"]))))]
pub(crate) async fn logout(State(state): State<AppState>, Anybody(actor): Anybody) -> ApiResult<StatusCode> {
    state.accounts().logout(&actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
