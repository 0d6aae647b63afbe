use std::convert::Infallible;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::Extensions;
use http::request::Parts;
use seawall_guard::problem::Problem;
use seawall_guard::request_id::RequestId as GuardRequestId;
use seawall_store::RequestId;

use crate::identity::accounts::{Actor, request_id};
use crate::identity::{Principal, Requirement, Scoped, principal_of};

/// Who acts, with the scope `S`, and in which request: for what stands in the audit trail.
pub(crate) struct Acting<S> {
    pub(crate) actor: Actor,
    pub(crate) scope: PhantomData<fn() -> S>,
}

impl<T: Send + Sync, S: Requirement> FromRequestParts<T> for Acting<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &T) -> Result<Self, Problem> {
        let principal = Scoped::<S>::from_request_parts(parts, state).await?.into_principal();
        Ok(Self {
            actor: actor(principal, &parts.extensions),
            scope: PhantomData,
        })
    }
}

/// Whoever has said who they are, whatever they may do.
pub(crate) struct Anybody(pub(crate) Actor);

impl<T: Send + Sync> FromRequestParts<T> for Anybody {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &T) -> Result<Self, Problem> {
        let principal = principal_of(&parts.extensions)?.clone();
        Ok(Self(actor(principal, &parts.extensions)))
    }
}

/// The request's id alone, where nobody has said yet who they are.
pub(crate) struct InRequest(pub(crate) Option<RequestId>);

impl<T: Send + Sync> FromRequestParts<T> for InRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &T) -> Result<Self, Infallible> {
        Ok(Self(request_of(&parts.extensions)))
    }
}

fn actor(principal: Principal, extensions: &Extensions) -> Actor {
    Actor {
        principal,
        request: request_of(extensions),
    }
}

fn request_of(extensions: &Extensions) -> Option<RequestId> {
    extensions.get::<GuardRequestId>().and_then(request_id)
}
