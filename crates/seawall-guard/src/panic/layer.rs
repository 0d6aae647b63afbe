use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::CatchPanicBody;
use super::caught::{Caught, catch};
use crate::problem::{Problem, kinds};
use crate::request_id::RequestId;

/// Answers a panic of the inner service with `internal-error`, and logs it once, with the request's id.
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
    type Response = Response<CatchPanicBody<R>>;
    type Error = S::Error;
    type Future = CatchPanicFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let id = request.extensions().get::<RequestId>().cloned();
        let inner = catch(id.as_ref(), || self.inner.call(request)).ok();
        CatchPanicFuture { inner, id }
    }
}

pin_project! {
    /// See [`CatchPanicLayer`].
    #[derive(Debug)]
    pub struct CatchPanicFuture<F> {
        // None: it has panicked, and is never polled again.
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
    type Output = Result<Response<CatchPanicBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Ready(Ok(refusal()));
        };
        match catch(this.id.as_ref(), || inner.poll(cx)) {
            Ok(poll) => poll.map_ok(|response| {
                let id = this.id.take();
                response.map(|body| CatchPanicBody::new(body, id))
            }),
            Err(Caught) => {
                // Dropping what is left may panic too.
                let _ = catch(this.id.as_ref(), || this.inner.set(None));
                Poll::Ready(Ok(refusal()))
            }
        }
    }
}

fn refusal<R: From<Bytes>>() -> Response<CatchPanicBody<R>> {
    Problem::new(&kinds::INTERNAL_ERROR).into_http()
}

#[cfg(test)]
mod tests;
