//! Who asks: the credential of each request, looked into once, before anything is done for it.
//!
//! [`AuthenticateLayer`] reads `Authorization: Bearer …` or `X-API-Key` and asks an [`Authenticate`] whose it is. It refuses
//! nobody: what it found stands in the request's extensions as an [`Identity`], and a handler that needs to know takes
//! [`Authenticated`] as an argument, which is where a request without valid credentials gets its 401. So a route is open
//! because its handler asks for nobody, never because a layer was forgotten. The id of who asked goes onto the answer as a
//! [`PrincipalId`], for the access log.
//!
//! A credential that is known already is answered without waiting ([`Decision::Ready`]) and without an allocation.
//!
//! What it does not do: say what somebody may do, read cookies, query parameters or bodies, or count failures.

mod credential;
mod extract;
mod layer;

pub use crate::principal::{PrincipalId, PrincipalSlot};
pub use credential::{Credential, X_API_KEY};
pub use extract::{Authenticated, unauthenticated};
pub use layer::{
    Authenticate, AuthenticateFuture, AuthenticateLayer, AuthenticateService, Decision, Identity, Principal,
};
