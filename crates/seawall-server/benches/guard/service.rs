//! The service that is measured, bare and guarded.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use axum::Router;
use axum::routing::{get, post};
use hyper_util::rt::{TokioExecutor, TokioIo};
use seawall_engine::Engine;
use seawall_guard::authenticate::Authenticated;
use seawall_guard::client_address::PeerAddress;
use seawall_guard::problem::Json;
use seawall_server::identity::{self, ApiKey, Principal};
use seawall_server::{AppState, Config, Parts};
use seawall_store::{
    KeyId, KeyName, KeyStore as _, MemoryStore, NewKey, PrincipalName, Scopes, SecretHash, SystemClock, TenantId,
};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
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

/// Name and bytes of each request that is measured, with this API key.
pub(crate) fn requests(key: &str) -> Vec<(&'static str, String)> {
    let common =
        format!("host: localhost\r\nuser-agent: bench\r\naccept: application/json\r\nauthorization: Bearer {key}\r\n");
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

/// The same behind everything that the server puts in front of its routes, for whoever has the API key that comes with it.
pub(crate) async fn guarded() -> anyhow::Result<(Router, String)> {
    let routes = Router::new()
        .route(
            "/fine",
            get(|_: Authenticated<Principal>| async { axum::Json(serde_json::json!({"status": "ok"})) }),
        )
        .route(
            "/orders",
            post(|_: Authenticated<Principal>, Json(order): Json<Order>| async { axum::Json(order) }),
        );
    let config = Config::from_map(&BTreeMap::new()).expect("the defaults are valid");
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    let key = key(&store).await?;
    let state = AppState::new(Parts {
        engine: Engine::without_runtime(),
        store: Arc::clone(&store) as _,
        identity: store,
        config: Arc::new(config),
        clock: Arc::new(SystemClock),
        oidc: None,
        tasks: TaskTracker::new(),
    });
    let authenticator = state.authenticator().clone();
    // Without it, the store would be asked at every request.
    tokio::spawn(async move { authenticator.keep_up(&CancellationToken::new()).await });
    Ok((seawall_server::guarded(routes, &state), key))
}

async fn key(store: &MemoryStore) -> anyhow::Result<String> {
    let id = KeyId::generate();
    let key = ApiKey::generate(identity::KeyId::of_store(id).context("an id of ours")?);
    let new = NewKey {
        id,
        name: KeyName::parse("bench")?,
        hash: SecretHash::from_bytes(*key.hash().as_bytes()),
        scopes: Scopes::parse("runs:read")?,
        created_by: PrincipalName::parse("bench")?,
        expires_at: None,
        most: 1,
    };
    store.create_key(&TenantId::default(), new, None).await?;
    Ok(key.reveal().expose_secret().to_owned())
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
