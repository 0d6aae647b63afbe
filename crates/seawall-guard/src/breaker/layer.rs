use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::{Breaker, ByStatus, Classify, Permit, Rejected};
use crate::problem::Problem;

/// Puts a [`Breaker`] round a service that speaks HTTP: what it refuses is answered with 503 `circuit-open`. The call is over
/// when its answer begins. Who waits for the inner service to become ready when the breaker opens goes on waiting: bound that.
#[derive(Clone, Debug)]
pub struct BreakerLayer<C = ByStatus> {
    breaker: Breaker,
    classify: C,
}

impl BreakerLayer {
    #[must_use]
    pub const fn new(breaker: Breaker) -> Self {
        Self {
            breaker,
            classify: ByStatus,
        }
    }

    /// `classify` says what is a failure, instead of [`ByStatus`].
    #[must_use]
    pub fn with_classify<C>(self, classify: C) -> BreakerLayer<C> {
        BreakerLayer {
            breaker: self.breaker,
            classify,
        }
    }
}

impl<S, C: Clone> Layer<S> for BreakerLayer<C> {
    type Service = BreakerService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        BreakerService {
            inner,
            inner_is_ready: false,
            layer: self.clone(),
        }
    }
}

/// See [`BreakerLayer`].
#[derive(Debug)]
pub struct BreakerService<S, C = ByStatus> {
    inner: S,
    /// This instance was made ready, and not called since. A clone was not.
    inner_is_ready: bool,
    layer: BreakerLayer<C>,
}

impl<S: Clone, C: Clone> Clone for BreakerService<S, C> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            inner_is_ready: false,
            layer: self.layer.clone(),
        }
    }
}

impl<S, C, B, A> Service<Request<B>> for BreakerService<S, C>
where
    S: Service<Request<B>, Response = Response<A>>,
    C: Classify<Result<Response<A>, S::Error>> + Clone,
    A: From<Bytes>,
{
    type Response = Response<A>;
    type Error = S::Error;
    type Future = BreakerFuture<S::Future, C>;

    /// Ready when the inner service is, and also when calls are refused anyway: who is broken need not be waited for. The permit
    /// is taken with the call, so that a service that is ready and not called holds none.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if !self.inner_is_ready {
            match self.inner.poll_ready(cx)? {
                Poll::Ready(()) => self.inner_is_ready = true,
                Poll::Pending if self.layer.breaker.refuses() => {}
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // It was refused when it was said to be ready, and cannot be called if that has changed since.
        if !self.inner_is_ready {
            return BreakerFuture::refuse(self.layer.breaker.refuse());
        }
        match self.layer.breaker.try_acquire() {
            Ok(permit) => {
                self.inner_is_ready = false;
                BreakerFuture::pass(self.inner.call(request), permit, self.layer.classify.clone())
            }
            Err(rejected) => BreakerFuture::refuse(rejected),
        }
    }
}

pin_project! {
    /// See [`BreakerLayer`]. Dropped before it is ready, it gives its permit back.
    #[derive(Debug)]
    pub struct BreakerFuture<F, C> {
        #[pin]
        state: State<F, C>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F, C> {
        Passed {
            // Before the permit: what is given up is gone before another may take its place.
            #[pin]
            inner: F,
            permit: Permit,
            classify: C,
        },
        Refused {
            // Some until it was answered. In a box, because a future that holds room for an answer is larger for everybody.
            response: Option<Box<Response<Bytes>>>,
        },
    }
}

impl<F, C> BreakerFuture<F, C> {
    const fn pass(inner: F, permit: Permit, classify: C) -> Self {
        Self {
            state: State::Passed {
                inner,
                permit,
                classify,
            },
        }
    }

    fn refuse(rejected: Rejected) -> Self {
        let response = Some(Box::new(Problem::from(rejected).into_http()));
        Self {
            state: State::Refused { response },
        }
    }
}

impl<F, C, A, E> Future for BreakerFuture<F, C>
where
    F: Future<Output = Result<Response<A>, E>>,
    C: Classify<Result<Response<A>, E>>,
    A: From<Bytes>,
{
    type Output = Result<Response<A>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Passed {
                inner,
                permit,
                classify,
            } => {
                let result = ready!(inner.poll(cx));
                permit.tell(classify.classify(&result));
                Poll::Ready(result)
            }
            StateProjection::Refused { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response.map(A::from))),
                // Polled again after it was ready: there is nothing more to say.
                None => Poll::Pending,
            },
        }
    }
}
