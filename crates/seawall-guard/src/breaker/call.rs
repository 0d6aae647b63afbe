use std::pin::Pin;
use std::task::{Context, Poll};

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
        progress: Progress,
        classify: C,
    }
}

/// Asks => (UnderWay | Over), UnderWay => (Over)
#[derive(Debug)]
enum Progress {
    Asks(Breaker),
    UnderWay(Permit),
    Over,
}

impl<F, C> CallFuture<F, C> {
    pub(super) const fn new(breaker: Breaker, classify: C, call: F) -> Self {
        Self {
            call,
            progress: Progress::Asks(breaker),
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
        let permit = match std::mem::replace(this.progress, Progress::Over) {
            Progress::Asks(breaker) => breaker.into_permit(),
            Progress::UnderWay(permit) => Ok(permit),
            // Polled again after it was ready: there is nothing more to say.
            Progress::Over => return Poll::Pending,
        };
        let permit = match permit {
            Ok(permit) => permit,
            Err(rejected) => return Poll::Ready(Err(CallError::Rejected(rejected))),
        };
        let Poll::Ready(result) = this.call.poll(cx) else {
            *this.progress = Progress::UnderWay(permit);
            return Poll::Pending;
        };
        permit.record(this.classify.classify(&result));
        Poll::Ready(result.map_err(CallError::Failed))
    }
}
