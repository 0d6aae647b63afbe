use std::convert::Infallible;
use std::pin::pin;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use seawall_guard::client_address::PeerAddress;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::body::ObservedBody;
use super::limits;
use super::sniff::request_begins;
use super::stream::{Linger, LingeringStream};

/// The two signals by which connections end.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    /// Finish what is being answered, then close.
    pub(super) draining: CancellationToken,
    /// Close now.
    pub(super) cut_off: CancellationToken,
}

/// Serves one connection to its end.
pub(super) async fn serve_connection(stream: TcpStream, peer: PeerAddress, router: Router, ending: Ending) {
    // Small answers must not wait for an acknowledgement. A socket that refuses the option is about to fail anyway.
    let _ = stream.set_nodelay(true);
    tokio::select! {
        () = ending.cut_off.cancelled() => {}
        () = drive(stream, peer, router, &ending.draining) => {}
    }
}

async fn drive(stream: TcpStream, peer: PeerAddress, router: Router, draining: &CancellationToken) {
    let begins = tokio::time::timeout(limits::HEAD_TIMEOUT, request_begins(&stream));
    let begins = tokio::select! {
        () = draining.cancelled() => return,
        begins = begins => begins,
    };
    if !matches!(begins, Ok(Ok(true))) {
        return;
    }
    let linger = Linger::default();
    let io = TokioIo::new(LingeringStream::new(stream, linger.clone()));
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(|body| Body::new(ObservedBody::new(body, linger.clone())));
        request.extensions_mut().insert(peer);
        let router = router.clone();
        async move { Ok::<_, Infallible>(router.oneshot(request).await.unwrap_or_else(|never| match never {})) }
    });
    let builder = builder();
    let mut connection = pin!(builder.serve_connection(io, service));
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = draining.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        // Clients go away all the time: nothing an operator must act on.
        tracing::debug!(error = %error, "a connection ended early");
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEAD_TIMEOUT)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits::STREAMS)
        .max_header_list_size(limits::HEADER_LIST_BYTES)
        .keep_alive_interval(limits::PING_INTERVAL)
        .keep_alive_timeout(limits::PING_TIMEOUT);
    builder
}
