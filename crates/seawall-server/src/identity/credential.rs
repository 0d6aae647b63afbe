use http::HeaderMap;
use http::header::{self, HeaderValue};
use secrecy::SecretString;

use super::api_key::ApiKey;
use super::jws::MAX_TOKEN_BYTES;

/// What a request presents. Nothing is known yet of whether it holds.
#[derive(Debug)]
pub struct Credential {
    text: SecretString,
    form: CredentialForm,
}

/// What a credential looks like.
#[derive(Debug)]
pub enum CredentialForm {
    ApiKey(ApiKey),
    /// Three parts with dots between them: an access token of ours or an issuer's.
    Token,
    /// Nothing that is made here. The bootstrap key may look like anything, so it is held against every form.
    Other,
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

    /// Also for the client secret of `POST /api/v1/auth/token`.
    ///
    /// # Errors
    /// When it is too long or has other characters than credentials have.
    pub fn of_text(text: &str) -> Result<Self, CredentialError> {
        if text.is_empty() || text.len() > MAX_TOKEN_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CredentialError::Form);
        }
        let dots = text.bytes().filter(|byte| *byte == b'.').count();
        let form = match text.parse() {
            Ok(key) => CredentialForm::ApiKey(key),
            Err(_) if dots == 2 => CredentialForm::Token,
            Err(_) => CredentialForm::Other,
        };
        Ok(Self {
            text: SecretString::from(text),
            form,
        })
    }

    #[must_use]
    pub const fn text(&self) -> &SecretString {
        &self.text
    }

    #[must_use]
    pub const fn form(&self) -> &CredentialForm {
        &self.form
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
        let form = |pairs: &[(&'static str, &str)]| match of(pairs).unwrap().unwrap().form() {
            CredentialForm::ApiKey(_) => "key",
            CredentialForm::Token => "token",
            CredentialForm::Other => "other",
        };
        assert!(of(&[]).unwrap().is_none());
        assert_eq!(form(&[("authorization", &format!("Bearer {key}"))]), "key");
        assert_eq!(form(&[("authorization", &format!("bEARER  {key}"))]), "key");
        assert_eq!(form(&[("x-api-key", &key)]), "key");
        assert_eq!(form(&[("authorization", "Bearer a.b.c")]), "token");
        assert_eq!(form(&[("x-api-key", "some-admin-key")]), "other");
        assert_eq!(form(&[("x-api-key", &key[..key.len() - 1])]), "other");
        let credential = of(&[("x-api-key", &key)]).unwrap().unwrap();
        assert_eq!(credential.text().expose_secret(), key);
        assert!(!format!("{credential:?}").contains(&key[30..]));
    }

    #[test]
    fn what_is_doubled_broken_or_too_long_is_refused() {
        let (key, long) = (key(), format!("Bearer {}", "x".repeat(100_000)));
        let bearer = format!("Bearer {key}");
        let cases: [(&[(&str, &str)], CredentialError); 9] = [
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
        ];
        for (pairs, error) in cases {
            assert_eq!(of(pairs).err(), Some(error), "{pairs:?}");
        }
    }
}
