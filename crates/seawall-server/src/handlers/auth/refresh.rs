use axum::extract::State;
use seawall_guard::problem::Json;

use crate::error::ApiResult;
use crate::extract::InRequest;
use crate::state::AppState;
use crate::wire::{Refresh, TokenPair};

/// Go on with a login
///
/// The refresh token counts once, and the answer has the next one. One that comes again ends the login, whoever sent it: it
/// may have been stolen.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth", operation_id = "refresh",
    request_body = Refresh,
    responses((status = 200, description = "Another pair of tokens", body = TokenPair)),
    extensions(("x-problems" = json!(["unauthenticated"]))))]
pub(crate) async fn refresh(
    State(state): State<AppState>,
    InRequest(request): InRequest,
    Json(refresh): Json<Refresh>,
) -> ApiResult<axum::Json<TokenPair>> {
    let accounts = state.accounts();
    let pair = accounts.refresh(refresh.refresh_token.expose(), request).await?;
    Ok(axum::Json(TokenPair::of(&pair, accounts.now())))
}
