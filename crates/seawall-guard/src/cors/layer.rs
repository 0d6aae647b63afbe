use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::CorsPolicy;
use super::policy::Verdict;
use crate::problem::{Problem, kinds};
use crate::refusal::RefusalFuture;

/// Answers preflights, lets allowed pages read, and refuses all others.
///
/// ```
/// use seawall_guard::cors::{CorsLayer, CorsPolicy};
///
/// let layer = CorsLayer::new(CorsPolicy::exact(["https://app.example.com".parse()?]));
/// # Ok::<_, seawall_guard::cors::OriginError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CorsLayer {
    policy: CorsPolicy,
}

impl CorsLayer {
    #[must_use]
    pub const fn new(policy: CorsPolicy) -> Self {
        Self { policy }
    }
}

impl<S> Layer<S> for CorsLayer {
    type Service = CorsService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CorsService {
            inner,
            policy: self.policy.clone(),
        }
    }
}

/// See [`CorsLayer`].
#[derive(Clone, Debug)]
pub struct CorsService<S> {
    inner: S,
    policy: CorsPolicy,
}

impl<S, B, R> Service<Request<B>> for CorsService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = CorsFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (inner, origin) = match self.policy.judge(&request) {
            Verdict::NoPage => (RefusalFuture::pass(self.inner.call(request)), None),
            Verdict::Allowed(origin) => (RefusalFuture::pass(self.inner.call(request)), Some(origin)),
            Verdict::Preflight(origin) => (RefusalFuture::answer(preflight(&self.policy)), Some(origin)),
            Verdict::Refused => (RefusalFuture::refuse(Problem::new(&kinds::ORIGIN_NOT_ALLOWED)), None),
        };
        CorsFuture {
            inner,
            origin,
            policy: self.policy.clone(),
        }
    }
}

fn preflight(policy: &CorsPolicy) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    policy.allow_preflight(response.headers_mut());
    response
}

pin_project! {
    /// See [`CorsLayer`].
    #[derive(Debug)]
    pub struct CorsFuture<F> {
        #[pin]
        inner: RefusalFuture<F>,
        // The page that may read the answer.
        origin: Option<HeaderValue>,
        policy: CorsPolicy,
    }
}

impl<F, R, E> Future for CorsFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: From<Bytes>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(cx))?;
        let headers = response.headers_mut();
        if this.policy.varies() {
            headers.append(header::VARY, HeaderValue::from_static("origin"));
        }
        if let Some(origin) = this.origin.take() {
            this.policy.allow(origin, headers);
        }
        Poll::Ready(Ok(response))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::{Router, routing};
    use http::{HeaderMap, Method};
    use tower::ServiceExt as _;

    use super::*;

    const APP: &str = "https://app.example.com";

    #[tokio::test]
    async fn it_waits_for_and_calls_the_ready_instance() {
        crate::probe::holds_the_contract(CorsLayer::new(CorsPolicy::exact([]))).await;
    }

    async fn answer(policy: CorsPolicy, method: Method, headers: &[(&str, &str)]) -> (u16, HeaderMap) {
        let app = Router::new()
            .route("/x", routing::any(|| async { "read me" }))
            .layer(CorsLayer::new(policy));
        let mut request = Request::builder()
            .method(method)
            .uri("/x")
            .header("host", "api.example.com");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        (response.status().as_u16(), response.headers().clone())
    }

    fn ours() -> CorsPolicy {
        CorsPolicy::exact([APP.parse().unwrap()])
    }

    #[tokio::test]
    async fn only_the_listed_origin_itself_may_read() {
        let (status, headers) = answer(ours(), Method::GET, &[("origin", APP)]).await;
        assert_eq!(
            (status, &headers["access-control-allow-origin"]),
            (200, &APP.parse().unwrap())
        );
        assert!(!headers.contains_key("access-control-allow-credentials"));
        assert_eq!(headers["vary"], "origin");
        for origin in [
            "null",
            "https://app.example.com.evil.example",
            "https://evil-app.example.com",
            "https://app.example.com:8443",
            "https://APP.example.com",
            "https://app.example.com/",
            "http://app.example.com",
            "https://app.example.co",
            "file://",
            "*",
            "",
        ] {
            for method in [Method::GET, Method::POST, Method::OPTIONS] {
                let (status, headers) = answer(ours(), method, &[("origin", origin)]).await;
                assert_eq!(status, 403, "{origin}");
                assert!(!headers.contains_key("access-control-allow-origin"), "{origin}");
            }
        }
        let two = [("origin", APP), ("origin", APP)];
        assert_eq!(answer(ours(), Method::GET, &two).await.0, 403);
    }

    #[tokio::test]
    async fn requests_of_no_page_and_of_our_own_pages_pass() {
        for headers in [
            &[][..],
            &[("origin", "https://api.example.com")],
            &[("origin", "http://api.example.com")],
        ] {
            let (status, headers) = answer(ours(), Method::POST, headers).await;
            assert_eq!(status, 200);
            assert!(!headers.contains_key("access-control-allow-origin"));
            // A cache must not give this answer to a page.
            assert_eq!(headers["vary"], "origin");
        }
        let near = [("origin", "https://api.example.com.evil.example")];
        assert_eq!(answer(ours(), Method::POST, &near).await.0, 403);
    }

    #[tokio::test]
    async fn a_preflight_is_answered_without_the_service() {
        let asked = [("origin", APP), ("access-control-request-method", "PUT")];
        let policy = ours()
            .methods(&[Method::GET, Method::PUT])
            .expose(&[crate::request_id::HEADER]);
        let (status, headers) = answer(policy, Method::OPTIONS, &asked).await;
        assert_eq!(status, 204);
        assert_eq!(headers["access-control-allow-methods"], "GET, PUT");
        assert_eq!(headers["access-control-allow-headers"], "authorization, content-type");
        assert_eq!(headers["access-control-max-age"], "600");
        assert_eq!(headers["access-control-expose-headers"], "x-request-id");
        // Without the question it is no preflight.
        let plain = answer(ours(), Method::OPTIONS, &[("origin", APP)]).await;
        assert_eq!(plain.0, 200);
    }

    #[tokio::test]
    async fn a_wildcard_never_meets_credentials() {
        let (_, headers) = answer(CorsPolicy::public(), Method::GET, &[("origin", "https://any.example")]).await;
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert!(!headers.contains_key("access-control-allow-credentials") && !headers.contains_key("vary"));
        let policy = CorsPolicy::exact_with_credentials([APP.parse().unwrap()]);
        let (_, headers) = answer(policy, Method::GET, &[("origin", APP)]).await;
        assert_eq!(headers["access-control-allow-origin"], APP);
        assert_eq!(headers["access-control-allow-credentials"], "true");
    }
}
