//! Signed tokens in the compact form (RFC 7515), read strictly. What kind of key signs is decided by the key that `kid` names,
//! never by the token: `alg` only has to agree with it. So `none` is no algorithm here, and a public key is never taken for an
//! HMAC secret. Keys and certificates in the header (`jwk`, `jku`, `x5c`, `x5u`) are not even read.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use seawall_store::Timestamp;

/// The longest token, in bytes. A longer one is refused before anything is done with it.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The longest `kid`, in bytes.
const MAX_KID_BYTES: usize = 256;

/// Why a token does not hold. For the log: the caller gets one answer for all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenError {
    #[error("the token has more than {MAX_TOKEN_BYTES} bytes")]
    TooLong,
    #[error("the token is not a signed one in compact form")]
    Malformed,
    #[error("the token's header asks for something that is not done")]
    Header,
    #[error("the token is of another type")]
    Type,
    #[error("the token names no key that is known")]
    UnknownKey,
    #[error("the token's algorithm is not its key's")]
    Algorithm,
    #[error("the token's signature does not hold")]
    Signature,
    #[error("the token's claim `{0}` is missing or has another form")]
    Claim(&'static str),
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token is of another issuer")]
    Issuer,
    #[error("the token is for another audience")]
    Audience,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    // What must be understood to read the rest. Nothing is.
    crit: Option<IgnoredAny>,
    // RFC 7797: another way to sign.
    b64: Option<IgnoredAny>,
    zip: Option<IgnoredAny>,
    enc: Option<IgnoredAny>,
}

/// A token in its parts, of which nothing has been read yet.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    /// The header, as it is written.
    pub(super) head: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// Header and payload, as they were signed.
    pub(super) message: &'a str,
}

impl<'a> Parts<'a> {
    pub(super) fn of(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (head, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
        // A token without a signature is none, whatever its header says.
        if head.is_empty() || payload.is_empty() || signature.is_empty() {
            return Err(TokenError::Malformed);
        }
        Ok(Self {
            head,
            payload,
            signature,
            message,
        })
    }

    pub(super) fn signature(&self) -> Result<Vec<u8>, TokenError> {
        let read = BASE64_URL_SAFE_NO_PAD.decode(self.signature);
        read.map_err(|_| TokenError::Signature)
    }

    /// The claims as JSON: only for who has found the signature to hold.
    pub(super) fn payload(&self) -> Result<Vec<u8>, TokenError> {
        let read = BASE64_URL_SAFE_NO_PAD.decode(self.payload);
        read.map_err(|_| TokenError::Claim("(all)"))
    }
}

/// A token whose header has been read, its signature not looked at yet.
pub(super) struct Jws<'a> {
    header: Header,
    parts: Parts<'a>,
}

impl<'a> Jws<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, TokenError> {
        Self::of(Parts::of(token)?)
    }

    pub(super) fn of(parts: Parts<'a>) -> Result<Self, TokenError> {
        let header = BASE64_URL_SAFE_NO_PAD.decode(parts.head).ok();
        let header = header.and_then(|header| serde_json::from_slice(&header).ok());
        let header: Header = header.ok_or(TokenError::Malformed)?;
        let extended = [&header.crit, &header.b64, &header.zip, &header.enc];
        let kid_is_long = header.kid.as_ref().is_some_and(|kid| kid.len() > MAX_KID_BYTES);
        if kid_is_long || extended.into_iter().any(Option::is_some) {
            return Err(TokenError::Header);
        }
        Ok(Self { header, parts })
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    pub(super) fn alg(&self) -> &str {
        &self.header.alg
    }

    /// The type in lower case, without `application/`, which may be left out (RFC 7515, 4.1.9).
    pub(super) fn typ(&self) -> Option<String> {
        let typ = self.header.typ.as_ref()?.to_ascii_lowercase();
        Some(
            typ.strip_prefix("application/")
                .map_or_else(|| typ.clone(), str::to_owned),
        )
    }

    /// The claims, once key and algorithm, which belong together, have been found to hold.
    pub(super) fn claims<T: DeserializeOwned>(&self, key: &DecodingKey, algorithm: Algorithm) -> Result<T, TokenError> {
        if self.header.alg != name_of(algorithm) {
            return Err(TokenError::Algorithm);
        }
        match crypto::verify(self.parts.signature, self.parts.message.as_bytes(), key, algorithm) {
            Ok(true) => serde_json::from_slice(&self.parts.payload()?).map_err(|_| TokenError::Claim("(all)")),
            Ok(false) | Err(_) => Err(TokenError::Signature),
        }
    }
}

