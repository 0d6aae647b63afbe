use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use http::header::{self, HeaderValue};
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use seawall_guard::client_address::PeerAddress;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::activity::Activity;
use super::body::{AnswerBody, ObservedBody};
use super::limits;
use super::places::Pressure;
use super::rest::rested;
use super::sniff::{Protocol, protocol_of};
use super::stream::BoundedStream;

/// What makes connections end, beside their clients.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    /// Finish what is being answered, then close.
    pub(super) draining: CancellationToken,
    /// Close now.
    pub(super) cut_off: CancellationToken,
    /// Close, whoever has been idle longest.
    pub(super) pressure: Pressure,
}

/// Serves one connection to its end.
pub(super) async fn serve_connection(stream: TcpStream, peer: PeerAddress, router: Router, ending: Ending) {
    // Small answers must not wait for an acknowledgement. A socket that refuses the option is about to fail anyway.
    let _ = stream.set_nodelay(true);
    tokio::select! {
        () = ending.cut_off.cancelled() => {}
        () = drive(stream, peer, router, &ending) => {}
    }
}

async fn drive(mut stream: TcpStream, peer: PeerAddress, router: Router, ending: &Ending) {
    let begins = tokio::select! {
        begins = ending.pressure.bear(protocol_of(&mut stream)) => begins,
        () = ending.draining.cancelled() => return,
    };
    let Some(Ok(Some((protocol, begun)))) = begins else {
        return;
    };
    let activity = Activity::default();
    let stream = BoundedStream::new(stream, begun, activity.clone());
    let service = {
        let activity = activity.clone();
        let pressure = ending.pressure.clone();
        service_fn(move |request| answer(request, peer, router.clone(), (&activity, &pressure)))
    };
    match protocol {
        Protocol::Http1 => serve_http1(stream, service, &activity, ending).await,
        // On the heap: it is the larger one by far, and would make room for itself in every connection.
        Protocol::Http2 => Box::pin(serve_http2(stream, service, &activity, ending)).await,
    }
}

/// Has the router answer a request. Both bodies keep the connection from rest until they have ended.
fn answer(
    request: Request<Incoming>,
    peer: PeerAddress,
    router: Router,
    (activity, pressure): (&Activity, &Pressure),
) -> impl Future<Output = Result<Response<AnswerBody>, Infallible>> + use<> {
    let (asked, answered) = (activity.begin(), activity.begin());
    let mut request = request.map(|body| Body::new(ObservedBody::new(body, asked)));
    request.extensions_mut().insert(peer);
    // Of HTTP/2 an answer cannot say it.
    let pressure = (request.version() <= Version::HTTP_11).then(|| pressure.clone());
    let response = router.oneshot(request);
    async move {
        let response = response.await.unwrap_or_else(|never| match never {});
        let mut response = response.map(|body| AnswerBody::new(body, answered));
        // While others wait for a place, an answer is the last one, and says so: whoever closes without a word may meet the next
        // request halfway.
        if pressure.is_some_and(|pressure| pressure.is_on()) {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        Ok(response)
    }
}

/// Serves until the connection ends. Whenever it is at rest, hyper's part of it is taken apart, buffers and all, and put together
/// again when there is something to read: hyper keeps 16 KiB and more for each connection, however long it is idle.
async fn serve_http1<S>(mut stream: BoundedStream, mut service: S, activity: &Activity, ending: &Ending)
where
    S: HttpService<Incoming, ResBody = AnswerBody, Error = Infallible> + Unpin,
{
    let builder = http1();
    let mut draining = pin!(ending.draining.cancelled());
    loop {
        let mut connection = builder.serve_connection(TokioIo::new(stream), service);
        let pass = poll_fn(|cx| match Pin::new(&mut connection).poll(cx) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending if activity.is_at_rest() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        let ended = tokio::select! {
            biased;
            ended = pass => ended,
            () = asked_within_head(activity, &ending.pressure) => return,
            () = draining.as_mut() => {
                Pin::new(&mut connection).graceful_shutdown();
                return tell(connection.await);
            }
        };
        if let Some(result) = ended {
            return tell(result);
        }
        let parts = connection.into_parts();
        (stream, service) = (parts.io.into_inner(), parts.service);
        let left = parts.read_buf;
        if !left.is_empty() {
            // A part of the next request that came with the one before.
            stream.put_back(left);
            continue;
        }
        // Empty, and yet it holds the buffer.
        drop(left);
        let next = tokio::select! {
            next = ending.pressure.bear(stream.readable()) => next,
            () = draining.as_mut() => return,
        };
        if !matches!(next, Some(Ok(()))) {
            return;
        }
    }
}

/// Waits until it is this connection's turn to give way, as long as it has nothing but a part of a head. To be polled whenever
/// the connection is.
async fn asked_within_head(activity: &Activity, pressure: &Pressure) {
    let mut asked = pin!(None);
    poll_fn(|cx| {
        if !activity.awaits_head() {
            // Who was asked and has no time passes it on.
            asked.set(None);
            return Poll::Pending;
        }
        if asked.is_none() {
            asked.set(Some(pressure.asked_if_idle()));
        }
        asked
            .as_mut()
            .as_pin_mut()
            .map_or(Poll::Pending, |asked| asked.poll(cx))
    })
    .await;
}

async fn serve_http2<S>(stream: BoundedStream, service: S, activity: &Activity, ending: &Ending)
where
    S: HttpService<Incoming, ResBody = AnswerBody, Error = Infallible>,
    S::Future: Send + 'static,
{
    let mut connection = pin!(http2().serve_connection(TokioIo::new(stream), service));
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = ending.draining.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = rested(activity, &ending.pressure) => {
            connection.as_mut().graceful_shutdown();
            // There is nothing left to do but to say so: who does not hear it is not waited for.
            match tokio::time::timeout(limits::LINGER, connection).await {
                Ok(result) => result,
                Err(_) => return,
            }
        }
    };
    tell(result);
}

fn tell(result: Result<(), hyper::Error>) {
    if let Err(error) = result {
        // Clients go away all the time: nothing an operator must act on.
        tracing::debug!(error = %error, "a connection ended early");
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
