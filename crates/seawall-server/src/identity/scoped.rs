use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::Extensions;
use http::request::Parts;
use seawall_engine::Principal as EnginePrincipal;
use seawall_guard::authenticate::Identity;
use seawall_guard::problem::Problem;

use super::{Principal, Scope, challenge};

/// A scope as a type, so that a handler's signature says what it needs.
pub trait Requirement: Send + Sync + 'static {
    const SCOPE: Scope;
}

/// The types of all scopes.
pub mod needs {
    use super::{Requirement, Scope};

    macro_rules! requirements {
        ($($name:ident)+) => {
            $(
                /// The scope of this name.
                #[derive(Clone, Copy, Debug)]
                pub enum $name {}

                impl Requirement for $name {
                    const SCOPE: Scope = Scope::$name;
                }
            )+

            #[cfg(test)]
            pub(super) const ALL: &[Scope] = &[$(<$name as Requirement>::SCOPE),+];
        };
    }

    requirements! {
        WorkflowsRead WorkflowsWrite RunsRead RunsWrite ApprovalsDecide TasksWork AgentsChat KeysAdmin UsersAdmin AuditRead
        MetricsRead
    }
}

/// The principal of a request, with the scope `S`: a handler that takes this cannot be called without it.
///
/// The guard that reads credentials has put what it found into the request's extensions. Without a principal: 401 with
/// `WWW-Authenticate`; without the scope: 403 with `required_scope`. As a
/// `Result` it refuses nobody.
pub struct Scoped<S> {
    principal: Principal,
    engine: EnginePrincipal,
    scope: PhantomData<fn() -> S>,
}

impl<S> Scoped<S> {
    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    #[must_use]
    pub fn into_principal(self) -> Principal {
        self.principal
    }

    /// As the engine knows it.
    #[must_use]
    pub const fn engine(&self) -> &EnginePrincipal {
        &self.engine
    }
}

impl<S> std::fmt::Debug for Scoped<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Scoped").field(&self.principal).finish()
    }
}

/// Whose request it is.
///
/// # Errors
/// 401 where nobody knows; what the guard answers where it was refused.
pub(crate) fn principal_of(extensions: &Extensions) -> Result<&Principal, Problem> {
    match extensions.get::<Identity<Principal>>() {
        Some(Identity::Known(principal)) => Ok(principal),
        Some(Identity::Refused(problem)) => Err((**problem).clone()),
        Some(Identity::Anonymous) | None => Err(challenge::unauthenticated()),
    }
}

impl<S: Requirement, T: Send + Sync> FromRequestParts<T> for Scoped<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &T) -> Result<Self, Problem> {
        let principal = principal_of(&parts.extensions)?;
        principal.require(S::SCOPE)?;
        Ok(Self {
            principal: principal.clone(),
            engine: principal.engine(),
            scope: PhantomData,
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::{Router, routing};
    use http::Request;
    use seawall_store::TenantId;
    use tower::ServiceExt as _;

    use super::*;
    use crate::identity::Scopes;

    #[test]
    fn every_scope_has_its_type() {
        assert_eq!(needs::ALL, Scope::ALL);
    }

    #[tokio::test]
    async fn a_handler_is_only_reached_by_a_principal_with_its_scope() {
        let app = Router::new().route(
            "/",
            routing::post(|scoped: Scoped<needs::RunsWrite>| async move { scoped.principal().subject.to_string() }),
        );
        let principal = |scopes| Principal::key(TenantId::default(), "key_1", scopes);
        let cases = [
            (None, 401, "Bearer"),
            (
                Some(principal(Scopes::of(&[Scope::RunsRead, Scope::WorkflowsWrite]))),
                403,
                r#"Bearer error="insufficient_scope", scope="runs:write""#,
            ),
            (Some(principal(Scopes::of(&[Scope::RunsWrite]))), 200, ""),
        ];
        for (principal, status, challenge) in cases {
            let mut request = Request::post("/").body(Body::empty()).unwrap();
            if let Some(principal) = principal {
                request.extensions_mut().insert(Identity::Known(principal));
            }
            let response = app.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), status);
            let header = response
                .headers()
                .get("www-authenticate")
                .map_or("", |value| value.to_str().unwrap());
            assert_eq!(header, challenge);
        }
    }
}
