//! The last step before a request is sent: a connector layer that asks the fence once the connection stands.
//!
//! The client hands the connector no request, only an address. The attempt's [`Progress`] therefore travels as a task
//! local: a client without a pool connects within the very future that sends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use seawall_engine::{BeginRefused, Fence};
use tower::{BoxError, Layer, Service};

tokio::task_local! {
    pub(crate) static PROGRESS: Arc<Progress>;
}

/// How far an attempt has come.
pub(crate) struct Progress {
    fence: Fence,
    begun: AtomicBool,
}

impl Progress {
    pub(crate) fn new(fence: Fence) -> Arc<Self> {
        Arc::new(Self {
            fence,
            begun: AtomicBool::new(false),
        })
    }

    /// From here on bytes of the request may be on their way.
    pub(crate) fn begin(&self) -> Result<(), BeginRefused> {
        self.fence.begin()?;
        // One attempt is one task; the flag is atomic only so that it can be shared with the connector.
        self.begun.store(true, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }
}

#[derive(Clone, Copy)]
pub(crate) struct GateLayer;

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate(inner)
    }
}

#[derive(Clone)]
pub(crate) struct Gate<S>(S);

impl<S, R> Service<R> for Gate<S>
where
    S: Service<R, Error = BoxError>,
    S::Future: Send + 'static,
    S::Response: Send,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, destination: R) -> Self::Future {
        let connecting = self.0.call(destination);
        Box::pin(async move {
            let connection = connecting.await?;
            // A pooling client may finish in the background a connection that no request waits for any more.
            PROGRESS.try_with(|progress| progress.begin()).unwrap_or(Ok(()))?;
            Ok(connection)
        })
    }
}
