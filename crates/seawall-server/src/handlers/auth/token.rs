use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse as _, Response};
use axum::{Form, Json};
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use seawall_guard::problem::Verbatim;
use seawall_store::RequestId;
use secrecy::ExposeSecret as _;

use super::oauth_form::{Refusal, TokenRequest, pairs, read};
use crate::error::{ApiError, ApiResult};
use crate::extract::InRequest;
use crate::identity::ApiKey;
use crate::identity::accounts::ExchangeError;
use crate::state::AppState;
use crate::wire::{OAuthError, OAuthToken, TokenForm};

/// Exchange an API key for an access token
///
/// OAuth 2 client credentials (RFC 6749, 4.4): the key is the client's secret, its id the client's. Refusals have OAuth's form.
#[utoipa::path(post, path = "/api/v1/auth/token", tag = "auth", operation_id = "token",
    params(("Authorization" = Option<String>, Header, description = "`Basic` with the key's id and the key")),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A token of 15 minutes", body = OAuthToken),
        (status = 400, description = "invalid_request, invalid_scope or unsupported_grant_type", body = OAuthError),
        (status = 401, description = "invalid_client", body = OAuthError, headers(("WWW-Authenticate" = String))),
    ))]
pub(crate) async fn token(
    State(state): State<AppState>,
    InRequest(request): InRequest,
    headers: HeaderMap,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> ApiResult<Response> {
    let asked = pairs(form)?.and_then(|pairs| read(&headers, pairs));
    match asked {
        Ok(asked) => exchange(&state, asked, request).await,
        Err(refusal) => Ok(refused(refusal)),
    }
}

async fn exchange(state: &AppState, asked: TokenRequest, request: Option<RequestId>) -> ApiResult<Response> {
    let Ok(key) = asked.secret.expose_secret().parse::<ApiKey>() else {
        return Ok(refused(Refusal::Client));
    };
    if asked.id.is_some_and(|id| id != key.id().to_type_id()) {
        return Ok(refused(Refusal::Client));
    }
    let accounts = state.accounts();
    match accounts.exchange(&key, asked.scopes, request).await {
        Ok(made) => Ok(Json(OAuthToken::of(&made, accounts.now())).into_response()),
        Err(ExchangeError::Key(refusal)) => {
            tracing::info!(reason = %refusal, "a key was not exchanged");
            Ok(refused(Refusal::Client))
        }
        Err(ExchangeError::Scope) => Ok(refused(Refusal::Scope)),
        Err(ExchangeError::Account(error)) => Err(ApiError::from(error)),
    }
}

fn refused(refusal: Refusal) -> Response {
    let (status, error, error_description) = match refusal {
        Refusal::Request(why) => (StatusCode::BAD_REQUEST, "invalid_request", why),
        Refusal::Client => (StatusCode::UNAUTHORIZED, "invalid_client", "the key does not count"),
        Refusal::Scope => (
            StatusCode::BAD_REQUEST,
            "invalid_scope",
            "there is no such scope, or the key does not have it",
        ),
        Refusal::GrantType => (
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            "only client_credentials is supported",
        ),
    };
    let body = Json(OAuthError {
        error,
        error_description,
    });
    let mut response = (status, body).into_response();
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"seawall\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response.extensions_mut().insert(Verbatim);
    response
}
