use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use seawall_store::{TenantId, Timestamp};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::claims::Claims;
use crate::identity::jws::{Jws, Parts, Times, TokenError};
use crate::identity::{KeyUse, MasterKey, Principal, PrincipalKind};

/// Who signs, and for whom.
pub const ISSUER: &str = "seawall";
pub const AUDIENCE: &str = "seawall-api";

/// How long a token holds.
pub const ACCESS_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// How far the clocks of two nodes may be apart.
pub const LEEWAY_SECONDS: u32 = 5;

/// RFC 9068: what is signed here as something else is no access token.
const TYPE: &str = "at+jwt";

const ALGORITHM: &str = "HS256";

/// A token that was issued.
#[derive(Debug)]
pub struct AccessToken {
    pub text: SecretString,
    pub id: Uuid,
    pub expires_at: Timestamp,
}

/// What a token that holds says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedToken {
    pub principal: Principal,
    /// `jti`.
    pub id: String,
    pub expires_at: Timestamp,
}

/// Issues and verifies access tokens.
pub struct AccessTokens {
    signing: Key,
    /// Those that did sign.
    former: Vec<Key>,
}

/// One algorithm for all of them: HMAC-SHA-256.
struct Key {
    kid: String,
    /// Of all tokens that it signs, as it is written.
    head: String,
    /// Ready for a message.
    mac: Hmac<Sha256>,
}

impl Key {
    fn new(master: &MasterKey) -> Self {
        let key = master.derive(KeyUse::AccessTokens);
        let kid = kid_of(key.bytes());
        let header = format!(r#"{{"typ":"{TYPE}","alg":"{ALGORITHM}","kid":"{kid}"}}"#);
        Self {
            head: BASE64_URL_SAFE_NO_PAD.encode(header),
            mac: key.begin_mac(),
            kid,
        }
    }

    fn sign(&self, message: &str) -> [u8; 32] {
        let mac = self.mac.clone().chain_update(message);
        mac.finalize().into_bytes().into()
    }

    /// In constant time.
    fn holds(&self, message: &str, signature: &[u8]) -> bool {
        self.mac.clone().chain_update(message).verify_slice(signature).is_ok()
    }
}

impl AccessTokens {
    #[must_use]
    pub fn new(master: &MasterKey) -> Self {
        Self {
            signing: Key::new(master),
            former: Vec::new(),
        }
    }

    /// Also takes tokens that were signed under a former `SECRET_KEY`, so that changing it logs nobody out.
    #[must_use]
    pub fn with_former(mut self, master: &MasterKey) -> Self {
        self.former.push(Key::new(master));
        self
    }

    /// A token for a principal, from `now` on.
    ///
    /// # Errors
    /// Never: claims can be written, and HMAC signs whatever it is given.
    pub fn issue(&self, principal: &Principal, now: Timestamp) -> Result<AccessToken, TokenError> {
        self.issue_until(principal, now, None)
    }

