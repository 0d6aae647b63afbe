use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::catalog::kind_of_status;
use super::{CONTENT_TYPE, Problem};
use crate::request_id::RequestId;

/// In an error response's extensions: its body follows another contract (a readiness report, an OAuth error) and is left
/// as it is.
#[derive(Clone, Copy, Debug)]
pub struct Verbatim;

/// Gives every error answer of the inner service the shape of a problem document, with the request's path as `instance`
/// and its id.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProblemLayer;

impl<S> Layer<S> for ProblemLayer {
    type Service = ProblemService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ProblemService { inner }
    }
}

/// See [`ProblemLayer`].
#[derive(Clone, Debug)]
pub struct ProblemService<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for ProblemService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ProblemFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let origin = Origin {
            path: request.uri().path_and_query().cloned(),
            id: request.extensions().get::<RequestId>().cloned(),
            head: request.method() == Method::HEAD,
        };
        ProblemFuture {
            inner: self.inner.call(request),
            origin,
        }
    }
}

pin_project! {
    /// See [`ProblemLayer`].
    #[derive(Debug)]
    pub struct ProblemFuture<F> {
        #[pin]
        inner: F,
        origin: Origin,
    }
}

impl<F, R, E> Future for ProblemFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: From<Bytes>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.inner.poll(cx))?;
        let status = response.status();
        if status.is_client_error() || status.is_server_error() {
            return Poll::Ready(Ok(this.origin.complete(response)));
        }
        Poll::Ready(Ok(response))
    }
}

/// What a problem document says about the request it answers.
#[derive(Debug)]
struct Origin {
    path: Option<PathAndQuery>,
    id: Option<RequestId>,
    head: bool,
}

impl Origin {
    fn complete<R: From<Bytes>>(&self, mut response: Response<R>) -> Response<R> {
        let problem = match response.extensions_mut().remove::<Problem>() {
            Some(problem) => problem,
            None if is_finished(&response) => return response,
            None => Problem::new(kind_of_status(response.status())),
        };
        let path = self.path.as_ref().map_or("", PathAndQuery::path);
        let body = problem.render(Some(path), self.id.as_ref().map(RequestId::as_str));
        let (mut parts, _) = response.into_parts();
        parts.status = problem.status();
        parts.headers.remove(header::CONTENT_ENCODING);
        parts.headers.insert(header::CONTENT_TYPE, CONTENT_TYPE);
        parts
            .headers
            .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        parts.extensions.insert(problem);
        let body = if self.head { Bytes::new() } else { body };
        Response::from_parts(parts, R::from(body))
    }
}

fn is_finished<R>(response: &Response<R>) -> bool {
    let is_problem = response.headers().get(header::CONTENT_TYPE) == Some(&CONTENT_TYPE);
    is_problem || response.extensions().get::<Verbatim>().is_some()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::response::IntoResponse as _;
    use axum::{Router, routing};
    use http::StatusCode;
    use serde_json::Value;
    use tower::ServiceExt as _;

    use super::super::kinds;
    use super::*;
    use crate::request_id::RequestIdLayer;

    fn app() -> Router {
        Router::new()
            .route("/get", routing::get(|| async { "fine" }))
            .route(
                "/conflict",
                routing::get(|| async { Problem::new(&kinds::CONFLICT).with_detail("It is so.") }),
            )
            .route(
                "/teapot",
                routing::get(|| async { (StatusCode::IM_A_TEAPOT, "short and stout") }),
            )
            .route(
                "/report",
                routing::get(|| async {
                    let mut response = (StatusCode::SERVICE_UNAVAILABLE, "red").into_response();
                    response.extensions_mut().insert(Verbatim);
                    response
                }),
            )
            .layer(ProblemLayer)
            .layer(RequestIdLayer)
    }

    async fn call(method: Method, path: &str) -> (http::response::Parts, Bytes) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-request-id", "id-1");
        let response = app().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts, axum::body::to_bytes(body, 10_000).await.unwrap())
    }

    #[tokio::test]
    async fn it_waits_for_and_calls_the_ready_instance() {
        crate::probe::holds_the_contract(ProblemLayer).await;
    }

    #[tokio::test]
    async fn what_succeeds_or_has_another_contract_is_left_alone() {
        assert_eq!(call(Method::GET, "/get").await.1, "fine");
        let (parts, body) = call(Method::GET, "/report").await;
        assert_eq!((parts.status, body), (StatusCode::SERVICE_UNAVAILABLE, "red".into()));
    }

    #[tokio::test]
    async fn problems_are_completed_and_other_errors_become_problems() {
        let cases = [
            (Method::GET, "/conflict", "conflict", 409),
            (Method::GET, "/nowhere", "not-found", 404),
            (Method::POST, "/get", "method-not-allowed", 405),
            (Method::GET, "/teapot", "bad-request", 400),
        ];
        for (method, path, code, status) in cases {
            let (parts, body) = call(method, path).await;
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(parts.status, status);
            assert_eq!(parts.headers["content-type"], CONTENT_TYPE);
            assert_eq!(parts.headers.contains_key("allow"), status == 405);
            assert_eq!(body["code"], code);
            assert_eq!(body["status"], status);
            assert_eq!(body["instance"], path);
            assert_eq!(body["request_id"], "id-1");
        }
    }

    #[tokio::test]
    async fn a_head_request_gets_the_headers_alone() {
        let (parts, body) = call(Method::HEAD, "/nowhere").await;
        assert!(body.is_empty());
        assert_ne!(parts.headers["content-length"], "0");
    }
}
