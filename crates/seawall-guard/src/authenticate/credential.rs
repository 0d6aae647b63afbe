use std::fmt;

use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};

/// The header for keys, beside `Authorization: Bearer`.
pub const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Longer ones are not looked into.
const MAX_BYTES: usize = 8 * 1024;

/// What a request presents, as it was sent. Its text is a secret: `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Credential<'a> {
    /// `Authorization: Bearer TEXT`.
    Bearer(&'a str),
    /// `X-API-Key: TEXT`.
    ApiKey(&'a str),
}

/// What the headers of a request say of who sent it.
pub(super) enum Presented<'a> {
    Nothing,
    One(Credential<'a>),
    /// Two credentials, or one that cannot be read, or of a scheme that is not understood.
    Unreadable,
}

impl<'a> Credential<'a> {
    #[must_use]
    pub const fn secret(&self) -> &'a str {
        match self {
            Self::Bearer(text) | Self::ApiKey(text) => text,
        }
    }

    pub(super) fn of(headers: &'a HeaderMap) -> Presented<'a> {
        let authorization = only(headers, &header::AUTHORIZATION);
        let key = only(headers, &X_API_KEY);
        match (authorization, key) {
            (Ok(None), Ok(None)) => Presented::Nothing,
            (Ok(Some(value)), Ok(None)) => readable(bearer(value).map(Self::Bearer)),
            (Ok(None), Ok(Some(value))) => readable(token(value.as_bytes()).map(Self::ApiKey)),
            _ => Presented::Unreadable,
        }
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bearer(_) => "Bearer(…)",
            Self::ApiKey(_) => "ApiKey(…)",
        })
    }
}

fn readable(credential: Option<Credential<'_>>) -> Presented<'_> {
    credential.map_or(Presented::Unreadable, Presented::One)
}

/// Of two values nobody knows which is meant.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, ()> {
    let mut values = headers.get_all(name).into_iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(());
    }
    Ok(first)
}

fn bearer(value: &HeaderValue) -> Option<&str> {
    let bytes = value.as_bytes();
    let (scheme, rest) = bytes.split_at_checked("Bearer ".len())?;
    if !scheme.eq_ignore_ascii_case(b"Bearer ") {
        return None;
    }
    token(rest.trim_ascii_start())
}

/// Visible ASCII without spaces, as keys and tokens are written.
fn token(bytes: &[u8]) -> Option<&str> {
    let fits = (1..=MAX_BYTES).contains(&bytes.len());
    // Without a way out in between, many bytes are looked at together.
    let plain = fits && bytes.iter().fold(true, |plain, byte| plain & byte.is_ascii_graphic());
    plain.then(|| std::str::from_utf8(bytes).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presented(headers: &[(&'static str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        match Credential::of(&map) {
            Presented::Nothing => "nothing".to_owned(),
            Presented::One(Credential::Bearer(text)) => format!("bearer {text}"),
            Presented::One(Credential::ApiKey(text)) => format!("key {text}"),
            Presented::Unreadable => "unreadable".to_owned(),
        }
    }

    #[test]
    fn one_credential_is_read_and_anything_unclear_is_none() {
        let long = "x".repeat(MAX_BYTES + 1);
        let long = format!("Bearer {long}");
        let cases: &[(&[(&'static str, &str)], &str)] = &[
            (&[], "nothing"),
            (&[("authorization", "Bearer abc.def-_~+/=")], "bearer abc.def-_~+/="),
            (&[("authorization", "bEaReR   abc")], "bearer abc"),
            (&[("x-api-key", "sw_1_2")], "key sw_1_2"),
            (&[("authorization", "Bearer")], "unreadable"),
            (&[("authorization", "Bearer ")], "unreadable"),
            (&[("authorization", "Bearer a b")], "unreadable"),
            (&[("authorization", "Basic YTpi")], "unreadable"),
            (&[("authorization", "Bearer ü")], "unreadable"),
            (
                &[("authorization", "Bearer a"), ("authorization", "Bearer a")],
                "unreadable",
            ),
            (&[("authorization", "Bearer a"), ("x-api-key", "a")], "unreadable"),
            (&[("x-api-key", "")], "unreadable"),
            (&[("x-api-key", "a,b")], "key a,b"),
            (&[("authorization", &long)], "unreadable"),
        ];
        for (headers, expected) in cases {
            assert_eq!(presented(headers), *expected, "{headers:?}");
        }
    }

    #[test]
    fn a_credential_does_not_show_itself() {
        assert_eq!(format!("{:?}", Credential::Bearer("hunter2")), "Bearer(…)");
    }
}
