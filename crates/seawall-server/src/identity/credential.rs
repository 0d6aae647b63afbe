use http::HeaderMap;
use http::header::{self, HeaderValue};
use secrecy::SecretString;

use super::api_key::{self, ApiKey};
use super::jws::MAX_TOKEN_BYTES;

/// What a request presents, told apart by its form alone: nothing is known yet of whether it holds.
#[derive(Debug)]
pub enum Credential {
    ApiKey(ApiKey),
    /// Three parts with dots between them: an access token of ours or an issuer's.
    Token(SecretString),
    /// Anything else: the bootstrap key, or nothing.
    Other(SecretString),
}

/// Why the headers do not say one thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CredentialError {
    #[error("the request has credentials in more than one place")]
    Several,
    #[error("the scheme of the Authorization header is not Bearer")]
    Scheme,
    #[error("the credentials are not visible ASCII, or too long")]
    Form,
    #[error("a text that begins as an API key is none")]
    BrokenKey,
}

impl Credential {
    /// From `Authorization: Bearer …` or `X-API-Key: …`. None: the request presents nothing.
    ///
    /// # Errors
    /// See [`CredentialError`]. Two headers are refused even where they agree: another program on the way may have read the
    /// other one.
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, CredentialError> {
        let mut bearer = headers.get_all(header::AUTHORIZATION).into_iter();
        let mut key = headers.get_all("x-api-key").into_iter();
        let found = (bearer.next(), key.next());
        if bearer.next().is_some() || key.next().is_some() {
            return Err(CredentialError::Several);
        }
        match found {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(CredentialError::Several),
            (Some(bearer), None) => Self::of_text(bearer_of(bearer)?).map(Some),
            (None, Some(key)) => Self::of_text(text_of(key)?).map(Some),
        }
    }

    /// Told apart by its form; also for the client secret of `POST /api/v1/auth/token`.
    ///
    /// # Errors
    /// When it is too long, has other characters than credentials have, or begins as an API key and is none.
    pub fn of_text(text: &str) -> Result<Self, CredentialError> {
        if text.is_empty() || text.len() > MAX_TOKEN_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CredentialError::Form);
        }
        if let Ok(key) = text.parse() {
            return Ok(Self::ApiKey(key));
        }
        let secret = SecretString::from(text);
        if text.bytes().filter(|byte| *byte == b'.').count() == 2 {
            return Ok(Self::Token(secret));
        }
        if text.starts_with(api_key::PREFIX) {
            return Err(CredentialError::BrokenKey);
        }
        Ok(Self::Other(secret))
    }
}

fn bearer_of(value: &HeaderValue) -> Result<&str, CredentialError> {
    let (scheme, rest) = text_of(value)?.split_once(' ').ok_or(CredentialError::Scheme)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(CredentialError::Scheme);
    }
    Ok(rest.trim_start_matches(' '))
}

fn text_of(value: &HeaderValue) -> Result<&str, CredentialError> {
    value.to_str().map_err(|_| CredentialError::Form)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::identity::KeyId;

    fn of(pairs: &[(&'static str, &str)]) -> Result<Option<Credential>, CredentialError> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        Credential::of(&headers)
    }

    fn key() -> String {
        let id = KeyId::of_type_id("key_01h455vb4pex5vsknk084sn02q").unwrap();
        ApiKey::generate(id).reveal().expose_secret().to_owned()
    }

    #[test]
    fn a_credential_is_told_by_its_form_wherever_it_stands() {
        let key = key();
        assert!(matches!(of(&[]), Ok(None)));
        for pair in [
            ("authorization", format!("Bearer {key}")),
            ("authorization", format!("bEARER  {key}")),
            ("x-api-key", key.clone()),
        ] {
            assert!(matches!(of(&[(pair.0, &pair.1)]), Ok(Some(Credential::ApiKey(_)))));
        }
        assert!(matches!(
            of(&[("authorization", "Bearer a.b.c")]),
            Ok(Some(Credential::Token(_)))
        ));
        assert!(matches!(
            of(&[("x-api-key", "some-admin-key")]),
            Ok(Some(Credential::Other(_)))
        ));
    }

    #[test]
    fn what_is_doubled_broken_or_too_long_is_refused() {
        let (key, long) = (key(), format!("Bearer {}", "x".repeat(100_000)));
        let bearer = format!("Bearer {key}");
        let cut = format!("Bearer {}", &key[..key.len() - 1]);
        let cases: [(&[(&str, &str)], CredentialError); 10] = [
            (
                &[("authorization", &bearer), ("x-api-key", &key)],
                CredentialError::Several,
            ),
            (
                &[("authorization", &bearer), ("authorization", &bearer)],
                CredentialError::Several,
            ),
            (&[("x-api-key", &key), ("x-api-key", &key)], CredentialError::Several),
            (&[("authorization", "Basic YTpi")], CredentialError::Scheme),
            (&[("authorization", &key)], CredentialError::Scheme),
            (&[("authorization", "Bearer ")], CredentialError::Form),
            (&[("x-api-key", "schlüssel")], CredentialError::Form),
            (&[("x-api-key", "a b")], CredentialError::Form),
            (&[("authorization", &long)], CredentialError::Form),
            (&[("authorization", &cut)], CredentialError::BrokenKey),
        ];
        for (pairs, error) in cases {
            assert_eq!(of(pairs).err(), Some(error), "{pairs:?}");
        }
    }
}
