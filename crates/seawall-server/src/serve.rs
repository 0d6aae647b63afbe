//! From a bound port to a clean end.

use std::net::SocketAddr;

use tokio_util::sync::CancellationToken;

use crate::accept::{Acceptor, CONNECTIONS, METRICS_CONNECTIONS};
use crate::config::Config;
use crate::router::{metrics_router, router};
use crate::state::AppState;

/// Why the server could not begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address}")]
    Bind {
        address: SocketAddr,
        source: std::io::Error,
    },
}

/// A server that holds its port but does not answer yet.
#[derive(Debug)]
pub struct Server {
    acceptor: Acceptor,
    /// Of `METRICS_PORT`.
    metrics: Option<Acceptor>,
}

impl Server {
    /// # Errors
    /// When the port is taken or the address is not this machine's.
    pub async fn bind(config: &Config) -> Result<Self, ServeError> {
        let acceptor = bind(config.listen_address(), CONNECTIONS).await?;
        let metrics = match config.metrics_port {
            Some(port) => Some(bind(SocketAddr::new(config.host, port), METRICS_CONNECTIONS).await?),
            None => None,
        };
        Ok(Self { acceptor, metrics })
    }

    /// Where it listens: with `PORT=0`, the port that was free.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.acceptor.address()
    }

    /// Where metrics are, with a `METRICS_PORT`.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(Acceptor::address)
    }

    /// Answers until `shutdown`, then ends in this order: readiness turns red and streams end; no more connections are
    /// accepted; requests finish within the deadline; the engine parks its runs; the store closes; the last spans
    /// are sent.
    pub async fn run(self, state: AppState, shutdown: CancellationToken) {
        let draining = state.draining().clone();
        let deadline = state.config().shutdown_deadline / 2;
        let answered = CancellationToken::new();
        let accepting = async {
            let acceptor = self.acceptor.counted_by(state.telemetry().connections());
            acceptor.run(router(&state), draining.clone(), deadline).await;
            answered.cancel();
        };
        let (metrics, stopping) = (self.metrics, draining.clone());
        let scraped = async {
            if let Some(acceptor) = metrics {
                acceptor.run(metrics_router(&state), stopping, deadline).await;
            }
        };
        let signal = async {
            shutdown.cancelled().await;
            tracing::info!("stopping: no new requests");
            draining.cancel();
        };
        tokio::join!(accepting, scraped, signal, state.authenticator().keep_up(&answered));
        state.tasks().close();
        if tokio::time::timeout(deadline, state.tasks().wait()).await.is_err() {
            tracing::warn!("work beside requests did not end in time");
        }
        state.engine().shutdown(deadline).await;
        if let Err(error) = state.store().close().await {
            tracing::error!(error = %error, "the store did not close cleanly");
        }
        // After everything that ends something.
        if let Some(tracer) = state.tracer() {
            tracer.close().await;
        }
        tracing::info!("stopped");
    }
}

async fn bind(address: SocketAddr, connections: usize) -> Result<Acceptor, ServeError> {
    let bound = Acceptor::bind(address, connections).await;
    bound.map_err(|source| ServeError::Bind { address, source })
}

/// Binds and serves; see [`Server`].
///
/// # Errors
/// When the port cannot be had.
pub async fn serve(config: &Config, state: AppState, shutdown: CancellationToken) -> Result<(), ServeError> {
    let server = Server::bind(config).await?;
    tracing::info!(address = %server.address(), "listening");
    server.run(state, shutdown).await;
    Ok(())
}
