use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What an access token says. Every claim is required but the session, which only logins have; unknown ones are refused:
/// nobody else signs these. Borrowed from the token's text where that has no escapes, which is always so with ours.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claims<'a> {
    #[serde(borrow)]
    pub(super) iss: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) aud: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) sub: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) tenant: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) scope: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) jti: Cow<'a, str>,
    pub(super) iat: i64,
    pub(super) nbf: i64,
    pub(super) exp: i64,
}
