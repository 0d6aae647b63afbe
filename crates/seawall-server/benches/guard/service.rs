//! The service that is measured, bare and guarded.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{get, post};
use hyper_util::rt::{TokioExecutor, TokioIo};
use seawall_engine::Engine;
use seawall_guard::client_address::PeerAddress;
use seawall_guard::problem::Json;
use seawall_server::{AppState, Config, Parts};
use seawall_store::{MemoryStore, SystemClock};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

/// What is posted: 200 bytes of it.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Order {
    customer: String,
    items: Vec<Item>,
    note: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Item {
    article: String,
    count: u32,
}

const ORDER: &str = r#"{"customer":"cus_01h455vb4pex5vsknk084sn02q","items":[{"article":"keyboard-de","count":2},{"article":"mouse","count":1}],"note":"Leave it with the neighbour on the second floor, please."}"#;

/// Log lines go to a file, as a server's go to a pipe.
pub(crate) fn log_to(path: &Path) -> anyhow::Result<()> {
    let file = File::create(path)?;
    tracing_subscriber::fmt()
        .json()
        .with_writer(Mutex::new(file))
        .with_env_filter("info")
        .init();
    Ok(())
}

/// Name and bytes of each request that is measured.
pub(crate) fn requests() -> Vec<(&'static str, String)> {
    let common = "host: localhost\r\nuser-agent: bench\r\naccept: application/json\r\n";
    let length = ORDER.len();
    vec![
        ("get", format!("GET /fine HTTP/1.1\r\n{common}\r\n")),
        (
            "post",
            format!(
                "POST /orders HTTP/1.1\r\n{common}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{ORDER}"
            ),
        ),
    ]
}

/// On bare axum, with axum's own extractor.
pub(crate) fn bare() -> Router {
    Router::new()
        .route(
            "/fine",
            get(|| async { axum::Json(serde_json::json!({"status": "ok"})) }),
        )
        .route(
            "/orders",
            post(|axum::Json(order): axum::Json<Order>| async { axum::Json(order) }),
        )
}

/// The same behind everything that the server puts in front of its routes.
pub(crate) fn guarded() -> Router {
    let routes = Router::new()
        .route(
            "/fine",
            get(|| async { axum::Json(serde_json::json!({"status": "ok"})) }),
        )
        .route("/orders", post(|Json(order): Json<Order>| async { axum::Json(order) }));
    let config = Config::from_map(&BTreeMap::new()).expect("the defaults are valid");
    seawall_server::guarded(routes, &state(config))
}

/// What the server's stack and routes work on.
pub(crate) fn state(config: Config) -> AppState {
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    AppState::new(Parts {
        engine: Engine::without_runtime(),
        store: Arc::clone(&store) as _,
        identity: store,
        config: Arc::new(config),
    })
}

/// Serves with the same loop for both, so that only the guards differ.
pub(crate) async fn serve(router: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, peer)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let router = router.clone();
            tokio::spawn(async move {
                let service = hyper::service::service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
                    request.extensions_mut().insert(PeerAddress(peer));
                    let request = request.map(axum::body::Body::new);
                    let router = router.clone();
                    async move { Ok::<_, Infallible>(router.oneshot(request).await.unwrap_or_else(|never| match never {})) }
                });
                let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    Ok(address)
}
