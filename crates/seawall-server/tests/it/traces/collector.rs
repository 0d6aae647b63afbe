//! A collector on loopback, for OTLP over HTTP and gRPC.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::received::{Seen, SeenSpan, read};

/// What one request brought.
#[derive(Clone, Debug)]
pub(super) struct Export {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) seen: Seen,
}

#[derive(Default)]
struct Inner {
    exports: Mutex<Vec<Export>>,
    refuses: bool,
}

pub(super) struct Collector {
    pub(super) address: SocketAddr,
    inner: Arc<Inner>,
    _tasks: JoinSet<()>,
}

impl Collector {
    pub(super) async fn start() -> Self {
        Self::listen(false).await
    }

    /// One that takes nothing.
    pub(super) async fn refusing() -> Self {
        Self::listen(true).await
    }

    async fn listen(refuses: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            refuses,
            ..Inner::default()
        });
        let (mut tasks, shared) = (JoinSet::new(), Arc::clone(&inner));
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let shared = Arc::clone(&shared);
                connections.spawn(async move {
                    let service = service_fn(|request| take(request, Arc::clone(&shared)));
                    let builder = auto::Builder::new(TokioExecutor::new());
                    // Whoever goes away in the middle has nothing more to say.
                    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self {
            address,
            inner,
            _tasks: tasks,
        }
    }

    pub(super) fn exports(&self) -> Vec<Export> {
        self.inner.exports.lock().clone()
    }

    /// All spans so far.
    pub(super) fn spans(&self) -> Vec<SeenSpan> {
        let exports = self.exports();
        exports.into_iter().flat_map(|export| export.seen.spans).collect()
    }

    /// The one span of that name.
    #[track_caller]
    pub(super) fn span(&self, name: &str) -> SeenSpan {
        let mut spans = self.spans();
        let names: Vec<_> = spans.iter().map(|span| span.name.clone()).collect();
        spans.retain(|span| span.name == name);
        assert_eq!(spans.len(), 1, "{name} in {names:?}");
        spans.remove(0)
    }
}

type Answer = Response<BoxBody<Bytes, Infallible>>;

async fn take(request: Request<Incoming>, inner: Arc<Inner>) -> Result<Answer, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let content_type = parts.headers["content-type"].to_str().unwrap().to_owned();
    let grpc = content_type.starts_with("application/grpc");
    // In gRPC a flag and a length stand before the message.
    let message = if grpc { body.slice(5..) } else { body };
    inner.exports.lock().push(Export {
        path: parts.uri.path().to_owned(),
        headers: parts.headers,
        seen: read(&message),
    });
    let mut answer = Response::new(Empty::new().boxed());
    answer
        .headers_mut()
        .insert("content-type", HeaderValue::from_str(&content_type).unwrap());
    if inner.refuses {
        *answer.status_mut() = StatusCode::FORBIDDEN;
    } else if grpc {
        // An empty message, and after it that all went well.
        let well = HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from_static("0"))]);
        let trailers = async move { Some(Ok(well)) };
        *answer.body_mut() = Full::new(Bytes::from_static(&[0; 5])).with_trailers(trailers).boxed();
    }
    Ok(answer)
}
