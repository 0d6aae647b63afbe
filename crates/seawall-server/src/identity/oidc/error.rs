use std::time::Duration;

use seawall_guard::problem::{Problem, kinds};

use crate::identity::{TokenError, invalid_credentials};

/// Why an issuer's token says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OidcError {
    #[error(transparent)]
    Token(#[from] TokenError),
    /// There are no keys that could be trusted, and the issuer does not give any.
    #[error("the issuer's keys are not at hand")]
    Unavailable { retry_after: Duration },
}

impl From<OidcError> for Problem {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::Token(_) => invalid_credentials(),
            OidcError::Unavailable { retry_after } => Self::new(&kinds::SERVICE_UNAVAILABLE)
                .with_extension("dependency", "oidc")
                .with_retry_after(retry_after),
        }
    }
}
