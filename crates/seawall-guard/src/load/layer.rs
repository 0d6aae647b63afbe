use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower::{Layer, Service};

use super::{Acquire, Alike, ByStatus, Classify, Limiter, Permit, Rejected, Triage};
use crate::admission::{AdmissionFuture, Enter, Held};

/// Puts a [`Limiter`] round a service that speaks HTTP: what it turns away is answered with 503 `overloaded`. The call is over
/// when its answer begins.
#[derive(Clone, Debug)]
pub struct LoadLayer<T = Alike, C = ByStatus> {
    limiter: Limiter,
    triage: T,
    classify: C,
}

impl LoadLayer {
    #[must_use]
    pub const fn new(limiter: Limiter) -> Self {
        Self {
            limiter,
            triage: Alike,
            classify: ByStatus,
        }
    }
}

impl<T, C> LoadLayer<T, C> {
    /// `triage` says who goes first, and who is who.
    #[must_use]
    pub fn with_triage<N>(self, triage: N) -> LoadLayer<N, C> {
        LoadLayer {
            limiter: self.limiter,
            triage,
            classify: self.classify,
        }
    }

    /// `classify` says what is a sign of overload, instead of [`ByStatus`].
    #[must_use]
    pub fn with_classify<N>(self, classify: N) -> LoadLayer<T, N> {
        LoadLayer {
            limiter: self.limiter,
            triage: self.triage,
            classify,
        }
    }
}

impl<S, T: Clone, C: Clone> Layer<S> for LoadLayer<T, C> {
    type Service = LoadService<S, T, C>;

    fn layer(&self, inner: S) -> Self::Service {
        LoadService {
            inner,
            layer: self.clone(),
        }
    }
}

/// See [`LoadLayer`].
#[derive(Clone, Debug)]
pub struct LoadService<S, T = Alike, C = ByStatus> {
    inner: S,
    layer: LoadLayer<T, C>,
}

/// See [`LoadLayer`]. Dropped before it is ready, it gives its permit or its place back.
pub type LoadFuture<S, B, C> = AdmissionFuture<S, B, Entering<C>>;

impl<S, T, C, B, R> Service<Request<B>> for LoadService<S, T, C>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    T: Triage<B>,
    C: Classify<Result<Response<R>, S::Error>> + Clone + Unpin,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = LoadFuture<S, B, C>;

    /// Ready when the inner service is. The permit is taken with the call, so that a service that is ready and not called holds
    /// none.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let LoadLayer {
            limiter,
            triage,
            classify,
        } = &self.layer;
        let claim = triage.triage(&request);
        let classify = classify.clone();
        match limiter.try_permit(claim) {
            Some(permit) => AdmissionFuture::inside(self.inner.call(request), UnderWay { permit, classify }),
            None => {
                let acquire = limiter.acquire(claim);
                AdmissionFuture::outside(self.inner.clone(), request, Entering { acquire, classify })
            }
        }
    }
}

/// A request that waits.
#[derive(Debug)]
pub struct Entering<C> {
    acquire: Acquire,
    classify: C,
}

/// A request that was let in.
#[derive(Debug)]
pub struct UnderWay<C> {
    permit: Permit,
    classify: C,
}

impl<C: Clone + Unpin> Future for Entering<C> {
    type Output = Result<UnderWay<C>, Rejected>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let permit = Pin::new(&mut self.acquire).poll(cx);
        permit.map_ok(|permit| UnderWay {
            permit,
            classify: self.classify.clone(),
        })
    }
}

impl<C: Clone + Unpin> Enter for Entering<C> {
    type Held = UnderWay<C>;
    type Refused = Rejected;
}

impl<T, C: Classify<T>> Held<T> for UnderWay<C> {
    fn end(self, result: &T) {
        self.permit.record(self.classify.classify(result));
    }
}
