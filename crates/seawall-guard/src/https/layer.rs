use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use tower::{Layer, Service};

use crate::client_address::ClientScheme;
use crate::problem::{Problem, kinds};
use crate::refusal::RefusalFuture;
use crate::trusted_hosts::host_of;

/// Refuses plain HTTP, or redirects it where the path is a document's.
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpsLayer {
    exempt: &'static [&'static str],
    documents: &'static [&'static str],
}

impl HttpsLayer {
    #[must_use]
    pub const fn new() -> Self {
        Self {
            exempt: &[],
            documents: &[],
        }
    }

    /// Paths, in full, that are answered in the clear.
    #[must_use]
    pub const fn exempt(mut self, paths: &'static [&'static str]) -> Self {
        self.exempt = paths;
        self
    }

    /// Paths of pages, with everything below them, to which GET and HEAD are redirected. The host guard belongs outside:
    /// the redirect leads to the host that the request names.
    #[must_use]
    pub const fn documents(mut self, paths: &'static [&'static str]) -> Self {
        self.documents = paths;
        self
    }

    fn is_document<B>(&self, request: &Request<B>) -> bool {
        let path = request.uri().path();
        let below = |document: &&str| {
            path.strip_prefix(*document)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        matches!(*request.method(), Method::GET | Method::HEAD) && self.documents.iter().any(below)
    }
}

impl<S> Layer<S> for HttpsLayer {
    type Service = HttpsService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        HttpsService { inner, layer: *self }
    }
}

/// See [`HttpsLayer`].
#[derive(Clone, Copy, Debug)]
pub struct HttpsService<S> {
    inner: S,
    layer: HttpsLayer,
}

impl<S, B, R> Service<Request<B>> for HttpsService<S>
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
        let secure = request.extensions().get() == Some(&ClientScheme::Https);
        if secure || self.layer.exempt.contains(&request.uri().path()) {
            return RefusalFuture::pass(self.inner.call(request));
        }
        let target = self
            .layer
            .is_document(&request)
            .then(|| redirect_target(&request))
            .flatten();
        match target {
            Some(location) => RefusalFuture::answer(redirect(location)),
            None => RefusalFuture::refuse(Problem::new(&kinds::HTTPS_REQUIRED)),
        }
    }
}

/// The same address by HTTPS, at its usual port.
fn redirect_target<B>(request: &Request<B>) -> Option<HeaderValue> {
    let authority = host_of(request)?;
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    HeaderValue::try_from(format!("https://{}{path}", authority.host())).ok()
}

fn redirect(location: HeaderValue) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(header::LOCATION, location);
    response
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn it_waits_for_and_calls_the_ready_instance() {
        crate::probe::holds_the_contract(HttpsLayer::new().exempt(&["/", "/error"])).await;
    }

    async fn answer(method: Method, uri: &str, scheme: Option<ClientScheme>) -> (u16, Option<String>) {
        let layer = HttpsLayer::new().exempt(&["/health"]).documents(&["/docs"]);
        let app = Router::new().fallback(|| async {}).layer(layer);
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("host", "api.example.com:8000");
        if let Some(scheme) = scheme {
            request = request.extension(scheme);
        }
        let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let location = response.headers().get(header::LOCATION);
        (
            response.status().as_u16(),
            location.map(|value| value.to_str().unwrap().to_owned()),
        )
    }

    #[tokio::test]
    async fn an_api_is_refused_and_a_page_is_redirected() {
        let (http, https) = (Some(ClientScheme::Http), Some(ClientScheme::Https));
        assert_eq!(answer(Method::GET, "/api/v1/runs", https).await, (200, None));
        for scheme in [http, None] {
            assert_eq!(answer(Method::GET, "/api/v1/runs", scheme).await, (403, None));
            assert_eq!(answer(Method::GET, "/health", scheme).await, (200, None));
        }
        let to = |path: &str| (308, Some(format!("https://api.example.com{path}")));
        assert_eq!(answer(Method::GET, "/docs", http).await, to("/docs"));
        assert_eq!(answer(Method::HEAD, "/docs/a.js?v=1", http).await, to("/docs/a.js?v=1"));
        assert_eq!(answer(Method::POST, "/docs", http).await, (403, None));
        assert_eq!(answer(Method::GET, "/docsier", http).await, (403, None));
    }
}
