use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use seawall_engine::Principal;

/// On whose behalf the request acts: whoever sits at this machine, until identity exists.
pub(crate) struct Caller(pub(crate) Principal);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Principal::local()))
    }
}
