use axum::extract::FromRequestParts;
use http::request::Parts;
use seawall_guard::problem::{Problem, kinds};

use crate::config::Docs;
use crate::identity::principal_of;
use crate::state::AppState;

/// That `DOCS` lets this caller read the documentation.
pub(crate) struct MayRead;

impl FromRequestParts<AppState> for MayRead {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        match state.config().docs {
            Docs::Public => Ok(Self),
            Docs::Auth => principal_of(&parts.extensions).map(|_| Self),
            Docs::Off => Err(Problem::new(&kinds::NOT_FOUND)),
        }
    }
}
