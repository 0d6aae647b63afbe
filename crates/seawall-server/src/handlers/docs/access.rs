use http::header::{self, HeaderValue};
use seawall_guard::problem::{Problem, kinds};

use crate::config::Docs;
use crate::state::AppState;

/// Whether `DOCS` lets this caller read the documentation.
pub(super) fn check(state: &AppState) -> Result<(), Problem> {
    match state.config().docs {
        Docs::Public => Ok(()),
        Docs::Auth => Err(Problem::new(&kinds::UNAUTHENTICATED)
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
        Docs::Off => Err(Problem::new(&kinds::NOT_FOUND)),
    }
}
