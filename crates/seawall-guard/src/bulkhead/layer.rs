use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower::{Layer, Service};

use super::{Acquire, Bulkhead, Reason};
use crate::admission::AdmissionFuture;

/// Puts a [`Bulkhead`] round a service that speaks HTTP: what it refuses is answered with 503 `overloaded`. The call is over
/// when its answer begins.
#[derive(Clone, Debug)]
pub struct BulkheadLayer {
    bulkhead: Bulkhead,
}

impl BulkheadLayer {
    #[must_use]
    pub const fn new(bulkhead: Bulkhead) -> Self {
        Self { bulkhead }
    }
}

impl<S> Layer<S> for BulkheadLayer {
    type Service = BulkheadService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        BulkheadService {
            inner,
            bulkhead: self.bulkhead.clone(),
        }
    }
}

/// See [`BulkheadLayer`].
#[derive(Clone, Debug)]
pub struct BulkheadService<S> {
    inner: S,
    bulkhead: Bulkhead,
}

/// See [`BulkheadLayer`]. Dropped before it is ready, it gives its permit or its place back.
pub type BulkheadFuture<S, B> = AdmissionFuture<S, B, Acquire>;

impl<S, B, R> Service<Request<B>> for BulkheadService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = BulkheadFuture<S, B>;

    /// Ready when the inner service is. The permit is taken with the call, so that a service that is ready and not called holds
    /// none.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match self.bulkhead.try_permit() {
            Some(permit) => AdmissionFuture::inside(self.inner.call(request), permit),
            None if !self.bulkhead.queues() => AdmissionFuture::refuse(self.bulkhead.reject(Reason::Full)),
            None => AdmissionFuture::outside(self.inner.clone(), request, self.bulkhead.acquire()),
        }
    }
}
