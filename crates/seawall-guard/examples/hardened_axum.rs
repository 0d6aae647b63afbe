//! A small service behind the whole stack of guards. It uses nothing else of Seawall.
//!
//! `cargo run -p seawall-guard --example hardened_axum -- 127.0.0.1:3000 some-key`; the README shows what it answers.

use std::error::Error;
use std::future::Ready;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use garde::Validate;
use http::{HeaderMap, StatusCode};
use prometheus_client::registry::Registry;
use seawall_guard::access_log::AccessLogLayer;
use seawall_guard::authenticate::{
    Authenticate, AuthenticateLayer, Authenticated, Credential, Decision, Principal, PrincipalId, unauthenticated,
};
use seawall_guard::body_limit::BodyLimitLayer;
use seawall_guard::client_address::{ClientAddressLayer, TrustedProxies};
use seawall_guard::cors::{CorsLayer, CorsPolicy, Origin};
use seawall_guard::deadline::DeadlineLayer;
use seawall_guard::health::{Details, Liveness, Readiness, Verdict};
use seawall_guard::https::HttpsLayer;
use seawall_guard::logs::{Style, directives, gather, layer};
use seawall_guard::metrics::{HttpMetrics, exposition};
use seawall_guard::panic::{CatchPanicLayer, install_hook};
use seawall_guard::problem::{Catalog, Json, Problem, ProblemKind, ProblemLayer, Valid, kinds, list_page, page};
use seawall_guard::recording::{RecordLayer, Routes};
use seawall_guard::request_id::RequestIdLayer;
use seawall_guard::security_headers::{Preset, SecurityHeadersLayer};
use seawall_guard::trace_context::TraceContextLayer;
use seawall_guard::trusted_hosts::{TrustedHosts, TrustedHostsLayer};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower::util::option_layer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

// What this service refuses by itself, beside what every service does. Each entry is a response, a help page, a metric label.
seawall_guard::problem_kinds! {
    SOLD_OUT = "sold-out", CONFLICT, "Sold out",
        "There are not so many left.",
        "The article is not in stock in that number. Order fewer, or try again tomorrow.";
}

static TABLES: &[&[&ProblemKind]] = &[kinds::TABLE, TABLE];
static CATALOG: Catalog = Catalog::new(TABLES);

/// What load balancers ask, under any name and in the clear.
const PROBES: &[&str] = &["/health", "/ready"];

/// What a real service reads from its configuration.
pub(crate) struct Settings {
    pub(crate) key: Arc<str>,
    pub(crate) hosts: TrustedHosts,
    pub(crate) proxies: TrustedProxies,
    pub(crate) origins: Vec<Origin>,
    /// Behind a proxy that speaks TLS: nothing but the probes is answered in the clear.
    pub(crate) https: bool,
    pub(crate) body_bytes: usize,
    pub(crate) time: Duration,
}

impl Settings {
    pub(crate) fn local(key: &str) -> Self {
        Self {
            key: key.into(),
            hosts: TrustedHosts::loopback(),
            proxies: TrustedProxies::default(),
            origins: Vec::new(),
            https: false,
            body_bytes: 16 * 1024,
            time: Duration::from_secs(10),
        }
    }
}

/// The only client there is. Real ones come from a store, which keeps only hashes of their keys.
#[derive(Clone)]
pub(crate) struct Client(PrincipalId);

impl Principal for Client {
    fn id(&self) -> PrincipalId {
        self.0.clone()
    }
}

#[derive(Clone)]
struct OneKey(Arc<str>);

impl Authenticate for OneKey {
    type Principal = Client;
    type Future = Ready<Result<Client, Problem>>;

    fn authenticate(&self, credential: Credential<'_>) -> Decision<Client, Self::Future> {
        let (known, sent) = (self.0.as_bytes(), credential.secret().as_bytes());
        // Every byte is compared, whatever the first ones say: the time it takes tells nothing of the key but its length.
        let differ = known.iter().zip(sent).fold(0, |differ, (a, b)| differ | (a ^ b));
        let same = known.len() == sent.len() && differ == 0;
        let client = same.then(|| Client(PrincipalId("client-1".into())));
        Decision::Ready(client.ok_or_else(unauthenticated))
    }
}

