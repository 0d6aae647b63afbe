use std::convert::Infallible;
use std::pin::pin;

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use seawall_guard::client_address::PeerAddress;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tower::util::Oneshot;

use super::body::ObservedBody;
use super::limits;
use super::sniff::{Protocol, protocol_of};
use super::stream::{BoundedStream, Linger};

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

async fn drive(mut stream: TcpStream, peer: PeerAddress, router: Router, draining: &CancellationToken) {
    let begins = tokio::time::timeout(limits::HEAD_TIMEOUT, protocol_of(&mut stream));
    let begins = tokio::select! {
        () = draining.cancelled() => return,
        begins = begins => begins,
    };
    let Ok(Ok(Some((protocol, begun)))) = begins else {
        return;
    };
    let linger = Linger::default();
    let io = TokioIo::new(BoundedStream::new(stream, begun, linger.clone()));
    let requests = Requests { router, peer, linger };
    match protocol {
        Protocol::Http1 => finish(http1().serve_connection(io, requests), draining).await,
        // On the heap: it is the larger one by far, and would make room for itself in every connection.
        Protocol::Http2 => Box::pin(finish(http2().serve_connection(io, requests), draining)).await,
    }
}

async fn finish(connection: impl GracefulConnection<Error = hyper::Error>, draining: &CancellationToken) {
    let mut connection = pin!(connection);
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

/// The requests of one connection, as the router takes them.
struct Requests {
    router: Router,
    peer: PeerAddress,
    linger: Linger,
}

impl Service<Request<Incoming>> for Requests {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Oneshot<Router, Request<Body>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let mut request = request.map(|body| Body::new(ObservedBody::new(body, self.linger.clone())));
        request.extensions_mut().insert(self.peer);
        self.router.clone().oneshot(request)
    }
}

fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEAD_TIMEOUT)
        .max_buf_size(limits::BUFFER_BYTES);
    builder
}

fn http2() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits::STREAMS)
        .max_header_list_size(limits::HEADER_LIST_BYTES)
        .keep_alive_interval(limits::PING_INTERVAL)
        .keep_alive_timeout(limits::PING_TIMEOUT);
    builder
}
