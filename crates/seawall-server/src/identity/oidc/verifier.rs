use std::sync::Arc;

use seawall_engine::Clock;
use serde_json::{Map, Value};
use tokio_util::task::TaskTracker;

use super::fetch::{ClientError, Fetcher};
use super::keys::KeySource;
use super::{OidcConfig, OidcError, claims};
use crate::identity::Principal;
use crate::identity::jws::{Jws, TokenError};

/// How far the issuer's clock and ours may be apart.
pub const LEEWAY_SECONDS: u32 = 30;

/// The types of tokens that stand for somebody. Others (`logout+jwt`, `secevent+jwt`) are signed with the same keys and mean
/// something else (RFC 8725, section 3.11).
const TYPES: [&str; 2] = ["jwt", "at+jwt"];

/// Verifies the tokens of one issuer.
pub struct OidcVerifier {
    config: OidcConfig,
    keys: KeySource,
    clock: Arc<dyn Clock>,
}

impl OidcVerifier {
    /// `tasks`: what shutdown waits for.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn new(config: OidcConfig, clock: Arc<dyn Clock>, tasks: TaskTracker) -> Result<Self, ClientError> {
        let fetcher = Fetcher::new(config.issuer.clone())?;
        Ok(Self {
            keys: KeySource::new(fetcher, Arc::clone(&clock), tasks),
            config,
            clock,
        })
    }

    /// Whom a token stands for.
    ///
    /// # Errors
    /// Why it does not hold, or that nobody can say.
    pub async fn verify(&self, token: &str) -> Result<Principal, OidcError> {
        let jws = Jws::parse(token)?;
        let typ = jws.typ();
        if typ.is_some_and(|typ| !TYPES.contains(&&*typ)) {
            return Err(TokenError::Type.into());
        }
        // Before any key is asked for: what no key here can sign must not cause a fetch.
        if !["RS256", "ES256", "EdDSA"].contains(&jws.alg()) {
            return Err(TokenError::Algorithm.into());
        }
        let keys = self.keys.keys(jws.kid()).await?;
        if !keys.knows(jws.kid()) {
            return Err(TokenError::UnknownKey.into());
        }
        let key = keys.find(jws.kid(), jws.alg());
        let key = key.ok_or(TokenError::Algorithm)?;
        let claims: Map<String, Value> = jws.claims(&key.key, key.algorithm)?;
        claims::check_parties(&claims, &self.config)?;
        claims::times(&claims)?.check(self.clock.now(), LEEWAY_SECONDS)?;
        Ok(claims::principal(claims, &self.config)?)
    }
}

impl std::fmt::Debug for OidcVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("OidcVerifier").field(&self.config).finish()
    }
}
