use axum::extract::State;
use seawall_guard::problem::Json;

use crate::error::ApiResult;
use crate::extract::InRequest;
use crate::identity::accounts::AccountError;
use crate::state::AppState;
use crate::telemetry::LoginOutcome;
use crate::wire::{Login, TokenPair};

/// Log in
///
/// With address and password. Five wrong passwords lock an account for a minute, further ones for longer; an answer does not
/// say whether the account is locked, inactive or not there.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", operation_id = "login",
    request_body = Login,
    responses((status = 200, description = "Logged in", body = TokenPair)),
    extensions(("x-problems" = json!(["unauthenticated"]))))]
pub(crate) async fn login(
    State(state): State<AppState>,
    InRequest(request): InRequest,
    Json(login): Json<Login>,
) -> ApiResult<axum::Json<TokenPair>> {
    let (email, password) = login.read()?;
    let accounts = state.accounts();
    let pair = accounts.login(&email, password, request).await;
    let outcome = match &pair {
        Ok(_) => Some(LoginOutcome::Succeeded),
        Err(AccountError::WrongLogin) => Some(LoginOutcome::Failed),
        // It did not come to a login.
        Err(_) => None,
    };
    if let Some(outcome) = outcome {
        state.telemetry().login(outcome);
    }
    Ok(axum::Json(TokenPair::of(&pair?, accounts.now())))
}
