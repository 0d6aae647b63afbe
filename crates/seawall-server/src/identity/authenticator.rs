use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use seawall_engine::Clock;
use seawall_guard::authenticate::{Authenticate, Credential, Decision};
use seawall_guard::problem::{Problem, kinds};
use seawall_store::{IdentityStore, Revoked, SessionId, StoreError};
use secrecy::{ExposeSecret as _, SecretString};
use tokio_util::sync::CancellationToken;

use super::known::Known;
use super::oidc::{OidcError, OidcVerifier};
use super::{
    AccessTokens, ApiKey, BootstrapKey, CredentialForm, KeyId, KeyRefusal, Principal, PrincipalKind, TokenError,
    invalid_credentials,
};

/// Between two looks at whether credentials hold still. With what a node may not have heard of yet, it is less than
/// `known::HOLDS_FOR`.
const LOOK: Duration = Duration::from_secs(3);

/// Why credentials make no principal. For the log: but for those that cannot be judged, all are one 401.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticationError {
    #[error(transparent)]
    Key(#[from] KeyRefusal),
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The login that a token came from.
    #[error("the session has ended")]
    Session,
    /// Whom a ticket was made for.
    #[error("the user is gone, or may not log in")]
    User,
    #[error(transparent)]
    Oidc(#[from] OidcError),
    #[error("the credentials are neither a key nor a token")]
    Unknown,
    #[error("the store cannot say whose credentials they are")]
    Store(#[from] StoreError),
}

impl From<AuthenticationError> for Problem {
    fn from(error: AuthenticationError) -> Self {
        match error {
            AuthenticationError::Store(_) => Self::new(&kinds::SERVICE_UNAVAILABLE)
                .with_extension("dependency", "store")
                .with_retry_after(Duration::from_secs(1)),
            AuthenticationError::Oidc(error) => error.into(),
            _ => invalid_credentials(),
        }
    }
}

/// Makes principals of what requests present. Cheap to clone.
#[derive(Clone)]
pub struct Authenticator(Arc<Inner>);

struct Inner {
    known: Known,
    tokens: AccessTokens,
    bootstrap: Option<BootstrapKey>,
    oidc: Option<OidcVerifier>,
    clock: Arc<dyn Clock>,
}

/// What has to be asked before it is known whose a credential is.
enum Question {
    Key(ApiKey),
    /// Whether the key counts that the token was made with.
    KeyOf(KeyId, Principal),
    Session(SessionId, Principal),
    Issuer(SecretString),
}

/// Known at once, or to be asked.
type Answer = Result<Result<Principal, Question>, AuthenticationError>;

/// What makes an [`Authenticator`].
pub struct AuthenticatorParts {
    pub store: Arc<dyn IdentityStore>,
    pub clock: Arc<dyn Clock>,
    pub tokens: AccessTokens,
    pub bootstrap: Option<BootstrapKey>,
    pub oidc: Option<OidcVerifier>,
}

impl Authenticator {
    #[must_use]
    pub fn new(parts: AuthenticatorParts) -> Self {
        Self(Arc::new(Inner {
            known: Known::new(parts.store, Arc::clone(&parts.clock)),
            tokens: parts.tokens,
            bootstrap: parts.bootstrap,
            oidc: parts.oidc,
            clock: parts.clock,
        }))
    }

    /// Hears of keys and sessions that end on other nodes, until `stop`. While nobody does this, the store is asked at every
    /// request.
    pub async fn keep_up(&self, stop: &CancellationToken) {
        self.0.known.keep_up(stop).await;
    }

    /// To be told at once of what ended here.
    pub fn ended(&self, what: Revoked) {
        self.0.known.end(what);
    }

    /// To be told at once that sessions ended here, of which nobody says which.
    pub fn sessions_ended(&self) {
        self.0.known.end_sessions();
    }

    /// Whether what a principal came with counts still. A user's ticket, which knows no session, counts as long as the user may
    /// log in; what has no end that could be heard of counts always.
    ///
    /// # Errors
    /// Why it does not, or that nobody can say.
    pub async fn still(&self, principal: Principal) -> Result<(), AuthenticationError> {
        match principal.kind {
            PrincipalKind::Service | PrincipalKind::Oidc => Ok(()),
            PrincipalKind::User if principal.session.is_none() => self.0.known.ask_user(&principal).await,
            PrincipalKind::User | PrincipalKind::Key => match self.0.still(principal)? {
                Ok(_) => Ok(()),
                Err(question) => self.0.ask(question).await.map(drop),
            },
        }
    }

    /// Returns when the principal does not count any more ([`Authenticator::still`]): for what goes on after its request was
    /// let in.
    pub async fn until_over(self, principal: Principal) {
        if matches!(principal.kind, PrincipalKind::Service | PrincipalKind::Oidc) {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(LOOK).await;
            if self.still(principal.clone()).await.is_err() {
                return;
            }
        }
    }

    /// Whom a credential stands for.
    ///
    /// # Errors
    /// Why it does not hold.
    pub async fn principal(&self, text: &str) -> Result<Principal, AuthenticationError> {
        match self.0.at_once(text)? {
            Ok(principal) => Ok(principal),
            Err(question) => self.0.ask(question).await,
        }
    }
}

impl Authenticate for Authenticator {
    type Principal = Principal;
    type Future = BoxFuture<'static, Result<Principal, Problem>>;

    fn authenticate(&self, credential: Credential<'_>) -> Decision<Principal, Self::Future> {
        match self.0.at_once(credential.secret()) {
            Ok(Ok(principal)) => Decision::Ready(Ok(principal)),
            Err(error) => Decision::Ready(Err(refusal(error))),
            Ok(Err(question)) => {
                let inner = Arc::clone(&self.0);
                Decision::Later(async move { inner.ask(question).await.map_err(refusal) }.boxed())
            }
        }
    }
}

impl Inner {
    fn at_once(&self, text: &str) -> Answer {
        // First, because it may look like anything.
        let bootstrap = self.bootstrap.as_ref();
        if let Some(principal) = bootstrap.and_then(|key| key.check(text)) {
            return Ok(Ok(principal));
        }
        match CredentialForm::of(text) {
            CredentialForm::ApiKey(key) => match self.known.key(&key) {
                Some(result) => Ok(Ok(result?)),
                None => Ok(Err(Question::Key(key))),
            },
            // Who is to verify it follows from the key that it names, not from what it claims.
            CredentialForm::Token if self.oidc.is_some() && !self.tokens.is_own(text) => {
                Ok(Err(Question::Issuer(SecretString::from(text))))
            }
            CredentialForm::Token => self.token(text),
            CredentialForm::Other => Err(AuthenticationError::Unknown),
        }
    }

    /// A token of ours holds as long as what it was made with.
    fn token(&self, text: &str) -> Answer {
        self.still(self.tokens.verify(text, self.clock.now())?.principal)
    }

    /// The principal, if what it came with counts.
    fn still(&self, principal: Principal) -> Answer {
        match principal.kind {
            PrincipalKind::User => {
                let session = principal.session.as_deref().and_then(|id| id.parse().ok());
                let session = session.ok_or(AuthenticationError::Session)?;
                match self.known.session_counts(session) {
                    Some(true) => Ok(Ok(principal)),
                    Some(false) => Err(AuthenticationError::Session),
                    None => Ok(Err(Question::Session(session, principal))),
                }
            }
            PrincipalKind::Key => {
                let id = KeyId::of_type_id(&principal.subject).ok_or(TokenError::Claim("sub"))?;
                match self.known.key_counts(id) {
                    Some(counts) => Ok(Ok(counts.map(|()| principal)?)),
                    None => Ok(Err(Question::KeyOf(id, principal))),
                }
            }
            PrincipalKind::Service if self.bootstrap.is_some() => Ok(Ok(principal)),
            PrincipalKind::Service | PrincipalKind::Oidc => Err(TokenError::Claim("kind").into()),
        }
    }

    async fn ask(&self, question: Question) -> Result<Principal, AuthenticationError> {
        match question {
            Question::Key(key) => Ok(self.known.ask_key(&key).await??),
            Question::KeyOf(id, principal) => {
                self.known.ask_key_counts(id).await??;
                Ok(principal)
            }
            Question::Session(id, principal) => {
                let counts = self.known.ask_session_counts(&principal.tenant, id).await?;
                counts.then_some(principal).ok_or(AuthenticationError::Session)
            }
            Question::Issuer(token) => match &self.oidc {
                Some(oidc) => Ok(oidc.verify(token.expose_secret()).await?),
                None => Err(AuthenticationError::Unknown),
            },
        }
    }
}

/// The answer to credentials that do not hold. Why they do not, only the log is told.
fn refusal(error: AuthenticationError) -> Problem {
    match &error {
        AuthenticationError::Store(cause) => {
            tracing::warn!(error = %cause, "credentials cannot be looked up");
        }
        // Whoever presents them had them from us: somebody should know.
        AuthenticationError::Key(KeyRefusal::Expired | KeyRefusal::Revoked) | AuthenticationError::Session => {
            tracing::info!(reason = %error, "credentials are refused");
        }
        _ => tracing::debug!(reason = %error, "credentials are refused"),
    }
    error.into()
}

impl std::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticator")
            .field("tokens", &self.0.tokens)
            .field("bootstrap", &self.0.bootstrap)
            .field("oidc", &self.0.oidc)
            .finish_non_exhaustive()
    }
}
