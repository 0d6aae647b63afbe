use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower::{Layer, Service};

use super::{TrustedHosts, host_of};
use crate::problem::{Problem, kinds};
use crate::refusal::RefusalFuture;

/// Refuses requests for other hosts.
#[derive(Clone, Debug)]
pub struct TrustedHostsLayer {
    hosts: TrustedHosts,
    exempt: &'static [&'static str],
}

impl TrustedHostsLayer {
    #[must_use]
    pub const fn new(hosts: TrustedHosts) -> Self {
        Self { hosts, exempt: &[] }
    }

    /// Paths, in full, that are answered under any name: probes of load balancers.
    #[must_use]
    pub const fn exempt(mut self, paths: &'static [&'static str]) -> Self {
        self.exempt = paths;
        self
    }
}

impl<S> Layer<S> for TrustedHostsLayer {
    type Service = TrustedHostsService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TrustedHostsService {
            inner,
            layer: self.clone(),
        }
    }
}

/// See [`TrustedHostsLayer`].
#[derive(Clone, Debug)]
pub struct TrustedHostsService<S> {
    inner: S,
    layer: TrustedHostsLayer,
}

impl<S, B, R> Service<Request<B>> for TrustedHostsService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = RefusalFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let trusted = host_of(&request).is_some_and(|host| self.layer.hosts.contains(&host));
        if trusted || self.layer.exempt.contains(&request.uri().path()) {
            RefusalFuture::pass(self.inner.call(request))
        } else {
            RefusalFuture::refuse(Problem::new(&kinds::HOST_NOT_ALLOWED))
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::{Router, routing};
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn it_waits_for_and_calls_the_ready_instance() {
        crate::probe::holds_the_contract(TrustedHostsLayer::new(TrustedHosts::loopback()).exempt(&["/", "/error"]))
            .await;
    }

    #[tokio::test]
    async fn a_foreign_host_is_misdirected_but_for_exempt_paths() {
        let app = Router::new()
            .route("/x", routing::get(|| async {}))
            .route("/health", routing::get(|| async {}))
            .layer(TrustedHostsLayer::new(TrustedHosts::loopback()).exempt(&["/health"]));
        for (path, host, status) in [
            ("/x", "localhost", 200),
            ("/x", "evil.example", 421),
            ("/health", "evil.example", 200),
            ("/health/x", "evil.example", 421),
            ("/nowhere", "evil.example", 421),
        ] {
            let request = Request::get(path).header("host", host).body(Body::empty()).unwrap();
            assert_eq!(
                app.clone().oneshot(request).await.unwrap().status(),
                status,
                "{path} {host}"
            );
        }
    }
}
