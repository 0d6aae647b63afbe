//! The guard stack: one list, outermost last, each line with the reason for its place.

use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use http::{HeaderMap, Method};
use seawall_guard::access_log::AccessLogLayer;
use seawall_guard::authenticate::AuthenticateLayer;
use seawall_guard::body_limit::BodyLimitLayer;
use seawall_guard::body_log::BodyLogLayer;
use seawall_guard::client_address::ClientAddressLayer;
use seawall_guard::cors::{CorsLayer, CorsPolicy};
use seawall_guard::deadline::DeadlineLayer;
use seawall_guard::https::HttpsLayer;
use seawall_guard::problem::{CatchPanicLayer, ProblemLayer};
use seawall_guard::profile::ProfileLayer;
use seawall_guard::request_id::RequestIdLayer;
use seawall_guard::security_headers::{Preset, SecurityHeadersLayer};
use seawall_guard::trace_context::TraceContextLayer;
use seawall_guard::trusted_hosts::TrustedHostsLayer;
use tower::layer::util::{Identity, Stack};
use tower::util::option_layer;

use crate::config::{Edge, Origins};
use crate::extract::wait_of;
use crate::state::AppState;
use crate::traces::record_request;

/// Load balancers ask these, by addresses of their own and in the clear.
pub(crate) const PROBES: &[&str] = &["/health", "/ready", "/health/ready"];

/// Puts the whole stack round `routes`, the 404 and 405 of the router included.
pub fn guarded(routes: Router, state: &AppState) -> Router {
    let config = state.config();
    let strict = !config.environment.is_dev();
    let tracer = state.tracer().cloned();
    let sampled = tracer.is_some();
    let https = HttpsLayer::new().exempt(PROBES).documents(&["/docs", "/problems"]);
    let routes = match config.log_bodies {
        // It would change the body's type, for nothing.
        0 => routes,
        // What is refused for its size is not read.
        bytes => routes.layer(BodyLogLayer::up_to(bytes)),
    };
    let inner = Layers::new()
        // Innermost: it changes the body's type and needs nothing of the others; its 413 is logged and completed outside.
        .layer(BodyLimitLayer::new(config.limits.body_max_bytes))
        // Inside the deadline, because it may ask the store; inside all that refuses by the request's outside alone. It
        // refuses nobody itself: a handler says by its arguments whom it wants.
        .layer(AuthenticateLayer::new(state.authenticator().clone()))
        // Round reading the body and the handler, so that a slow body is a 408 too.
        .layer(DeadlineLayer::new(config.limits.timeout).with_extra(wait))
        // After the host, to which it may redirect; before any work is done in the clear.
        .layer(option_layer(strict.then_some(https)))
        // Before any work is done for a name that is not ours.
        .layer(TrustedHostsLayer::new(config.edge.hosts.clone()).exempt(PROBES))
        // Outside all that refuses: a page must be able to read why it was refused.
        .layer(CorsLayer::new(cors(&config.edge)))
        // Outside everything that may panic, inside the log that tells of the 500.
        .layer(CatchPanicLayer)
        // Gives every error above its shape; inside the log, which reads the problem's code.
        .layer(ProblemLayer)
        // Round everything that works for the request.
        .layer(ProfileLayer::enabled(config.profiling))
        // Outside the problems that it counts.
        .layer(state.telemetry().layer());
    let outer = Layers::new()
        // One line for each request, with the status the client gets.
        .layer(AccessLogLayer::new())
        // On every answer, early errors included.
        .layer(SecurityHeadersLayer::new(Preset::Api).with_hsts(strict))
        // Before the log and the HTTPS guard, which read what it finds.
        .layer(ClientAddressLayer::new(config.edge.proxies.clone()))
        .layer(TraceContextLayer::new(sampled))
        // Outermost: all of the above speaks of the request by this id.
        .layer(RequestIdLayer);
    let routes = routes.layer(inner.0);
    let routes = match tracer {
        // Beside the metrics, and outside the problems for the same reason.
        Some(tracer) => routes.layer(from_fn_with_state(tracer, record_request)),
        None => routes,
    };
    routes.layer(outer.0)
}

/// What stands round the listener of metrics alone, which is asked by addresses and names of all kinds.
pub(crate) fn guarded_metrics(routes: Router, state: &AppState) -> Router {
    routes
        .layer(DeadlineLayer::new(state.config().limits.timeout))
        .layer(CatchPanicLayer)
        .layer(ProblemLayer)
        .layer(SecurityHeadersLayer::new(Preset::Api))
        .layer(RequestIdLayer)
}

/// What is left of the stack for callers in this process, who are nobody that the others could keep out.
pub(crate) fn guarded_in_process(routes: Router, state: &AppState) -> Router {
    let config = state.config();
    routes
        .layer(BodyLimitLayer::new(config.limits.body_max_bytes))
        .layer(DeadlineLayer::new(config.limits.timeout).with_extra(wait))
        .layer(CatchPanicLayer)
        .layer(ProblemLayer)
        .layer(RequestIdLayer)
}

/// A list of layers as one, the innermost first: of each `Router::layer` axum makes a box, which every request clones.
#[derive(Clone)]
struct Layers<L>(L);

impl Layers<Identity> {
    const fn new() -> Self {
        Self(Identity::new())
    }
}

impl<L> Layers<L> {
    fn layer<M>(self, outer: M) -> Layers<Stack<L, M>> {
        Layers(Stack::new(self.0, outer))
    }
}

/// What the client asked to wait for, on top of `REQUEST_TIMEOUT`.
fn wait(method: &Method, headers: &HeaderMap) -> Duration {
    if *method == Method::POST {
        wait_of(headers).unwrap_or_default()
    } else {
        Duration::ZERO
    }
}

/// Credentials are headers here, never cookies: no origin needs a browser to add any.
fn cors(edge: &Edge) -> CorsPolicy {
    let accepted = [
        "authorization",
        "content-type",
        "idempotency-key",
        "if-match",
        "last-event-id",
        "prefer",
        "traceparent",
        "tracestate",
        "x-api-key",
        "x-profile",
        "x-request-id",
    ]
    .map(http::HeaderName::from_static);
    let shown = [
        "etag",
        "idempotency-replayed",
        "location",
        "preference-applied",
        "retry-after",
        "traceparent",
        "www-authenticate",
        "x-profile-duration-ms",
        "x-profile-top",
        "x-request-id",
    ]
    .map(http::HeaderName::from_static);
    let policy = match &edge.origins {
        Origins::These(origins) => CorsPolicy::exact(origins.iter().cloned()),
        Origins::Any => CorsPolicy::public(),
    };
    policy.headers(&accepted).expose(&shown)
}
