use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::TraceContext;

/// Where the trace stands in requests and answers.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Where vendors keep what is theirs.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Gives every request a [`TraceContext`] and names it on the answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceContextLayer {
    sample_new: bool,
}

impl TraceContextLayer {
    /// `sample_new`: whether a trace that begins here is marked as sampled.
    #[must_use]
    pub const fn new(sample_new: bool) -> Self {
        Self { sample_new }
    }

    fn context(self, headers: &HeaderMap) -> TraceContext {
        let mut parents = headers.get_all(TRACEPARENT).into_iter();
        let below = match (parents.next(), parents.next()) {
            (Some(only), None) => TraceContext::below(only, headers.get(TRACESTATE)),
            // Of two nobody knows which is meant.
            _ => None,
        };
        below.unwrap_or_else(|| TraceContext::begin(self.sample_new))
    }
}

impl<S> Layer<S> for TraceContextLayer {
    type Service = TraceContextService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TraceContextService { inner, layer: *self }
    }
}

/// See [`TraceContextLayer`].
#[derive(Clone, Copy, Debug)]
pub struct TraceContextService<S> {
    inner: S,
    layer: TraceContextLayer,
}

impl<S, B, R> Service<Request<B>> for TraceContextService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = TraceContextFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let context = self.layer.context(request.headers());
        let header = context.header_value();
        request.extensions_mut().insert(context);
        TraceContextFuture {
            inner: self.inner.call(request),
            header: Some(header),
        }
    }
}

pin_project! {
    /// See [`TraceContextLayer`].
    #[derive(Debug)]
    pub struct TraceContextFuture<F> {
        #[pin]
        inner: F,
        // Some until there is an answer.
        header: Option<HeaderValue>,
    }
}

impl<F, R, E> Future for TraceContextFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(cx))?;
        if let Some(header) = this.header.take() {
            response.headers_mut().insert(TRACEPARENT, header);
        }
        Poll::Ready(Ok(response))
    }
}

#[cfg(test)]
#[cfg(feature = "problem")]
mod tests {
    use axum::body::Body;
    use axum::{Extension, Router, routing};
    use tower::ServiceExt as _;

    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[tokio::test]
    async fn it_waits_for_and_calls_the_ready_instance() {
        crate::probe::holds_the_contract(TraceContextLayer::default()).await;
    }

    async fn seen(parents: &[&str]) -> (TraceContext, HeaderValue) {
        let handler = |Extension(context): Extension<TraceContext>| async move { Extension(context) };
        let app = Router::new()
            .route("/", routing::get(handler))
            .layer(TraceContextLayer::new(true));
        let mut request = Request::get("/").header("tracestate", "a=1");
        for parent in parents {
            request = request.header("traceparent", *parent);
        }
        let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let context = response.extensions().get::<TraceContext>().unwrap().clone();
        (context, response.headers()[TRACEPARENT].clone())
    }

    #[tokio::test]
    async fn the_answer_names_the_trace_that_the_handler_sees() {
        let (context, header) = seen(&[PARENT]).await;
        assert_eq!(context.trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(
            (context.header_value(), context.state),
            (header, Some(HeaderValue::from_static("a=1")))
        );
        for parents in [&[][..], &["nonsense"], &[PARENT, PARENT]] {
            let (context, header) = seen(parents).await;
            assert_eq!((context.parent, context.state.clone()), (None, None));
            assert!(context.sampled);
            assert_eq!(context.header_value(), header);
        }
    }
}
