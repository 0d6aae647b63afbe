use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::LoggedBody;
use crate::request_id::RequestId;

/// The most that may be kept of a body, in bytes.
const MOST: usize = 64 * 1024;

/// Writes bodies down, masked. By default it does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct BodyLogLayer {
    limit: usize,
}

impl BodyLogLayer {
    /// Writes bodies of up to so many bytes; 64 KiB are the most.
    #[must_use]
    pub fn up_to(bytes: usize) -> Self {
        Self { limit: bytes.min(MOST) }
    }
}

impl<S> Layer<S> for BodyLogLayer {
    type Service = BodyLogService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        BodyLogService { inner, layer: *self }
    }
}

/// See [`BodyLogLayer`].
#[derive(Clone, Copy, Debug)]
pub struct BodyLogService<S> {
    inner: S,
    layer: BodyLogLayer,
}

impl<S, B, R> Service<Request<B>> for BodyLogService<S>
where
    S: Service<Request<LoggedBody<B>>, Response = Response<R>>,
    B: Body,
    R: Body,
{
    type Response = Response<LoggedBody<R>>;
    type Error = S::Error;
    type Future = BodyLogFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let limit = self.layer.limit;
        let id = request.extensions().get::<RequestId>().cloned();
        let (parts, body) = request.into_parts();
        let body = LoggedBody::new(body, &parts.headers, limit, "request", id.as_ref());
        BodyLogFuture {
            inner: self.inner.call(Request::from_parts(parts, body)),
            limit,
            id,
        }
    }
}

pin_project! {
    /// See [`BodyLogLayer`].
    #[derive(Debug)]
    pub struct BodyLogFuture<F> {
        #[pin]
        inner: F,
        limit: usize,
        id: Option<RequestId>,
    }
}

impl<F, R, E> Future for BodyLogFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
{
    type Output = Result<Response<LoggedBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (parts, body) = ready!(this.inner.poll(cx))?.into_parts();
        let body = LoggedBody::new(body, &parts.headers, *this.limit, "response", this.id.as_ref());
        Poll::Ready(Ok(Response::from_parts(parts, body)))
    }
}

#[cfg(test)]
#[cfg(feature = "problem")]
mod tests {
    use axum::{Router, routing};
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;
    use crate::request_id::RequestIdLayer;
    use crate::written::Written;

    #[tokio::test]
    async fn it_waits_for_and_calls_the_ready_instance() {
        crate::probe::holds_the_contract(BodyLogLayer::default()).await;
        crate::probe::holds_the_contract(BodyLogLayer::up_to(10)).await;
    }

    async fn logged(layer: BodyLogLayer, content_type: &str, body: &'static str) -> Vec<String> {
        let written = Written::default();
        crate::heard::keep_callsites_on();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(written.writer())
            .with_ansi(false)
            .without_time();
        let _guard = tracing::subscriber::set_default(subscriber.finish());
        let echo = |request: axum::extract::Request| async move {
            let content_type = request.headers()["content-type"].clone();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            ([("content-type", content_type)], body)
        };
        let app: Router = Router::new()
            .route("/", routing::post(echo))
            .layer(layer)
            .layer(RequestIdLayer);
        let request = Request::post("/")
            .header("content-type", content_type)
            .header("x-request-id", "id-1");
        let request = request.body(axum::body::Body::from(body)).unwrap();
        let answer = app.oneshot(request).await.unwrap();
        let answer = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(answer, body, "the log changes nothing");
        written.lines()
    }

    #[tokio::test]
    async fn bodies_are_written_masked_in_both_directions() {
        let json = r#"{"user":"ada","password":"hunter2"}"#;
        let lines = logged(BodyLogLayer::up_to(100), "application/json", json).await;
        let masked = r#" INFO body: a body request.id="id-1" direction="request" bytes=35 body="{\"password\":\"[redacted]\",\"user\":\"ada\"}""#;
        assert_eq!(
            lines,
            [masked.to_owned(), masked.replace("=\"request\"", "=\"response\"")]
        );
    }

    #[tokio::test]
    async fn of_what_nobody_reads_there_is_no_line() {
        let written = Written::default();
        crate::heard::keep_callsites_on();
        let subscriber = tracing_subscriber::fmt().with_writer(written.writer());
        let _guard = tracing::subscriber::set_default(subscriber.finish());
        let refuse = || async { crate::problem::Problem::new(&crate::problem::kinds::CONFLICT) };
        let app: Router = Router::new()
            .route("/", routing::post(refuse))
            .layer(BodyLogLayer::up_to(1000))
            // Gives the answer another body.
            .layer(crate::problem::ProblemLayer);
        let request = Request::post("/").header("content-type", "application/json");
        let request = request.body(axum::body::Body::from("{}")).unwrap();
        assert_eq!(app.oneshot(request).await.unwrap().status(), 409);
        assert_eq!(written.lines(), [""; 0]);
    }

    #[tokio::test]
    async fn what_cannot_be_masked_is_not_written() {
        for (limit, content_type, body, lines) in [
            (0, "text/plain", "hunter2", 0),
            (100, "application/octet-stream", "hunter2", 0),
            (100, "text/event-stream", "data: hunter2", 0),
            (6, "text/plain", "hunter2", 2),
            (100, "application/json", r#"{"user":"hunter2"#, 2),
        ] {
            let seen = logged(BodyLogLayer::up_to(limit), content_type, body).await;
            assert_eq!(seen.len(), lines, "{seen:?}");
            let size = format!("bytes={}", body.len());
            assert!(seen.iter().all(|line| line.ends_with(&size)), "{seen:?}");
        }
    }
}
