//! OAuth 2 (RFC 6749), which has forms of its own for requests, answers and errors.

use seawall_store::Timestamp;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use crate::identity::accounts::Exchanged;

/// The form of a request for a token, for the API's description. What is read is every pair of the form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; a form may have pairs that no struct has")]
pub(crate) struct TokenForm {
    #[schema(example = "client_credentials")]
    grant_type: String,
    /// The key's id, `key_…`. May be left out: the key says which it is.
    client_id: Option<String>,
    /// The API key. Instead of both, `Authorization: Basic` takes them.
    #[schema(example = "sw_01h455vb4pex5vsknk084sn02q_…")]
    client_secret: Option<String>,
    /// Fewer scopes than the key has, separated by blanks.
    scope: Option<String>,
}

/// A token (RFC 6749, 5.1).
#[derive(Serialize, ToSchema)]
pub(crate) struct OAuthToken {
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    #[schema(example = 900)]
    expires_in: u64,
    #[schema(example = "runs:read runs:write")]
    scope: String,
}

impl OAuthToken {
    pub(crate) fn of(made: &Exchanged, now: Timestamp) -> Self {
        Self {
            access_token: made.token.text.expose_secret().to_owned(),
            token_type: "Bearer",
            expires_in: made.token.expires_at.since(now).as_secs(),
            scope: made.scopes.to_string(),
        }
    }
}

/// A refusal (RFC 6749, 5.2).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OAuthError {
    /// invalid_request, invalid_client, invalid_scope or unsupported_grant_type.
    #[schema(example = "invalid_client")]
    pub(crate) error: &'static str,
    pub(crate) error_description: &'static str,
}
