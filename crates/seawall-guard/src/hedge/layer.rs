use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::{Layer, Service};

use super::race::{Begun, Race};
use super::{Hedge, HedgeEnd};
use crate::retry::{Classify, RepeatBody, Terms, copy_of};

/// Hedges requests round a client.
#[derive(Debug)]
pub struct HedgeLayer<C>(Hedge<C>);

impl<C> HedgeLayer<C> {
    #[must_use]
    pub const fn new(hedge: Hedge<C>) -> Self {
        Self(hedge)
    }
}

impl<C> Clone for HedgeLayer<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S, C> Layer<S> for HedgeLayer<C> {
    type Service = HedgeService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        HedgeService {
            inner,
            hedge: self.0.clone(),
        }
    }
}

/// See [`HedgeLayer`].
#[derive(Debug)]
pub struct HedgeService<S, C> {
    inner: S,
    hedge: Hedge<C>,
}

impl<S: Clone, C> Clone for HedgeService<S, C> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            hedge: self.hedge.clone(),
        }
    }
}

impl<S, C, B, R> Service<Request<B>> for HedgeService<S, C>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    C: Classify<Response<R>, S::Error>,
    B: RepeatBody,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = HedgeFuture<S, B, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let now = Instant::now();
        let due = self.hedge.due(Terms::from(&request), now);
        let kept = due.and_then(|_| copy_of(&request));
        // A clone has to be made ready before it is called: it is, when it is due.
        let second = kept.map(|kept| (self.inner.clone(), kept));
        let due = due.filter(|_| second.is_some());
        HedgeFuture {
            race: self.hedge.race(self.inner.call(request), due, now),
            second,
        }
    }
}

pin_project! {
    /// See [`HedgeLayer`].
    pub struct HedgeFuture<S, B, C>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        race: Race<S::Future, S::Response, S::Error, C>,
        // What the second attempt is made of. None: it was made, or is not to be.
        second: Option<(S, Request<B>)>,
    }
}

impl<S: Service<Request<B>>, B, C> fmt::Debug for HedgeFuture<S, B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HedgeFuture").finish_non_exhaustive()
    }
}

impl<S, B, C, R> Future for HedgeFuture<S, B, C>
where
    S: Service<Request<B>, Response = Response<R>>,
    C: Classify<Response<R>, S::Error>,
{
    type Output = Result<Response<R>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let second = this.second;
        let begin = |cx: &mut Context<'_>| {
            let Some((service, _)) = second else {
                return Poll::Ready(Begun::Never);
            };
            let ready = ready!(service.poll_ready(cx));
            // A service that is not to be made ready again has an error for its next caller; this one has an attempt under way.
            match (ready, second.take()) {
                (Ok(()), Some((mut service, request))) => Poll::Ready(Begun::Attempt(service.call(request))),
                _ => Poll::Ready(Begun::Never),
            }
        };
        let (mut result, end) = ready!(this.race.poll_end(cx, begin));
        if let Ok(response) = &mut result
            && end != HedgeEnd::Alone
        {
            response.extensions_mut().insert(end);
        }
        Poll::Ready(result)
    }
}
