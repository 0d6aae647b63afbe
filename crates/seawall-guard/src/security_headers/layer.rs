use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::Preset;

const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");
const X_POWERED_BY: HeaderName = HeaderName::from_static("x-powered-by");

/// Completes the headers of every answer. An answer that carries a [`Preset`] in its extensions gets that one.
#[derive(Clone, Copy, Debug, Default)]
pub struct SecurityHeadersLayer {
    preset: Preset,
    hsts: bool,
}

impl SecurityHeadersLayer {
    #[must_use]
    pub const fn new(preset: Preset) -> Self {
        Self { preset, hsts: false }
    }

    /// Also promises HTTPS for a year, for this host and all below it.
    #[must_use]
    pub const fn with_hsts(mut self, hsts: bool) -> Self {
        self.hsts = hsts;
        self
    }

    fn complete(self, preset: Option<Preset>, headers: &mut HeaderMap) {
        headers.remove(header::SERVER);
        headers.remove(X_POWERED_BY);
        preset.unwrap_or(self.preset).complete(headers);
        if self.hsts {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
        }
    }
}

impl<S> Layer<S> for SecurityHeadersLayer {
    type Service = SecurityHeadersService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SecurityHeadersService { inner, layer: *self }
    }
}

/// See [`SecurityHeadersLayer`].
#[derive(Clone, Copy, Debug)]
pub struct SecurityHeadersService<S> {
    inner: S,
    layer: SecurityHeadersLayer,
}

impl<S, B, R> Service<Request<B>> for SecurityHeadersService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = SecurityHeadersFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        SecurityHeadersFuture {
            inner: self.inner.call(request),
            layer: self.layer,
        }
    }
}

pin_project! {
    /// See [`SecurityHeadersLayer`].
    #[derive(Debug)]
    pub struct SecurityHeadersFuture<F> {
        #[pin]
        inner: F,
        layer: SecurityHeadersLayer,
    }
}

impl<F, R, E> Future for SecurityHeadersFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(cx))?;
        let preset = response.extensions().get::<Preset>().copied();
        this.layer.complete(preset, response.headers_mut());
        Poll::Ready(Ok(response))
    }
}

#[cfg(test)]
#[cfg(feature = "problem")]
mod tests {
    use std::fmt::Write as _;

    use axum::body::Body;
    use axum::{Extension, Router, routing};
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn it_waits_for_and_calls_the_ready_instance() {
        crate::probe::holds_the_contract(SecurityHeadersLayer::default()).await;
    }

    async fn headers(layer: SecurityHeadersLayer, path: &str) -> HeaderMap {
        let own = [
            ("server", "x/1"),
            ("x-powered-by", "y"),
            ("cache-control", "max-age=60"),
            ("x-own", "1"),
        ];
        let app = Router::new()
            .route("/data", routing::get(|| async { "1" }))
            .route("/own", routing::get(move || async move { own }))
            .route("/page", routing::get(|| async { (Extension(Preset::Docs), "<p>") }))
            .route(
                "/console",
                routing::get(|| async { (Extension(Preset::Console), "<p>") }),
            )
            .layer(layer);
        let request = Request::get(path).body(Body::empty()).unwrap();
        app.oneshot(request).await.unwrap().headers().clone()
    }

    #[tokio::test]
    async fn every_answer_has_the_headers_of_its_preset() {
        let mut text = String::new();
        for path in ["/data", "/page", "/console", "/nowhere"] {
            let headers = headers(SecurityHeadersLayer::default(), path).await;
            let mut lines: Vec<_> = headers
                .iter()
                .map(|(name, value)| format!("{name}: {value:?}"))
                .collect();
            lines.sort();
            writeln!(text, "{path}\n  {}", lines.join("\n  ")).unwrap();
        }
        insta::assert_snapshot!("headers", text);
    }

    #[tokio::test]
    async fn what_a_handler_sets_stays_but_for_what_tells_of_the_server() {
        let headers = headers(SecurityHeadersLayer::default(), "/own").await;
        assert_eq!(headers["x-own"], "1");
        assert!(headers.get_all("cache-control").iter().eq(["max-age=60"]));
        assert!(!headers.contains_key("server") && !headers.contains_key("x-powered-by"));
        assert!(!headers.contains_key("strict-transport-security"));
    }

    #[tokio::test]
    async fn https_is_promised_only_when_asked_for() {
        let layer = SecurityHeadersLayer::default().with_hsts(true);
        let headers = headers(layer, "/nowhere").await;
        assert_eq!(
            headers["strict-transport-security"],
            "max-age=31536000; includeSubDomains"
        );
    }
}
