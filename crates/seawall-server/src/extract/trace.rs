use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use seawall_engine::Engine;
use seawall_guard::trace_context::TraceContext;

use crate::state::AppState;

/// The request's place in its trace, for the runs that it begins.
pub(crate) struct Traced(Option<TraceContext>);

impl Traced {
    /// The engine, whose new runs remember the request.
    pub(crate) fn engine(&self, state: &AppState) -> Engine {
        let header = self.0.as_ref().map(TraceContext::header_value);
        match header.as_ref().and_then(|header| header.to_str().ok()) {
            Some(trace) => state.engine().traced(trace),
            None => state.engine().clone(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Traced {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<TraceContext>().cloned()))
    }
}
