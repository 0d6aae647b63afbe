use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::Service;

use crate::problem::Problem;

/// What a request holds while it is under way.
pub trait Held<T> {
    /// The call is over, with that result. Without this word it was given up.
    fn end(self, result: &T);
}

/// Waiting for what a request has to hold before it may begin.
pub trait Enter: Future<Output = Result<Self::Held, Self::Refused>> + Unpin {
    type Held;
    type Refused: Into<Problem>;
}

pin_project! {
    /// What a guard answers that lets a request in, has it wait, or refuses it.
    pub struct AdmissionFuture<S, B, W>
    where
        S: Service<Request<B>>,
        W: Enter,
    {
        #[pin]
        state: State<S, B, W>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B, W>
    where
        S: Service<Request<B>>,
        W: Enter,
    {
        Inside {
            // Before what it holds: what is given up is gone before another may take its place.
            #[pin]
            inner: S::Future,
            // Some until it is ready.
            held: Option<W::Held>,
        },
        Outside {
            // In a box: who waits pays for it, and not who passes.
            waiting: Option<Box<Waiting<S, B, W>>>,
        },
        Refused {
            // Some until it was answered.
            response: Option<Box<Response<Bytes>>>,
        },
    }
}

struct Waiting<S, B, W: Enter> {
    enter: W,
    held: Option<W::Held>,
    /// A clone, made ready when it may be called: who waits here keeps nobody waiting there.
    inner: S,
    request: Request<B>,
}

impl<S, B, W> AdmissionFuture<S, B, W>
where
    S: Service<Request<B>>,
    W: Enter,
{
    pub(crate) const fn inside(inner: S::Future, held: W::Held) -> Self {
        let held = Some(held);
        Self {
            state: State::Inside { inner, held },
        }
    }

    pub(crate) fn outside(inner: S, request: Request<B>, enter: W) -> Self {
        let waiting = Some(Box::new(Waiting {
            enter,
            held: None,
            inner,
            request,
        }));
        Self {
            state: State::Outside { waiting },
        }
    }

    pub(crate) fn refuse(refused: impl Into<Problem>) -> Self {
        let response = Some(Box::new(refused.into().into_http()));
        Self {
            state: State::Refused { response },
        }
    }
}

impl<S, B, W, R> Future for AdmissionFuture<S, B, W>
where
    S: Service<Request<B>, Response = Response<R>>,
    W: Enter,
    W::Held: Held<Result<Response<R>, S::Error>>,
    R: From<Bytes>,
{
    type Output = Result<Response<R>, S::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let mut this = self.as_mut().project();
            let next = match this.state.as_mut().project() {
                StateProjection::Inside { inner, held } => {
                    let result = ready!(inner.poll(cx));
                    if let Some(held) = held.take() {
                        held.end(&result);
                    }
                    return Poll::Ready(result);
                }
                StateProjection::Outside { waiting } => {
                    // Polled again after the inner service failed to become ready: there is nothing more to say.
                    let Some(outside) = waiting else {
                        return Poll::Pending;
                    };
                    match ready!(outside.poll_inside(cx)) {
                        Ok(held) => match waiting.take() {
                            Some(outside) => outside.call(held),
                            None => return Poll::Pending,
                        },
                        Err(Refusal::Guard(refused)) => Self::refuse(refused).state,
                        Err(Refusal::Inner(error)) => {
                            *waiting = None;
                            return Poll::Ready(Err(error));
                        }
                    }
                }
                StateProjection::Refused { response } => match response.take() {
                    Some(response) => return Poll::Ready(Ok(response.map(R::from))),
                    None => return Poll::Pending,
                },
            };
            this.state.set(next);
        }
    }
}

type Entered<S, B, W> = Result<<W as Enter>::Held, Refusal<<W as Enter>::Refused, <S as Service<Request<B>>>::Error>>;

enum Refusal<R, E> {
    Guard(R),
    Inner(E),
}

impl<S, B, W> Waiting<S, B, W>
where
    S: Service<Request<B>>,
    W: Enter,
{
    fn poll_inside(&mut self, cx: &mut Context<'_>) -> Poll<Entered<S, B, W>> {
        if self.held.is_none() {
            let entered = ready!(Pin::new(&mut self.enter).poll(cx));
            self.held = Some(entered.map_err(Refusal::Guard)?);
        }
        ready!(self.inner.poll_ready(cx)).map_err(Refusal::Inner)?;
        match self.held.take() {
            Some(held) => Poll::Ready(Ok(held)),
            None => Poll::Pending,
        }
    }

    fn call(mut self, held: W::Held) -> State<S, B, W> {
        State::Inside {
            inner: self.inner.call(self.request),
            held: Some(held),
        }
    }
}
