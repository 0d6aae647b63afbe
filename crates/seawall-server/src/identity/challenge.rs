//! `WWW-Authenticate` (RFC 6750): what a client is told that was refused. Never why exactly: the log knows.

use http::header::{self, HeaderValue};
use seawall_guard::problem::{Problem, kinds};

use super::Scope;

/// Nobody has said who they are.
#[must_use]
pub fn unauthenticated() -> Problem {
    problem("Bearer")
}

/// Somebody has, and it does not hold: the same answer for everything that can be wrong with a key or a token.
#[must_use]
pub fn invalid_credentials() -> Problem {
    problem(r#"Bearer error="invalid_token""#)
}

fn problem(challenge: &'static str) -> Problem {
    Problem::new(&kinds::UNAUTHENTICATED).with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

/// Somebody has, and it holds, and does not allow this.
#[must_use]
pub fn lacks(scope: Scope) -> Problem {
    Problem::new(&kinds::INSUFFICIENT_SCOPE)
        .with_extension("required_scope", scope.as_str())
        .with_header(header::WWW_AUTHENTICATE, insufficient(scope))
}

fn insufficient(scope: Scope) -> HeaderValue {
    // Scopes are of visible ASCII without quotes: the text is always a header's value.
    HeaderValue::try_from(format!(r#"Bearer error="insufficient_scope", scope="{scope}""#))
        .unwrap_or(HeaderValue::from_static("Bearer"))
}
