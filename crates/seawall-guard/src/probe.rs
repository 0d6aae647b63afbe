//! The readiness probe: a service that may only be called on the instance that was made ready.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::Body;
use http::{Request, Response};
use tower::{Layer, Service};

/// Panics when it is called without having been made ready; a clone is not ready.
pub(crate) struct Probe {
    open: Arc<AtomicBool>,
    ready: bool,
}

impl Clone for Probe {
    fn clone(&self) -> Self {
        Self {
            open: Arc::clone(&self.open),
            ready: false,
        }
    }
}

impl<B> Service<Request<B>> for Probe {
    type Response = Response<Body>;
    type Error = &'static str;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if !self.open.load(Ordering::SeqCst) {
            return Poll::Pending;
        }
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        assert!(self.ready, "called without having been made ready");
        self.ready = false;
        if request.uri().path() == "/error" {
            return ready(Err("inner"));
        }
        ready(Ok(Response::new(Body::empty())))
    }
}

/// Holds a layer against the three duties of every layer: it waits for the inner service, calls the instance that it
/// made ready, and passes the inner error through.
pub(crate) async fn holds_the_contract<L>(layer: L)
where
    L: Layer<Probe>,
    L::Service: Service<Request<Body>, Error = &'static str> + Clone,
{
    let open = Arc::new(AtomicBool::new(false));
    let mut service = layer.layer(Probe {
        open: Arc::clone(&open),
        ready: false,
    });
    let mut context = Context::from_waker(std::task::Waker::noop());
    assert!(
        service.poll_ready(&mut context).is_pending(),
        "it does not wait for the inner service"
    );
    open.store(true, Ordering::SeqCst);
    for path in ["/", "/", "/error"] {
        assert!(service.poll_ready(&mut context).is_ready());
        let request = Request::get(path)
            .body(Body::empty())
            .expect("a path and a body make a request");
        let result = service.call(request).await;
        assert_eq!(result.err(), (path == "/error").then_some("inner"));
        service = service.clone();
    }
}
