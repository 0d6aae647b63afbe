use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::Extensions;
use http::request::Parts;
use seawall_engine::Principal;

use crate::identity;

/// On whose behalf the request acts: whoever sits at this machine, until identity exists.
pub(crate) struct Caller(pub(crate) Principal);

impl Caller {
    /// The principal that a guard has found, or who sits at this machine.
    pub(crate) fn of(extensions: &Extensions) -> Principal {
        let found = extensions.get::<identity::Principal>();
        found.map_or_else(Principal::local, identity::Principal::engine)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Self::of(&parts.extensions)))
    }
}