#[derive(Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
struct Order {
    #[garde(length(min = 1, max = 64))]
    article: String,
    #[garde(range(min = 1, max = 100))]
    count: u32,
}

/// A handler asks by its arguments for what it needs: somebody known, and a body that keeps the rules.
async fn order(
    Authenticated(_): Authenticated<Client>,
    Valid(Json(order)): Valid<Json<Order>>,
) -> Result<(StatusCode, Json<Order>), Problem> {
    if order.count > 50 {
        return Err(Problem::new(&SOLD_OUT));
    }
    Ok((StatusCode::CREATED, Json(order)))
}

pub(crate) fn app(settings: &Settings) -> Router {
    let (mut registry, routes) = (Registry::default(), Routes::new(64));
    let metrics = HttpMetrics::register(&mut registry, &routes, CATALOG);
    let registry = Arc::new(registry);
    let liveness = Liveness::default();
    let readiness = Readiness::within(Duration::from_secs(2))
        .critical("stock", || async { Verdict::up() })
        .build();
    let scrape = move |_: Authenticated<Client>| async move { exposition(&registry) };
    let live = move || async move { liveness.report().response(Details::Hidden) };
    let ready = move || async move { readiness.report().await.response(Details::Hidden) };
    let list = async |headers: HeaderMap| list_page(&CATALOG, &headers);
    let one = async |Path(code): Path<String>, headers: HeaderMap| page(&CATALOG, &code, &headers);
    let app = Router::new()
        .route("/orders", post(order))
        .route("/metrics", get(scrape))
        .route("/health", get(live))
        .route("/ready", get(ready))
        .route("/problems", get(list))
        .route("/problems/{code}", get(one));
    guarded(app, settings, RecordLayer::new(routes, metrics))
}

/// The stack, outermost first. One `ServiceBuilder` rather than a `Router::layer` for each: axum makes a box of every
/// `Router::layer`, on the path of every request.
pub(crate) fn guarded(app: Router, settings: &Settings, record: RecordLayer<HttpMetrics>) -> Router {
    let origins = CorsPolicy::exact(settings.origins.iter().cloned());
    app.layer(
        ServiceBuilder::new()
            // All that follows speaks of the request by these.
            .layer(RequestIdLayer)
            .layer(TraceContextLayer::new(false))
            .layer(ClientAddressLayer::new(settings.proxies.clone()))
            // On every answer, early refusals included.
            .layer(SecurityHeadersLayer::new(Preset::Api).with_hsts(settings.https))
            // Who watches: outside the problems whose codes they tell.
            .layer(AccessLogLayer::new())
            .layer(record)
            .layer(ProblemLayer)
            .layer(CatchPanicLayer)
            // Outside what refuses: a page must be able to read why.
            .layer(CorsLayer::new(origins))
            // Who refuses, the cheapest first.
            .layer(TrustedHostsLayer::new(settings.hosts.clone()).exempt(PROBES))
            .layer(option_layer(settings.https.then(|| HttpsLayer::new().exempt(PROBES))))
            .layer(DeadlineLayer::new(settings.time))
            .layer(AuthenticateLayer::new(OneKey(Arc::clone(&settings.key))))
            .layer(BodyLimitLayer::new(settings.body_bytes)),
    )
}

pub(crate) async fn serve(listener: TcpListener, app: Router) -> std::io::Result<()> {
    // Small answers do not wait for an acknowledgement. A socket that refuses the option is about to fail anyway.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    // The address of the peer is what `ClientAddressLayer` begins with.
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (lines, _last_lines) = gather(std::io::stderr())?;
    let log = tracing_subscriber::registry().with(layer(Style::Json, lines));
    log.with(directives("info,hyper=warn")?).init();
    install_hook();
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let key = arguments.next().ok_or("an address and a key, please")?;
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    Ok(serve(listener, app(&Settings::local(&key))).await?)
}