/// As `alg` writes it. Others are not used here, so they agree with no header.
pub(super) const fn name_of(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HS256 => "HS256",
        Algorithm::RS256 => "RS256",
        Algorithm::ES256 => "ES256",
        Algorithm::EdDSA => "EdDSA",
        _ => "",
    }
}

/// From when to when a token holds, in seconds of the Unix epoch.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Times {
    pub(super) exp: f64,
    pub(super) nbf: f64,
    pub(super) iat: Option<f64>,
}

impl Times {
    /// `leeway`: how far the clocks of who signs and who reads may be apart, in seconds.
    pub(super) fn check(&self, now: Timestamp, leeway: u32) -> Result<(), TokenError> {
        let (now, leeway) = (seconds(now), f64::from(leeway));
        // Written so that a NaN holds at no time.
        let is_alive = now < self.exp + leeway;
        let has_begun = self.nbf <= now + leeway && self.iat.is_none_or(|iat| iat <= now + leeway);
        match (is_alive, has_begun) {
            (true, true) => Ok(()),
            (false, _) => Err(TokenError::Expired),
            (true, false) => Err(TokenError::NotYetValid),
        }
    }
}

/// Milliseconds of the next 280,000 years are exact in a float.
fn seconds(time: Timestamp) -> f64 {
    time.as_millis() as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        format!("{}.e30.AA", BASE64_URL_SAFE_NO_PAD.encode(header))
    }

    #[test]
    fn only_three_full_parts_with_a_plain_header_are_read() {
        let good = token(r#"{"alg":"HS256","kid":"a","typ":"application/AT+JWT","jwk":{"kty":"oct"},"x":[1]}"#);
        let jws = Jws::parse(&good).unwrap();
        assert_eq!(
            (jws.kid(), jws.alg(), jws.typ().as_deref()),
            (Some("a"), "HS256", Some("at+jwt"))
        );

        let long_kid = format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "k".repeat(257));
        let cases = [
            (String::new(), TokenError::Malformed),
            ("a".to_owned(), TokenError::Malformed),
            ("a.b".to_owned(), TokenError::Malformed),
            ("..".to_owned(), TokenError::Malformed),
            (good.trim_end_matches("AA").to_owned(), TokenError::Malformed),
            (format!(".{good}"), TokenError::Malformed),
            (good.replacen("e30", "", 1), TokenError::Malformed),
            (token(r#"{"alg":"HS256","alg":"none"}"#), TokenError::Malformed),
            (token(r#"{"kid":"a"}"#), TokenError::Malformed),
            (token(r#"{"alg":1}"#), TokenError::Malformed),
            (token("[]"), TokenError::Malformed),
            (
                format!("{}=.e30.AA", BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#)),
                TokenError::Malformed,
            ),
            (token(&long_kid), TokenError::Header),
            (token(r#"{"alg":"HS256","crit":["exp"]}"#), TokenError::Header),
            (token(r#"{"alg":"HS256","b64":false}"#), TokenError::Header),
            (token(r#"{"alg":"HS256","zip":"DEF"}"#), TokenError::Header),
            ("x".repeat(100_000), TokenError::TooLong),
        ];
        for (token, error) in cases {
            assert_eq!(Jws::parse(&token).err(), Some(error), "{token:.80}");
        }
    }

    #[test]
    fn times_hold_from_the_first_to_the_last_moment_and_no_number_is_beyond_them() {
        let now = Timestamp::from_millis(1_000_500);
        let times = |exp, nbf, iat| Times { exp, nbf, iat };
        let cases = [
            (times(1_001.0, 1_000.0, None), 0, Ok(())),
            (times(1_000.5, 1_000.0, None), 0, Err(TokenError::Expired)),
            (times(1_000.5, 1_000.0, None), 1, Ok(())),
            (times(2_000.0, 1_001.0, None), 0, Err(TokenError::NotYetValid)),
            (times(2_000.0, 1_001.0, None), 1, Ok(())),
            (times(2_000.0, 1_000.0, Some(1_002.0)), 1, Err(TokenError::NotYetValid)),
            (times(900.0, 1_900.0, None), 1, Err(TokenError::Expired)),
            (times(f64::NAN, 0.0, None), 60, Err(TokenError::Expired)),
            (times(f64::INFINITY, f64::NAN, None), 60, Err(TokenError::NotYetValid)),
        ];
        for (times, leeway, expected) in cases {
            assert_eq!(times.check(now, leeway), expected, "{times:?}");
        }
    }
}
