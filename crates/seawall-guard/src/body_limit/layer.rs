use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode, Version};
use http_body_util::Limited;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::problem::{Problem, kinds};

/// Refuses request bodies of more than `limit` bytes.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimitLayer {
    limit: usize,
}

impl BodyLimitLayer {
    /// `limit` in bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { limit }
    }
}

impl<S> Layer<S> for BodyLimitLayer {
    type Service = BodyLimitService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        BodyLimitService {
            inner,
            limit: self.limit,
        }
    }
}

/// See [`BodyLimitLayer`].
#[derive(Clone, Debug)]
pub struct BodyLimitService<S> {
    inner: S,
    limit: usize,
}

impl<S, B, R> Service<Request<B>> for BodyLimitService<S>
where
    S: Service<Request<Limited<B>>, Response = Response<R>>,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = BodyLimitFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let one_request_at_a_time = request.version() <= Version::HTTP_11;
        let announced = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let inner = if announced.is_some_and(|length| length > self.limit as u64) {
            None
        } else {
            Some(self.inner.call(request.map(|body| Limited::new(body, self.limit))))
        };
        BodyLimitFuture {
            inner,
            limit: self.limit,
            one_request_at_a_time,
        }
    }
}

pin_project! {
    /// See [`BodyLimitLayer`].
    #[derive(Debug)]
    pub struct BodyLimitFuture<F> {
        // None: refused for its announced length.
        #[pin]
        inner: Option<F>,
        limit: usize,
        one_request_at_a_time: bool,
    }
}

impl<F, R, E> Future for BodyLimitFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: From<Bytes>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(inner) = this.inner.as_pin_mut() {
            let response = ready!(inner.poll(cx))?;
            if response.status() != StatusCode::PAYLOAD_TOO_LARGE {
                return Poll::Ready(Ok(response));
            }
        }
        let problem = Problem::new(&kinds::PAYLOAD_TOO_LARGE).with_extension("limit_bytes", *this.limit);
        let mut response = problem.into_http();
        if *this.one_request_at_a_time {
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Poll::Ready(Ok(response))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::{Router, routing};
    use futures_util::stream;
    use tower::ServiceExt as _;

    use super::*;
    use crate::problem::read_body;

    fn app() -> Router {
        let ours = |request: axum::extract::Request| async { read_body(request.into_body()).await };
        Router::new()
            .route("/ours", routing::post(ours))
            .route("/theirs", routing::post(|body: Bytes| async { body }))
            .layer(BodyLimitLayer::new(8))
    }

    async fn post(path: &str, body: Body, length: Option<usize>) -> (http::response::Parts, Bytes) {
        let mut request = Request::post(path);
        if let Some(length) = length {
            request = request.header("content-length", length);
        }
        let (parts, body) = app().oneshot(request.body(body).unwrap()).await.unwrap().into_parts();
        (parts, axum::body::to_bytes(body, 10_000).await.unwrap())
    }

    fn chunks(count: usize) -> Body {
        Body::from_stream(stream::iter((0..count).map(|_| Ok::<_, std::io::Error>("1234"))))
    }

    #[tokio::test]
    async fn it_waits_for_and_calls_the_ready_instance() {
        crate::probe::holds_the_contract(BodyLimitLayer::new(10)).await;
    }

    #[tokio::test]
    async fn a_body_at_the_limit_passes() {
        for path in ["/ours", "/theirs"] {
            assert_eq!(post(path, chunks(2), None).await.1, "12341234");
            assert_eq!(post(path, Body::from("12345678"), Some(8)).await.1, "12345678");
        }
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_announced_or_not() {
        for path in ["/ours", "/theirs", "/nowhere"] {
            let (parts, body) = post(path, Body::from("123456789"), Some(9)).await;
            assert_eq!(parts.status, 413);
            assert_eq!(parts.headers["connection"], "close");
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(
                (&body["code"], &body["limit_bytes"]),
                (&"payload-too-large".into(), &8.into())
            );
        }
        for path in ["/ours", "/theirs"] {
            let (parts, body) = post(path, chunks(3), None).await;
            assert_eq!(parts.status, 413);
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["limit_bytes"], 8);
        }
    }

    #[tokio::test]
    async fn a_false_announcement_does_not_help() {
        assert_eq!(post("/ours", chunks(100), Some(3)).await.0.status, 413);
    }

    #[tokio::test]
    async fn an_announced_body_is_refused_unread() {
        let never = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(post("/ours", never, Some(9)).await.0.status, 413);
    }
}
