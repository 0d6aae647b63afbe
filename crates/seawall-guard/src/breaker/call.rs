use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use thiserror::Error;

use super::{Breaker, Classify, Permit, Rejected};

/// Why a call has no result.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum CallError<E> {
    /// It was not made.
    #[error(transparent)]
    Rejected(Rejected),
    /// It was made, and failed.
    #[error(transparent)]
    Failed(E),
}

pin_project! {
    /// See [`Breaker::call`]. It asks the breaker when it is first polled, and gives its permit back when it is dropped.
    #[derive(Debug)]
    #[must_use = "nothing is called before it is polled"]
    pub struct CallFuture<F, C> {
        // Before the permit: what is given up is gone before another may take its place.
        #[pin]
        call: F,
        permit: Permit,
        classify: C,
    }
}

impl<F, C> CallFuture<F, C> {
    pub(super) const fn new(breaker: Breaker, classify: C, call: F) -> Self {
        Self {
            call,
            permit: Permit::not_asked_for(breaker),
            classify,
        }
    }
}

impl<F, C, T, E> Future for CallFuture<F, C>
where
    F: Future<Output = Result<T, E>>,
    C: Classify<Result<T, E>>,
{
    type Output = Result<T, CallError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Err(rejected) = this.permit.ask() {
            return Poll::Ready(Err(CallError::Rejected(rejected)));
        }
        let result = ready!(this.call.poll(cx));
        this.permit.tell(this.classify.classify(&result));
        Poll::Ready(result.map_err(CallError::Failed))
    }
}
