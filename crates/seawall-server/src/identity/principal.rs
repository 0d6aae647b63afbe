use std::sync::Arc;

use seawall_engine::Principal as EnginePrincipal;
use seawall_guard::authenticate::PrincipalId;
use seawall_guard::problem::{Problem, kinds};
use seawall_store::TenantId;

use super::{Scope, Scopes, challenge};

/// By what a principal is known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PrincipalKind {
    /// A person with a password here.
    User,
    /// Whoever holds an API key.
    Key,
    /// Something of the server's own: the bootstrap key, a ticket.
    Service,
    /// Whom the configured issuer vouches for.
    Oidc,
}

impl PrincipalKind {
    /// In tokens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Key => "key",
            Self::Service => "service",
            Self::Oidc => "oidc",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::User, Self::Key, Self::Service, Self::Oidc];
        all.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Who asks, for whom, and what they may do. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Principal {
    pub tenant: TenantId,
    pub kind: PrincipalKind,
    /// One name for one principal, over all kinds: `usr_…`, `key_…`, `service:NAME`, `oidc:SUBJECT`. Logs, limits, idempotency
    /// keys and the audit trail know it by this.
    pub subject: Arc<str>,
    pub scopes: Scopes,
    /// The login that a user's access token came from; its end ends them all.
    pub session: Option<Arc<str>>,
}

impl Principal {
    /// `id`: the user's, `usr_…`.
    #[must_use]
    pub fn user(tenant: TenantId, id: &str, scopes: Scopes) -> Self {
        Self::named(tenant, PrincipalKind::User, Arc::from(id), scopes)
    }

    /// `id`: the key's, `key_…`.
    #[must_use]
    pub fn key(tenant: TenantId, id: &str, scopes: Scopes) -> Self {
        Self::named(tenant, PrincipalKind::Key, Arc::from(id), scopes)
    }

    #[must_use]
    pub fn service(tenant: TenantId, name: &str, scopes: Scopes) -> Self {
        Self::named(tenant, PrincipalKind::Service, format!("service:{name}").into(), scopes)
    }

    /// Whoever sits at this machine and opens the store without a server: nothing stands between them and its file.
    #[must_use]
    pub fn local() -> Self {
        let EnginePrincipal { tenant, subject } = EnginePrincipal::local();
        Self::named(tenant, PrincipalKind::Service, subject, Scopes::ALL)
    }

    /// Whether it is [`Principal::local`]. No credential gives that name.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.kind == PrincipalKind::Service && self.subject == EnginePrincipal::local().subject
    }

    /// `subject`: as the issuer writes it. Its prefix here keeps it apart from our own ids, whatever it is.
    #[must_use]
    pub fn oidc(tenant: TenantId, subject: &str, scopes: Scopes) -> Self {
        Self::named(tenant, PrincipalKind::Oidc, format!("oidc:{subject}").into(), scopes)
    }

    pub(super) const fn named(tenant: TenantId, kind: PrincipalKind, subject: Arc<str>, scopes: Scopes) -> Self {
        Self {
            tenant,
            kind,
            subject,
            scopes,
            session: None,
        }
    }

    #[must_use]
    pub fn with_session(mut self, session: &str) -> Self {
        self.session = Some(Arc::from(session));
        self
    }

    /// # Errors
    /// `insufficient-scope`, with the scope that is lacking.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.contains(scope) {
            return Ok(());
        }
        Err(Problem::new(&kinds::INSUFFICIENT_SCOPE)
            .with_extension("required_scope", scope.as_str())
            .with_header(http::header::WWW_AUTHENTICATE, challenge::insufficient(scope)))
    }

    /// As the engine knows it.
    #[must_use]
    pub fn engine(&self) -> EnginePrincipal {
        EnginePrincipal {
            tenant: self.tenant.clone(),
            subject: Arc::clone(&self.subject),
        }
    }
}

impl seawall_guard::authenticate::Principal for Principal {
    fn id(&self) -> PrincipalId {
        PrincipalId(Arc::clone(&self.subject))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_issuer_calls_somebody_is_never_one_of_our_own_names() {
        let id = "usr_01h455vb4pex5vsknk084sn02q";
        let tenant = TenantId::default;
        let user = Principal::user(tenant(), id, Scopes::NONE);
        for subject in [id, "service:bootstrap", ""] {
            let foreign = Principal::oidc(tenant(), subject, Scopes::NONE);
            assert!(foreign.subject.starts_with("oidc:"));
            assert_ne!(foreign.subject, user.subject);
        }
        assert_eq!(user.engine().subject, user.subject);
    }

    #[test]
    fn a_lacking_scope_is_named() {
        let reader = Principal::key(TenantId::default(), "key_1", Scopes::of(&[Scope::RunsRead]));
        assert!(reader.require(Scope::RunsRead).is_ok());
        let problem = reader.require(Scope::RunsWrite).unwrap_err();
        assert_eq!(problem.kind(), &kinds::INSUFFICIENT_SCOPE);
        let text = String::from_utf8(problem.render(None, None).to_vec()).unwrap();
        assert!(text.contains(r#""required_scope":"runs:write""#), "{text}");
    }
}
