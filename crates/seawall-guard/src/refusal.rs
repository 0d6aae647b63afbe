use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use pin_project_lite::pin_project;

use crate::problem::Problem;

pin_project! {
    /// What a guard answers that lets a request through or refuses it before anything was done for it.
    #[derive(Debug)]
    pub struct RefusalFuture<F> {
        #[pin]
        inner: Option<F>,
        // Some until it was answered, where there is no inner future.
        refusal: Option<Response<Bytes>>,
    }
}

impl<F> RefusalFuture<F> {
    pub(crate) const fn pass(inner: F) -> Self {
        Self {
            inner: Some(inner),
            refusal: None,
        }
    }

    pub(crate) fn refuse(problem: Problem) -> Self {
        Self::answer(problem.into_http())
    }

    pub(crate) const fn answer(response: Response<Bytes>) -> Self {
        Self {
            inner: None,
            refusal: Some(response),
        }
    }
}

impl<F, R, E> Future for RefusalFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: From<Bytes>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match (this.inner.as_pin_mut(), this.refusal.take()) {
            (Some(inner), _) => inner.poll(cx),
            (None, Some(refusal)) => Poll::Ready(Ok(refusal.map(R::from))),
            // Polled again after it was ready: there is nothing more to say.
            (None, None) => Poll::Pending,
        }
    }
}
