use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::{Problem, kinds};
use crate::request_id::RequestId;

/// Answers a panic of the inner service with `internal-error` and logs it once, with the request's id. A panic while a
/// body streams comes after the answer began: it ends the connection instead.
#[derive(Clone, Copy, Debug, Default)]
pub struct CatchPanicLayer;

impl<S> Layer<S> for CatchPanicLayer {
    type Service = CatchPanicService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CatchPanicService { inner }
    }
}

/// See [`CatchPanicLayer`].
#[derive(Clone, Debug)]
pub struct CatchPanicService<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for CatchPanicService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = CatchPanicFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let id = request.extensions().get::<RequestId>().cloned();
        // Unwind safety: after a panic the future is dropped and never polled again.
        let inner = catch_unwind(AssertUnwindSafe(|| self.inner.call(request)));
        let inner = inner.map_err(|panic| log(&*panic, id.as_ref())).ok();
        CatchPanicFuture { inner, id }
    }
}

pin_project! {
    /// See [`CatchPanicLayer`].
    #[derive(Debug)]
    pub struct CatchPanicFuture<F> {
        // None: it has panicked.
        #[pin]
        inner: Option<F>,
        id: Option<RequestId>,
    }
}

impl<F, R, E> Future for CatchPanicFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: From<Bytes>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Ready(Ok(Problem::new(&kinds::INTERNAL_ERROR).into_http()));
        };
        match catch_unwind(AssertUnwindSafe(|| inner.poll(cx))) {
            Ok(poll) => poll,
            Err(panic) => {
                log(&*panic, this.id.as_ref());
                this.inner.set(None);
                Poll::Ready(Ok(Problem::new(&kinds::INTERNAL_ERROR).into_http()))
            }
        }
    }
}

fn log(panic: &(dyn Any + Send), id: Option<&RequestId>) {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(not a text)");
    let id = id.map_or("", RequestId::as_str);
    tracing::error!(request.id = id, panic.message = message, "a request's handler panicked");
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};

    use axum::body::Body;
    use tower::{ServiceExt as _, service_fn};

    use super::*;

    #[tokio::test]
    async fn it_waits_for_and_calls_the_ready_instance() {
        crate::probe::holds_the_contract(CatchPanicLayer).await;
    }

    #[tokio::test]
    async fn a_panic_in_the_call_or_in_the_future_is_a_500() {
        let request = || Request::get("/").body(Body::empty()).unwrap();
        let late = service_fn(|_: Request<Body>| async {
            if true {
                panic!("late");
            }
            Ok::<Response<Body>, ()>(Response::default())
        });
        let early = service_fn(|_: Request<Body>| -> Ready<Result<Response<Body>, ()>> {
            if true {
                panic!("early");
            }
            ready(Ok(Response::default()))
        });
        assert_eq!(
            CatchPanicLayer.layer(late).oneshot(request()).await.unwrap().status(),
            500
        );
        assert_eq!(
            CatchPanicLayer.layer(early).oneshot(request()).await.unwrap().status(),
            500
        );
    }
}
