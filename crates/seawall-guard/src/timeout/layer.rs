use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::{Timed, TimedOut, Timeout};
use crate::deadline_of::deadline_of;

/// Gives each call so much time, and no more than is left of its request's deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeoutLayer(Timeout);

impl TimeoutLayer {
    #[must_use]
    pub const fn new(limit: Duration) -> Self {
        Self(Timeout::new(limit))
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = TimeoutService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TimeoutService { inner, timeout: self.0 }
    }
}

/// See [`TimeoutLayer`].
#[derive(Clone, Copy, Debug)]
pub struct TimeoutService<S> {
    inner: S,
    timeout: Timeout,
}

impl<S, B, R> Service<Request<B>> for TimeoutService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: From<TimedOut>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = TimeoutFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let deadline = deadline_of(&request);
        TimeoutFuture {
            inner: self.timeout.call_until(self.inner.call(request), deadline),
        }
    }
}

pin_project! {
    /// See [`TimeoutLayer`].
    #[derive(Debug)]
    pub struct TimeoutFuture<F> {
        #[pin]
        inner: Timed<F>,
    }
}

impl<F, R, E> Future for TimeoutFuture<F>
where
    F: Future<Output = Result<R, E>>,
    E: From<TimedOut>,
{
    type Output = Result<R, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(self.project().inner.poll(cx));
        Poll::Ready(result.unwrap_or_else(|timed_out| Err(timed_out.into())))
    }
}

#[cfg(all(test, feature = "problem", feature = "deadline"))]
mod tests {
    use axum::body::Body;
    use tokio::time::Instant;
    use tower::{ServiceExt as _, service_fn};

    use super::*;
    use crate::deadline::Deadline;

    #[tokio::test]
    async fn it_waits_for_and_calls_the_ready_instance() {
        crate::probe::holds_the_contract(TimeoutLayer::new(Duration::from_secs(1))).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_has_its_time_and_what_is_left_of_the_deadline() {
        let slow = service_fn(|_: Request<Body>| async {
            tokio::time::sleep(Duration::from_secs(20)).await;
            Ok::<_, TimedOut>(Response::new(Body::empty()))
        });
        let service = TimeoutLayer::new(Duration::from_secs(5)).layer(slow);
        for (left, error, took) in [
            (None, TimedOut::Attempt(Duration::from_secs(5)), 5),
            (Some(8), TimedOut::Attempt(Duration::from_secs(5)), 5),
            (Some(3), TimedOut::Deadline, 3),
            (Some(0), TimedOut::Deadline, 0),
        ] {
            let began = Instant::now();
            let mut request = Request::new(Body::empty());
            if let Some(left) = left {
                request
                    .extensions_mut()
                    .insert(Deadline::after(Duration::from_secs(left)));
            }
            assert_eq!(service.oneshot(request).await.err(), Some(error));
            assert_eq!(began.elapsed().as_secs(), took);
        }
    }
}
