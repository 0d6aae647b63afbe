use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use seawall_engine::Clock;
use seawall_guard::problem::{Problem, kinds};
use secrecy::{ExposeSecret as _, SecretString};

use super::oidc::{OidcError, OidcVerifier};
use super::{
    AccessTokens, ApiKey, BootstrapKey, Credential, CredentialError, CredentialForm, KeyId, KeyRefusal, Principal,
    StoredKey, TokenError, api_key, invalid_credentials,
};

/// The records of keys cannot be read now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the records of API keys cannot be read")]
pub struct KeysUnavailable;

/// Where the records of API keys are.
pub trait KeyLookup: Send + Sync + 'static {
    /// The record of that id, of whatever tenant: the key says which one it is.
    ///
    /// # Errors
    /// When it cannot be said whether there is one.
    fn find(&self, id: KeyId) -> impl Future<Output = Result<Option<StoredKey>, KeysUnavailable>> + Send;
}

/// Why credentials make no principal. For the log: but for those that cannot be judged, all are one 401.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AuthenticationError {
    #[error(transparent)]
    Credential(#[from] CredentialError),
    #[error(transparent)]
    Key(#[from] KeyRefusal),
    #[error(transparent)]
    Keys(#[from] KeysUnavailable),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Oidc(#[from] OidcError),
    #[error("the credentials are neither a key nor a token")]
    Unknown,
}

impl From<AuthenticationError> for Problem {
    fn from(error: AuthenticationError) -> Self {
        match error {
            AuthenticationError::Keys(KeysUnavailable) => Self::new(&kinds::SERVICE_UNAVAILABLE)
                .with_extension("dependency", "store")
                .with_retry_after(Duration::from_secs(1)),
            AuthenticationError::Oidc(error) => error.into(),
            _ => invalid_credentials(),
        }
    }
}

/// Makes principals of what requests present.
pub struct Authenticator<K> {
    keys: K,
    tokens: AccessTokens,
    bootstrap: Option<BootstrapKey>,
    oidc: Option<OidcVerifier>,
    clock: Arc<dyn Clock>,
}

impl<K: KeyLookup> Authenticator<K> {
    #[must_use]
    pub fn new(keys: K, tokens: AccessTokens, clock: Arc<dyn Clock>) -> Self {
        Self {
            keys,
            tokens,
            bootstrap: None,
            oidc: None,
            clock,
        }
    }

    #[must_use]
    pub fn with_bootstrap(mut self, key: BootstrapKey) -> Self {
        self.bootstrap = Some(key);
        self
    }

    #[must_use]
    pub fn with_oidc(mut self, verifier: OidcVerifier) -> Self {
        self.oidc = Some(verifier);
        self
    }

    /// Who asks. None: the request presents nothing, which some addresses allow. What is presented and does not hold is
    /// refused everywhere: a client shall not take an answer for its own that anybody gets.
    ///
    /// # Errors
    /// Why what was presented does not hold.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Option<Principal>, AuthenticationError> {
        let Some(credential) = Credential::of(headers)? else {
            return Ok(None);
        };
        self.principal(&credential).await.map(Some)
    }

    /// Whom a credential stands for.
    ///
    /// # Errors
    /// Why it does not hold.
    pub async fn principal(&self, credential: &Credential) -> Result<Principal, AuthenticationError> {
        // First, because it may look like anything.
        let bootstrap = self.bootstrap.as_ref();
        if let Some(principal) = bootstrap.and_then(|key| key.check(credential.text())) {
            return Ok(principal);
        }
        match credential.form() {
            CredentialForm::ApiKey(key) => self.of_key(key).await,
            CredentialForm::Token => self.of_token(credential.text()).await,
            CredentialForm::Other => Err(AuthenticationError::Unknown),
        }
    }

    async fn of_key(&self, key: &ApiKey) -> Result<Principal, AuthenticationError> {
        let stored = self.keys.find(key.id()).await?;
        Ok(api_key::check(key, stored.as_ref(), self.clock.now())?)
    }

    async fn of_token(&self, token: &SecretString) -> Result<Principal, AuthenticationError> {
        let token = token.expose_secret();
        match &self.oidc {
            // Who is to verify it follows from the key that it names, not from what it claims.
            Some(oidc) if !self.tokens.is_own(token) => Ok(oidc.verify(token).await?),
            _ => Ok(self.tokens.verify(token, self.clock.now())?.principal),
        }
    }
}

impl<K> std::fmt::Debug for Authenticator<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticator")
            .field("tokens", &self.tokens)
            .field("bootstrap", &self.bootstrap)
            .field("oidc", &self.oidc)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use seawall_store::{ManualClock, StoreClock as _, TenantId, Timestamp};

    use super::*;
    use crate::identity::{MasterKey, Role, Scopes};

    struct TestClock(ManualClock);

    impl Clock for TestClock {
        fn now(&self) -> Timestamp {
            self.0.now()
        }

        fn boot(&self) -> Duration {
            Duration::ZERO
        }
    }

    /// One key's record, or nothing that can be read.
    struct OneKey {
        key: Result<(KeyId, StoredKey), KeysUnavailable>,
        asked: AtomicUsize,
    }

    impl KeyLookup for OneKey {
        async fn find(&self, id: KeyId) -> Result<Option<StoredKey>, KeysUnavailable> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let (known, stored) = self.key.as_ref().map_err(|error| *error)?;
            Ok((*known == id).then(|| stored.clone()))
        }
    }

    fn id(last: char) -> KeyId {
        KeyId::of_type_id(&format!("key_01h455vb4pex5vsknk084sn02{last}")).unwrap()
    }

    fn tokens(secret: &str) -> AccessTokens {
        AccessTokens::new(&MasterKey::new(&SecretString::from(secret)).unwrap())
    }

    fn authenticator(key: Result<&ApiKey, KeysUnavailable>) -> Authenticator<OneKey> {
        let stored = |key: &ApiKey| StoredKey {
            tenant: TenantId::new("acme").unwrap(),
            hash: key.hash(),
            scopes: Role::Viewer.scopes(),
            expires_at: None,
            revoked_at: None,
        };
        let keys = OneKey {
            key: key.map(|key| (key.id(), stored(key))),
            asked: AtomicUsize::new(0),
        };
        let clock = TestClock(ManualClock::default());
        Authenticator::new(keys, tokens("a secret key of at least 32 bytes"), Arc::new(clock))
    }

    async fn presented<K: KeyLookup>(
        authenticator: &Authenticator<K>,
        text: &str,
    ) -> Result<Option<Principal>, AuthenticationError> {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {text}").parse().unwrap());
        authenticator.authenticate(&headers).await
    }

    #[tokio::test]
    async fn each_form_of_credential_makes_its_principal() {
        let key = ApiKey::generate(id('q'));
        let authenticator = authenticator(Ok(&key));
        assert_eq!(authenticator.authenticate(&HeaderMap::new()).await, Ok(None));
        let by_key = presented(&authenticator, key.reveal().expose_secret())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (&*by_key.subject, by_key.tenant.as_str()),
            ("key_01h455vb4pex5vsknk084sn02q", "acme")
        );

        let user = Principal::user(TenantId::default(), "usr_1", Role::Operator.scopes());
        let now = ManualClock::default().now();
        let token = authenticator.tokens.issue(&user, now).unwrap();
        assert_eq!(
            presented(&authenticator, token.text.expose_secret()).await,
            Ok(Some(user))
        );
    }

    #[tokio::test]
    async fn the_bootstrap_key_may_look_like_anything() {
        let like_a_key = ApiKey::generate(id('z')).reveal();
        for text in [
            "an-admin-key-of-many-letters",
            "eyJ.looks.like-a-token-to-us",
            like_a_key.expose_secret(),
        ] {
            let bootstrap = BootstrapKey::new(&SecretString::from(text)).unwrap();
            let authenticator = authenticator(Err(KeysUnavailable)).with_bootstrap(bootstrap);
            let principal = presented(&authenticator, text).await.unwrap().unwrap();
            assert_eq!(principal.scopes, Scopes::ALL, "{text}");
            assert_eq!(authenticator.keys.asked.load(Ordering::SeqCst), 0);
        }
    }

    #[tokio::test]
    async fn what_does_not_hold_is_one_answer_and_an_unknown_key_is_looked_up_like_a_known_one() {
        let key = ApiKey::generate(id('q'));
        let foreign = tokens("another key of at least 32 bytes.");
        let user = Principal::user(TenantId::default(), "usr_1", Scopes::ALL);
        let foreign = foreign.issue(&user, ManualClock::default().now()).unwrap();
        let own_key = |last| ApiKey::generate(id(last)).reveal().expose_secret().to_owned();
        let cases = [
            (own_key('q'), AuthenticationError::Key(KeyRefusal::Unknown), 1),
            (own_key('r'), AuthenticationError::Key(KeyRefusal::Unknown), 1),
            (
                foreign.text.expose_secret().to_owned(),
                AuthenticationError::Token(TokenError::UnknownKey),
                0,
            ),
            ("some-key".to_owned(), AuthenticationError::Unknown, 0),
            (
                "x".repeat(100_000),
                AuthenticationError::Credential(CredentialError::Form),
                0,
            ),
        ];
        for (text, error, asked) in cases {
            let authenticator = authenticator(Ok(&key));
            assert_eq!(presented(&authenticator, &text).await, Err(error));
            assert_eq!(authenticator.keys.asked.load(Ordering::SeqCst), asked);
            let answer = Problem::from(error).into_http::<bytes::Bytes>();
            assert_eq!(answer.status(), 401);
            assert_eq!(answer.headers()["www-authenticate"], r#"Bearer error="invalid_token""#);
        }
    }

    #[tokio::test]
    async fn a_key_that_cannot_be_looked_up_is_not_refused() {
        let key = ApiKey::generate(id('q'));
        let error = presented(&authenticator(Err(KeysUnavailable)), key.reveal().expose_secret()).await;
        let error = error.unwrap_err();
        assert_eq!(error, AuthenticationError::Keys(KeysUnavailable));
        let answer = Problem::from(error).into_http::<bytes::Bytes>();
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()["retry-after"], "1");
    }
}
