//! The service that is measured, bare and guarded.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::routing::{get, post};
use garde::Validate;
use hyper_util::rt::{TokioExecutor, TokioIo};
use prometheus_client::registry::Registry;
use seawall_engine::{Clock as _, Engine};
use seawall_guard::access_log::AccessLogLayer;
use seawall_guard::authenticate::{AuthenticateLayer, Authenticated};
use seawall_guard::body_limit::BodyLimitLayer;
use seawall_guard::client_address::{ClientAddressLayer, PeerAddress, TrustedProxies};
use seawall_guard::cors::{CorsLayer, CorsPolicy};
use seawall_guard::deadline::DeadlineLayer;
use seawall_guard::https::HttpsLayer;
use seawall_guard::logs::{LastLines, Style, directives, gather, layer};
use seawall_guard::metrics::HttpMetrics;
use seawall_guard::panic::CatchPanicLayer;
use seawall_guard::problem::{Json, ProblemLayer, Valid};
use seawall_guard::recording::{RecordLayer, Routes};
use seawall_guard::request_id::RequestIdLayer;
use seawall_guard::security_headers::{Preset, SecurityHeadersLayer};
use seawall_guard::trace_context::TraceContextLayer;
use seawall_guard::trusted_hosts::{TrustedHosts, TrustedHostsLayer};
use seawall_server::identity::{self, AccessTokens, ApiKey, Principal};
use seawall_server::{AppState, CATALOG, Config, Parts};
use seawall_store::{
    KeyId, KeyName, KeyStore as _, MemoryStore, NewKey, PrincipalName, Scopes, SecretHash, SystemClock, TenantId,
};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{ServiceBuilder, ServiceExt as _};
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What is posted: 200 bytes of it.
#[derive(Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
struct Order {
    #[garde(length(min = 1, max = 64))]
    customer: String,
    #[garde(length(min = 1, max = 100), dive)]
    items: Vec<Item>,
    #[garde(length(max = 1000))]
    note: String,
}

#[derive(Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
struct Item {
    #[garde(length(min = 1, max = 64))]
    article: String,
    #[garde(range(min = 1, max = 100))]
    count: u32,
}

const ORDER: &str = r#"{"customer":"cus_01h455vb4pex5vsknk084sn02q","items":[{"article":"keyboard-de","count":2},{"article":"mouse","count":1}],"note":"Leave it with the neighbour on the second floor, please."}"#;

/// Log lines go to a file, as a server's go to a pipe.
pub(crate) fn log_to(path: &Path) -> anyhow::Result<LastLines<File>> {
    let (lines, last_lines) = gather(File::create(path)?)?;
    tracing_subscriber::registry()
        .with(layer(Style::Json, lines).with_filter(directives("info")?))
        .try_init()?;
    Ok(last_lines)
}

/// Name and bytes of each request that is measured.
pub(crate) fn requests(credentials: &Credentials) -> Vec<(&'static str, String)> {
    let common = |credential: &str| {
        format!(
            "host: localhost\r\nuser-agent: bench\r\naccept: application/json\r\nauthorization: Bearer {credential}\r\n"
        )
    };
    let get = |credential: &str| format!("GET /fine HTTP/1.1\r\n{}\r\n", common(credential));
    let post = |credential: &str| {
        let (common, length) = (common(credential), ORDER.len());
        format!(
            "POST /orders HTTP/1.1\r\n{common}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{ORDER}"
        )
    };
    let Credentials { key, token } = credentials;
    vec![
        ("key_get", get(key)),
        ("key_post", post(key)),
        ("jwt_get", get(token)),
        ("jwt_post", post(token)),
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

/// Who may call: an API key, and a token that was made with it.
pub(crate) struct Credentials {
    key: String,
    token: String,
}

/// The same routes for whoever has credentials, behind guards.
pub(crate) struct Guarded {
    /// The library's guards with the server's authenticator, as one layer.
    pub(crate) library: Router,
    /// The server's own stack.
    pub(crate) server: Router,
    pub(crate) credentials: Credentials,
}

pub(crate) async fn guarded() -> anyhow::Result<Guarded> {
    let config = Config::from_map(&BTreeMap::new())?;
    let tokens = AccessTokens::new(config.secret_key.master());
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    let (id, key) = key(&store).await?;
    let principal = Principal::key(TenantId::default(), &id, identity::Scopes::ALL);
    let token = tokens.issue(&principal, SystemClock.now())?;
    let token = token.text.expose_secret().to_owned();
    let state = state_over(config, store);
    let authenticator = state.authenticator().clone();
    // Without it, the store would be asked at every request.
    tokio::spawn(async move { authenticator.keep_up(&CancellationToken::new()).await });
    Ok(Guarded {
        library: behind_the_library(app(), &state),
        server: seawall_server::guarded(app(), &state),
        credentials: Credentials { key, token },
    })
}

fn record() -> RecordLayer<HttpMetrics> {
    let routes = Routes::new(64);
    let metrics = HttpMetrics::register(&mut Registry::default(), &routes, CATALOG);
    RecordLayer::new(routes, metrics)
}

/// As a service of its own would put them: one `Router::layer`, because axum makes a box of each.
fn behind_the_library(app: Router, state: &AppState) -> Router {
    app.layer(
        ServiceBuilder::new()
            .layer(RequestIdLayer)
            .layer(TraceContextLayer::new(false))
            .layer(ClientAddressLayer::new(TrustedProxies::default()))
            .layer(SecurityHeadersLayer::new(Preset::Api).with_hsts(true))
            .layer(AccessLogLayer::new())
            .layer(record())
            .layer(ProblemLayer)
            .layer(CatchPanicLayer)
            .layer(CorsLayer::new(CorsPolicy::exact([])))
            .layer(TrustedHostsLayer::new(TrustedHosts::loopback()))
            // What is measured comes in the clear, and costs the same look.
            .layer(HttpsLayer::new().exempt(&["/fine", "/orders"]))
            .layer(DeadlineLayer::new(Duration::from_secs(30)))
            .layer(AuthenticateLayer::new(state.authenticator().clone()))
            .layer(BodyLimitLayer::new(1024 * 1024)),
    )
}

/// The routes of [`bare`], for those who are known.
fn app() -> Router {
    Router::new()
        .route(
            "/fine",
            get(|_: Authenticated<Principal>| async { axum::Json(serde_json::json!({"status": "ok"})) }),
        )
        .route(
            "/orders",
            post(|_: Authenticated<Principal>, Valid(Json(order)): Valid<Json<Order>>| async { axum::Json(order) }),
        )
}

/// What the server's own routes work on.
pub(crate) fn state(config: Config) -> AppState {
    state_over(config, Arc::new(MemoryStore::new(Arc::new(SystemClock))))
}

fn state_over(config: Config, store: Arc<MemoryStore>) -> AppState {
    AppState::new(Parts {
        engine: Engine::without_runtime(),
        store: Arc::clone(&store) as _,
        identity: store,
        config: Arc::new(config),
        clock: Arc::new(SystemClock),
        oidc: None,
        tasks: TaskTracker::new(),
    })
}

/// The id of a key, and the key.
async fn key(store: &MemoryStore) -> anyhow::Result<(String, String)> {
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
    Ok((id.to_string(), key.reveal().expose_secret().to_owned()))
}

/// Serves with the same loop for both, so that only the guards differ.
pub(crate) async fn serve(router: Router) -> anyhow::Result<SocketAddr> {
    // As `axum::serve` does, and the server too: else axum applies all layers anew for each request.
    let router = router.with_state(());
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
