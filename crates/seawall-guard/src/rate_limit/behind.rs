use std::fmt;

use tower::Layer;

use super::{Identified, LimitStore, RateLimitLayer, RateLimitService};
use crate::authenticate::{Authenticate, AuthenticateLayer, AuthenticateService};

/// Finds out who asks, then limits by that. Made by [`RateLimitLayer::behind`].
#[derive(Clone)]
pub struct AuthenticatedLimitLayer<A: Authenticate, S> {
    authenticate: AuthenticateLayer<A>,
    limits: RateLimitLayer<Identified<A::Principal>, S>,
}

impl<A: Authenticate, S> AuthenticatedLimitLayer<A, S> {
    pub(super) const fn new(
        authenticate: AuthenticateLayer<A>,
        limits: RateLimitLayer<Identified<A::Principal>, S>,
    ) -> Self {
        Self { authenticate, limits }
    }
}

impl<A: Authenticate, S: LimitStore, I> Layer<I> for AuthenticatedLimitLayer<A, S> {
    type Service = AuthenticateService<A, RateLimitService<I, Identified<A::Principal>, S>>;

    fn layer(&self, inner: I) -> Self::Service {
        self.authenticate.layer(self.limits.service(inner))
    }
}

impl<A: Authenticate, S> fmt::Debug for AuthenticatedLimitLayer<A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticatedLimitLayer")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
