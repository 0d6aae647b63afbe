//! The form of a token request (RFC 6749, 4.4.2) and the client's credentials (2.3.1), read.

use axum::extract::rejection::FormRejection;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{self, HeaderMap, HeaderValue};
use seawall_guard::problem::{Problem, kinds};
use secrecy::SecretString;

use crate::identity::Scopes;

/// Why a request is refused, in the words of RFC 6749, 5.2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refusal {
    Request(&'static str),
    Client,
    Scope,
    GrantType,
}

/// Who asks for a token, and for what.
pub(super) struct TokenRequest {
    pub(super) id: Option<String>,
    pub(super) secret: SecretString,
    /// None: all that the client has.
    pub(super) scopes: Option<Scopes>,
}

/// # Errors
/// A body that is too large is a problem of its own; what else is wrong is told in OAuth's words.
pub(super) fn pairs(
    form: Result<axum::Form<Vec<(String, String)>>, FormRejection>,
) -> Result<Result<Vec<(String, String)>, Refusal>, Problem> {
    match form {
        Ok(axum::Form(pairs)) => Ok(Ok(pairs)),
        Err(rejection) if rejection.status() == http::StatusCode::PAYLOAD_TOO_LARGE => {
            Err(Problem::new(&kinds::PAYLOAD_TOO_LARGE))
        }
        Err(_) => Ok(Err(Refusal::Request(
            "the body is a form: Content-Type: application/x-www-form-urlencoded",
        ))),
    }
}

/// # Errors
/// The first thing that is wrong.
pub(super) fn read(headers: &HeaderMap, pairs: Vec<(String, String)>) -> Result<TokenRequest, Refusal> {
    let (mut grant, mut id, mut secret, mut scope) = (None, None, None, None);
    for (name, value) in pairs {
        let place = match &*name {
            "grant_type" => &mut grant,
            "client_id" => &mut id,
            "client_secret" => &mut secret,
            "scope" => &mut scope,
            // RFC 6749, 3.2: what is not known is passed over.
            _ => continue,
        };
        if place.replace(value).is_some() {
            return Err(Refusal::Request("a parameter stands there twice"));
        }
    }
    // A parameter without a value has been left out (RFC 6749, 3.2).
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    match given(grant).as_deref() {
        Some("client_credentials") => {}
        Some(_) => return Err(Refusal::GrantType),
        None => return Err(Refusal::Request("grant_type is missing")),
    }
    let (id, secret) = client(headers, given(id), given(secret))?;
    let scopes = given(scope).map(|text| scopes(&text)).transpose()?;
    Ok(TokenRequest {
        id,
        secret: SecretString::from(secret),
        scopes,
    })
}

/// From the form or from `Authorization: Basic`, not from both (RFC 6749, 2.3).
fn client(
    headers: &HeaderMap,
    id: Option<String>,
    secret: Option<String>,
) -> Result<(Option<String>, String), Refusal> {
    let mut basic = headers.get_all(header::AUTHORIZATION).into_iter();
    let Some(value) = basic.next() else {
        return Ok((id, secret.ok_or(Refusal::Client)?));
    };
    if secret.is_some() || basic.next().is_some() {
        return Err(Refusal::Request(
            "the client's credentials stand in more than one place",
        ));
    }
    let (basic_id, secret) = of_basic(value).ok_or(Refusal::Client)?;
    if id.is_some_and(|id| id != basic_id) {
        return Err(Refusal::Request("two clients are named"));
    }
    Ok((Some(basic_id), secret))
}

/// Ids and keys are of letters, digits, `_` and `-`, which a form writes as they are: there is nothing to decode.
fn of_basic(value: &HeaderValue) -> Option<(String, String)> {
    let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = BASE64_STANDARD.decode(rest.trim()).ok()?;
    let text = String::from_utf8(text).ok()?;
    let (id, secret) = text.split_once(':')?;
    (!id.is_empty() && !secret.is_empty()).then(|| (id.to_owned(), secret.to_owned()))
}

fn scopes(text: &str) -> Result<Scopes, Refusal> {
    text.parse().map_err(|_| Refusal::Scope)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::identity::Scope;

    fn headers(basic: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for text in basic {
            let value = format!("Basic {}", BASE64_STANDARD.encode(text));
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    fn request(basic: &[&str], pairs: &[(&str, &str)]) -> Result<(Option<String>, String, Option<Scopes>), Refusal> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let read = read(&headers(basic), pairs.collect())?;
        Ok((read.id, read.secret.expose_secret().to_owned(), read.scopes))
    }

    const GRANT: (&str, &str) = ("grant_type", "client_credentials");

    #[test]
    fn credentials_stand_in_the_form_or_in_the_header() {
        let secret = ("client_secret", "s");
        let given = |id: Option<&str>, scopes| Ok((id.map(str::to_owned), "s".to_owned(), scopes));
        assert_eq!(request(&[], &[GRANT, secret]), given(None, None));
        assert_eq!(
            request(&[], &[GRANT, secret, ("client_id", "key_1")]),
            given(Some("key_1"), None)
        );
        assert_eq!(request(&["key_1:s"], &[GRANT]), given(Some("key_1"), None));
        assert_eq!(
            request(&["key_1:s"], &[GRANT, ("client_id", "key_1")]),
            given(Some("key_1"), None)
        );
        let scopes = Scopes::of(&[Scope::RunsRead, Scope::RunsWrite]);
        let scope = ("scope", "runs:read runs:write");
        assert_eq!(request(&[], &[GRANT, secret, scope]), given(None, Some(scopes)));
        assert_eq!(
            request(&[], &[GRANT, secret, ("scope", ""), ("later", "x")]),
            given(None, None)
        );
    }

    #[test]
    fn what_is_unclear_is_refused_in_oauth_s_words() {
        let secret = ("client_secret", "s");
        let refused = |basic: &[&str], pairs: &[(&str, &str)]| request(basic, pairs).unwrap_err();
        assert!(matches!(refused(&[], &[secret]), Refusal::Request(_)));
        assert!(matches!(refused(&[], &[GRANT, GRANT, secret]), Refusal::Request(_)));
        assert!(matches!(
            refused(&[], &[GRANT, secret, ("grant_type", "")]),
            Refusal::Request(_)
        ));
        assert_eq!(refused(&[], &[("grant_type", "password"), secret]), Refusal::GrantType);
        assert_eq!(refused(&[], &[GRANT]), Refusal::Client);
        assert_eq!(refused(&[], &[GRANT, ("client_secret", "")]), Refusal::Client);
        assert_eq!(refused(&["key_1"], &[GRANT]), Refusal::Client);
        assert_eq!(refused(&["key_1:"], &[GRANT]), Refusal::Client);
        assert!(matches!(refused(&["key_1:s"], &[GRANT, secret]), Refusal::Request(_)));
        assert!(matches!(
            refused(&["key_1:s", "key_1:s"], &[GRANT]),
            Refusal::Request(_)
        ));
        assert!(matches!(
            refused(&["key_1:s"], &[GRANT, ("client_id", "key_2")]),
            Refusal::Request(_)
        ));
        assert_eq!(refused(&[], &[GRANT, secret, ("scope", "moon:read")]), Refusal::Scope);
    }
}
