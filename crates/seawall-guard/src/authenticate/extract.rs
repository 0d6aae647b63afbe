use axum::extract::FromRequestParts;
use http::header::{self, HeaderValue};
use http::request::Parts;

use super::{Identity, Principal};
use crate::problem::{Problem, kinds};

/// Whoever asks, as an argument of a handler. Without valid credentials the request is refused with 401 `unauthenticated`;
/// so it is where no [`AuthenticateLayer`](super::AuthenticateLayer) stands before the handler.
#[derive(Clone, Debug)]
pub struct Authenticated<P>(pub P);

impl<P: Principal, S: Sync> FromRequestParts<S> for Authenticated<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Identity<P>>() {
            Some(Identity::Known(principal)) => Ok(Self(principal.clone())),
            Some(Identity::Refused(problem)) => Err((**problem).clone()),
            Some(Identity::Anonymous) | None => Err(unauthenticated()),
        }
    }
}

/// 401 with the challenge that belongs to it. What exactly is wrong with a credential is nobody's business but the log's.
#[must_use]
pub fn unauthenticated() -> Problem {
    let challenge = HeaderValue::from_static("Bearer");
    Problem::new(&kinds::UNAUTHENTICATED).with_header(header::WWW_AUTHENTICATE, challenge)
}
