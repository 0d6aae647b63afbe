use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, crypto};
use seawall_store::{TenantId, Timestamp};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::claims::Claims;
use crate::identity::jws::{Jws, Times, TokenError};
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
    signing: EncodingKey,
    /// The header as it is written: it is the same for all.
    header: String,
    /// The key that signs, and those that did: by name. One algorithm for all of them.
    known: Vec<(String, DecodingKey)>,
}

impl AccessTokens {
    #[must_use]
    pub fn new(master: &MasterKey) -> Self {
        let key = master.derive(KeyUse::AccessTokens);
        let kid = kid_of(key.bytes());
        let header = format!(r#"{{"typ":"{TYPE}","alg":"HS256","kid":"{kid}"}}"#);
        Self {
            signing: EncodingKey::from_secret(key.bytes()),
            header: BASE64_URL_SAFE_NO_PAD.encode(header),
            known: vec![(kid, DecodingKey::from_secret(key.bytes()))],
        }
    }

    /// Also takes tokens that were signed under a former `SECRET_KEY`, so that changing it logs nobody out.
    #[must_use]
    pub fn with_former(mut self, master: &MasterKey) -> Self {
        let key = master.derive(KeyUse::AccessTokens);
        let kid = kid_of(key.bytes());
        self.known.push((kid, DecodingKey::from_secret(key.bytes())));
        self
    }

    /// A token for a principal, from `now` on.
    ///
    /// # Errors
    /// Never with a key of ours: HMAC signs whatever it is given.
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
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: principal.subject.to_string(),
            kind: principal.kind.as_str().to_owned(),
            tenant: principal.tenant.to_string(),
            scope: principal.scopes.to_string(),
            sid: principal.session.as_deref().map(str::to_owned),
            jti: id.simple().to_string(),
            iat: begin,
            nbf: begin,
            exp: end.min(until),
        };
        let payload = serde_json::to_vec(&claims).map_err(|_| TokenError::Claim("(all)"))?;
        let mut text = self.header.clone();
        text.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(payload, &mut text);
        let signature = crypto::sign(text.as_bytes(), &self.signing, Algorithm::HS256);
        let signature = signature.map_err(|_| TokenError::Signature)?;
        text.push('.');
        text.push_str(&signature);
        Ok(AccessToken {
            text: SecretString::from(text),
            id,
            expires_at: Timestamp::from_millis(claims.exp.saturating_mul(1_000)),
        })
    }

    /// Whether the token names one of these keys. Nothing else of it has been looked at: it says only who is to verify it.
    #[must_use]
    pub fn is_own(&self, token: &str) -> bool {
        Jws::parse(token).is_ok_and(|jws| self.key(&jws).is_some())
    }

    /// Whom a token stands for at `now`.
    ///
    /// # Errors
    /// Why it does not hold.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedToken, TokenError> {
        let jws = Jws::parse(token)?;
        let key = self.key(&jws).ok_or(TokenError::UnknownKey)?;
        if jws.typ().as_deref() != Some(TYPE) {
            return Err(TokenError::Type);
        }
        let claims: Claims = jws.claims(key, Algorithm::HS256)?;
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

    fn key(&self, jws: &Jws<'_>) -> Option<&DecodingKey> {
        let kid = jws.kid()?;
        self.known.iter().find(|(known, _)| known == kid).map(|(_, key)| key)
    }
}

fn verified(claims: Claims) -> Result<VerifiedToken, TokenError> {
    let tenant = TenantId::new(&claims.tenant).map_err(|_| TokenError::Claim("tenant"))?;
    let kind = PrincipalKind::parse(&claims.kind).ok_or(TokenError::Claim("kind"))?;
    let scopes = claims.scope.parse().map_err(|_| TokenError::Claim("scope"))?;
    if claims.sub.is_empty() {
        return Err(TokenError::Claim("sub"));
    }
    let mut principal = Principal::named(tenant, kind, Arc::from(claims.sub), scopes);
    principal.session = claims.sid.map(Arc::from);
    Ok(VerifiedToken {
        principal,
        id: claims.jti,
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
        let names = self.known.iter().map(|(kid, _)| kid);
        f.debug_tuple("AccessTokens").field(&names.collect::<Vec<_>>()).finish()
    }
}
