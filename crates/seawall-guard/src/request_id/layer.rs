use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderName, Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::RequestId;

/// Where the id stands in requests and answers.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Gives every request a [`RequestId`] and puts it on the answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestIdLayer;

impl<S> Layer<S> for RequestIdLayer {
    type Service = RequestIdService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequestIdService { inner }
    }
}

/// See [`RequestIdLayer`].
#[derive(Clone, Debug)]
pub struct RequestIdService<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for RequestIdService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = RequestIdFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let id = request
            .headers()
            .get(&HEADER)
            .and_then(RequestId::accept)
            .unwrap_or_else(RequestId::generate);
        request.extensions_mut().insert(id.clone());
        RequestIdFuture {
            inner: self.inner.call(request),
            id,
        }
    }
}

pin_project! {
    /// See [`RequestIdLayer`].
    #[derive(Debug)]
    pub struct RequestIdFuture<F> {
        #[pin]
        inner: F,
        id: RequestId,
    }
}

impl<F, R, E> Future for RequestIdFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(cx))?;
        response.headers_mut().insert(HEADER, this.id.header_value());
        Poll::Ready(Ok(response))
    }
}

#[cfg(all(test, feature = "problem"))]
mod tests {
    use axum::body::Body;
    use axum::{Router, routing};
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn it_waits_for_and_calls_the_ready_instance() {
        crate::probe::holds_the_contract(RequestIdLayer).await;
    }

    #[tokio::test]
    async fn the_handler_sees_the_id_that_the_answer_carries() {
        let handler = |axum::Extension(id): axum::Extension<RequestId>| async move { id.to_string() };
        let app = Router::new().route("/", routing::get(handler)).layer(RequestIdLayer);
        for (sent, taken_over) in [(Some("abc-1"), true), (Some("a b"), false), (None, false)] {
            let mut request = Request::get("/");
            if let Some(sent) = sent {
                request = request.header(HEADER, sent);
            }
            let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let header = response.headers()[HEADER].to_str().unwrap().to_owned();
            let body = axum::body::to_bytes(response.into_body(), 200).await.unwrap();
            assert_eq!(body, header);
            assert_eq!(Some(header.as_str()) == sent, taken_over);
        }
    }

    #[tokio::test]
    async fn an_answer_without_a_handler_carries_an_id() {
        let app = Router::<()>::new().layer(RequestIdLayer);
        let response = app
            .oneshot(Request::get("/no").body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert!(response.headers().contains_key(HEADER));
    }
}
