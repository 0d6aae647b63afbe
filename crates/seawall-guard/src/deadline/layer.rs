use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{HeaderMap, Request, Response, Version};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};
use tower::{Layer, Service};

use crate::problem::{Problem, kinds};

/// When a request has to be answered, in its extensions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    #[must_use]
    pub fn after(time: Duration) -> Self {
        // Further away than any clock counts is as good as an age.
        let age = Duration::from_secs(365 * 86_400);
        let now = Instant::now();
        Self(now.checked_add(time).unwrap_or(now + age))
    }

    #[must_use]
    pub const fn at(self) -> Instant {
        self.0
    }

    /// The time that is left; zero once it has passed.
    #[must_use]
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// What a request may ask for beyond the usual time, by its headers.
type Extra = fn(&http::Method, &HeaderMap) -> Duration;

/// Gives each request so much time.
#[derive(Clone, Copy, Debug)]
pub struct DeadlineLayer {
    time: Duration,
    extra: Option<Extra>,
}

impl DeadlineLayer {
    #[must_use]
    pub const fn new(time: Duration) -> Self {
        Self { time, extra: None }
    }

    /// A request gets what `extra` says on top: `Prefer: wait`, for one. It must be bounded by itself.
    #[must_use]
    pub const fn with_extra(mut self, extra: Extra) -> Self {
        self.extra = Some(extra);
        self
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = DeadlineService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        DeadlineService { inner, layer: *self }
    }
}

/// See [`DeadlineLayer`].
#[derive(Clone, Copy, Debug)]
pub struct DeadlineService<S> {
    inner: S,
    layer: DeadlineLayer,
}

impl<S, B, R> Service<Request<B>> for DeadlineService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = DeadlineFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let extra = self.layer.extra.map(|extra| extra(request.method(), request.headers()));
        let deadline = Deadline::after(self.layer.time.saturating_add(extra.unwrap_or_default()));
        request.extensions_mut().insert(deadline);
        let one_request_at_a_time = request.version() <= Version::HTTP_11;
        DeadlineFuture {
            inner: Some(self.inner.call(request)),
            deadline,
            sleep: None,
            one_request_at_a_time,
        }
    }
}

pin_project! {
    /// See [`DeadlineLayer`].
    #[derive(Debug)]
    pub struct DeadlineFuture<F> {
        // None: its time is over, and it was dropped.
        #[pin]
        inner: Option<F>,
        deadline: Deadline,
        // Made when there is something to wait for: a timer is large, and many answers are ready at once.
        sleep: Option<Pin<Box<Sleep>>>,
        one_request_at_a_time: bool,
    }
}

impl<F, R, E> Future for DeadlineFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: From<Bytes>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // First what is done: an answer that is ready at its deadline is given.
        if let Some(inner) = this.inner.as_mut().as_pin_mut()
            && let Poll::Ready(result) = inner.poll(cx)
        {
            return Poll::Ready(result);
        }
        let deadline = this.deadline.at();
        let sleep = this
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        ready!(sleep.as_mut().poll(cx));
        this.inner.set(None);
        let mut response = Problem::new(&kinds::REQUEST_TIMEOUT).into_http();
        if *this.one_request_at_a_time {
            // The rest of a body that trickles in would be taken for the next request.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        Poll::Ready(Ok(response))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::Body;
    use axum::{Extension, Router, routing};
    use http::Method;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn it_waits_for_and_calls_the_ready_instance() {
        crate::probe::holds_the_contract(DeadlineLayer::new(Duration::from_secs(1))).await;
    }

    fn wait_of(method: &Method, headers: &HeaderMap) -> Duration {
        let asked = headers.get("x-wait").filter(|_| method == Method::POST);
        let seconds = asked.and_then(|value| value.to_str().ok()?.parse().ok());
        Duration::from_secs(seconds.unwrap_or(0))
    }

    fn app() -> Router {
        let slow = |Extension(deadline): Extension<Deadline>| async move {
            tokio::time::sleep(Duration::from_secs(12)).await;
            deadline.left().as_secs().to_string()
        };
        let never = |body: Bytes| async move { body };
        Router::new()
            .route("/slow", routing::any(slow))
            .route("/never", routing::post(never))
            .layer(DeadlineLayer::new(Duration::from_secs(10)).with_extra(wait_of))
    }

    async fn answer(request: http::request::Builder, body: Body) -> (Duration, Response<Body>) {
        let began = Instant::now();
        let response = app().oneshot(request.body(body).unwrap()).await.unwrap();
        (began.elapsed(), response)
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_not_done_in_time_is_answered_for() {
        let (took, response) = answer(Request::get("/slow").header("x-wait", "5"), Body::empty()).await;
        assert_eq!((response.status().as_u16(), took.as_secs()), (408, 10));
        assert_eq!(response.headers()["connection"], "close");
        let (took, response) = answer(Request::post("/slow").header("x-wait", "5"), Body::empty()).await;
        assert_eq!((response.status().as_u16(), took.as_secs()), (200, 12));
        let left = axum::body::to_bytes(response.into_body(), 10).await.unwrap();
        assert_eq!(left, "3");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_cut_off() {
        let held = Arc::new(());
        let chunks = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
        let body = {
            let held = Arc::clone(&held);
            Body::from_stream(futures_util::StreamExt::map(chunks, move |chunk| {
                let _ = &held;
                chunk
            }))
        };
        let (took, response) = answer(Request::post("/never"), body).await;
        assert_eq!((response.status().as_u16(), took.as_secs()), (408, 10));
        assert_eq!(Arc::strong_count(&held), 1, "what was under way is dropped");
    }

    #[test]
    fn a_time_beyond_all_clocks_is_no_defect() {
        assert!(Deadline::after(Duration::MAX).left() > Duration::from_secs(86_400));
    }
}
