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
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F> {
        Passed {
            #[pin]
            inner: F,
        },
        Refused {
            // Some until it was answered. In a box, because a future that holds room for an answer is larger for everybody.
            response: Option<Box<Response<Bytes>>>,
        },
    }
}

impl<F> RefusalFuture<F> {
    pub(crate) const fn pass(inner: F) -> Self {
        Self {
            state: State::Passed { inner },
        }
    }

    pub(crate) fn refuse(problem: Problem) -> Self {
        Self::answer(problem.into_http())
    }

    pub(crate) fn answer(response: Response<Bytes>) -> Self {
        let response = Some(Box::new(response));
        Self {
            state: State::Refused { response },
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
        match self.project().state.project() {
            StateProjection::Passed { inner } => inner.poll(cx),
            StateProjection::Refused { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response.map(R::from))),
                // Polled again after it was ready: there is nothing more to say.
                None => Poll::Pending,
            },
        }
    }
}