    /// As [`AccessTokens::issue`], and over at `until` at the latest: with what it was made from.
    ///
    /// # Errors
    /// As `issue`.
    pub fn issue_until(
        &self,
        principal: &Principal,
        now: Timestamp,
        until: Option<Timestamp>,
    ) -> Result<AccessToken, TokenError> {
        let id = Uuid::new_v4();
        let begin = now.as_millis().div_euclid(1_000);
        let lifetime = i64::try_from(ACCESS_LIFETIME.as_secs()).unwrap_or(i64::MAX);
        let end = begin.saturating_add(lifetime);
        let until = until.map_or(end, |until| until.as_millis().div_euclid(1_000));
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: Cow::Borrowed(&principal.subject),
            kind: principal.kind.as_str().into(),
            tenant: Cow::Borrowed(principal.tenant.as_str()),
            scope: principal.scopes.to_string().into(),
            sid: principal.session.as_deref().map(Cow::Borrowed),
            jti: id.simple().to_string().into(),
            iat: begin,
            nbf: begin,
            exp: end.min(until),
        };
        let payload = serde_json::to_vec(&claims).map_err(|_| TokenError::Claim("(all)"))?;
        let mut text = self.signing.head.clone();
        text.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(payload, &mut text);
        let signature = self.signing.sign(&text);
        text.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut text);
        Ok(AccessToken {
            text: SecretString::from(text),
            id,
            expires_at: Timestamp::from_millis(claims.exp.saturating_mul(1_000)),
        })
    }

    /// Whether the token names one of these keys. Nothing else of it has been looked at: it says only who is to verify it.
    #[must_use]
    pub fn is_own(&self, token: &str) -> bool {
        Parts::of(token).is_ok_and(|parts| self.key(&parts).is_ok())
    }

    /// Whom a token stands for at `now`.
    ///
    /// # Errors
    /// Why it does not hold.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedToken, TokenError> {
        let parts = Parts::of(token)?;
        let (key, header) = self.key(&parts)?;
        if let Some(header) = header {
            if header.typ().as_deref() != Some(TYPE) {
                return Err(TokenError::Type);
            }
            if header.alg() != ALGORITHM {
                return Err(TokenError::Algorithm);
            }
        }
        if !key.holds(parts.message, &parts.signature()?) {
            return Err(TokenError::Signature);
        }
        let payload = parts.payload()?;
        let claims: Claims<'_> = serde_json::from_slice(&payload).map_err(|_| TokenError::Claim("(all)"))?;
        if claims.iss != ISSUER {
            return Err(TokenError::Issuer);
        }
        if claims.aud != AUDIENCE {
            return Err(TokenError::Audience);
        }
        // Seconds of the next million years are exact in a float.
        let times = Times {
            exp: claims.exp as f64,
            nbf: claims.nbf as f64,
            iat: Some(claims.iat as f64),
        };
        times.check(now, LEEWAY_SECONDS)?;
        verified(claims)
    }

    /// The key that a token names; and its header, unless it is written as here: then nothing of it is left to look at.
    fn key<'a>(&self, parts: &Parts<'a>) -> Result<(&Key, Option<Jws<'a>>), TokenError> {
        if let Some(key) = self.keys().find(|key| key.head == parts.head) {
            return Ok((key, None));
        }
        let header = Jws::of(*parts)?;
        let key = self.keys().find(|key| Some(&*key.kid) == header.kid());
        Ok((key.ok_or(TokenError::UnknownKey)?, Some(header)))
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.signing).chain(&self.former)
    }
}

fn verified(claims: Claims<'_>) -> Result<VerifiedToken, TokenError> {
    let tenant = TenantId::new(&claims.tenant).map_err(|_| TokenError::Claim("tenant"))?;
    let kind = PrincipalKind::parse(&claims.kind).ok_or(TokenError::Claim("kind"))?;
    let scopes = claims.scope.parse().map_err(|_| TokenError::Claim("scope"))?;
    if claims.sub.is_empty() {
        return Err(TokenError::Claim("sub"));
    }
    let mut principal = Principal::named(tenant, kind, Arc::from(&*claims.sub), scopes);
    principal.session = claims.sid.as_deref().map(Arc::from);
    Ok(VerifiedToken {
        principal,
        id: claims.jti.into_owned(),
        expires_at: Timestamp::from_millis(claims.exp.saturating_mul(1_000)),
    })
}

/// A key's public name, which follows from it.
fn kid_of(key: &[u8; 32]) -> String {
    let mut hash = Sha256::new();
    hash.update(b"seawall/kid/v1");
    hash.update(key);
    let digest: [u8; 32] = hash.finalize().into();
    format!("sw-{}", BASE64_URL_SAFE_NO_PAD.encode(&digest[..9]))
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.keys().map(|key| &key.kid);
        f.debug_tuple("AccessTokens").field(&names.collect::<Vec<_>>()).finish()
    }
}
