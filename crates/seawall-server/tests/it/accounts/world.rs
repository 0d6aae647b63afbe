use std::sync::Arc;

use axum::Router;
use http::request::Builder;
use http::{Method, Request};
use seawall_engine::{Engine, EngineConfig, EngineParts, NoSecrets, OsEntropy, Registry};
use seawall_server::identity::{AccessTokens, MasterKey, Principal, Scopes};
use seawall_server::{AppState, Parts};
use seawall_store::{MemoryStore, StoreClock as _, SystemClock, TenantId};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use crate::support::{Answer, config, send, send_as_it_is};

pub(super) const USERS: &str = "/api/v1/users";
pub(super) const KEYS: &str = "/api/v1/api-keys";
pub(super) const PASSWORD: &str = "correct horse battery";

/// With an engine on the store that accounts are on, so that there are runs.
pub(super) async fn furnished() -> Router {
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    let parts = EngineParts {
        store: Arc::<MemoryStore>::clone(&store),
        clock: Arc::new(SystemClock),
        registry: Registry::default(),
        entropy: Arc::new(OsEntropy),
        secrets: Arc::new(NoSecrets),
    };
    let engine = Engine::start(parts, EngineConfig::default()).await.unwrap();
    let state = AppState::new(Parts {
        engine,
        identity: Arc::<MemoryStore>::clone(&store),
        store,
        config: Arc::new(config(&[])),
        clock: Arc::new(SystemClock),
        oidc: None,
        tasks: TaskTracker::new(),
    });
    seawall_server::router(&state)
}

pub(super) fn admin() -> Principal {
    Principal::service(TenantId::default(), "test", Scopes::ALL)
}

/// Of another tenant, who may do everything there.
pub(super) fn stranger() -> Principal {
    Principal::service(TenantId::new("other").unwrap(), "test", Scopes::ALL)
}

/// The request as this principal's, with a token of the server's own for it.
pub(super) fn by(principal: &Principal, request: Builder) -> Builder {
    let tokens = AccessTokens::new(&MasterKey::of_development());
    let token = tokens.issue(principal, SystemClock.now()).unwrap();
    request.header("authorization", format!("Bearer {}", token.text.expose_secret()))
}

pub(super) async fn call(app: &Router, principal: &Principal, method: Method, path: &str, body: &Value) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let request = by(principal, request).header("content-type", "application/json");
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    send(app, request, body).await
}

pub(super) async fn read(app: &Router, principal: &Principal, path: &str) -> Answer {
    call(app, principal, Method::GET, path, &Value::Null).await
}

pub(super) async fn post(app: &Router, path: &str, body: &Value) -> Answer {
    call(app, &admin(), Method::POST, path, body).await
}

/// As an admin, under this idempotency key.
pub(super) async fn keyed(app: &Router, path: &str, key: &str, body: &Value) -> Answer {
    let request = Request::post(path).header("idempotency-key", key);
    let request = by(&admin(), request).header("content-type", "application/json");
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    send(app, request, body).await
}

pub(super) fn user(email: &str, role: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "role": role})
}

/// Makes a user, and answers where they are.
pub(super) async fn made(app: &Router, email: &str, role: &str) -> String {
    let answer = post(app, USERS, &user(email, role)).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    answer.header("location").to_owned()
}

/// Without credentials.
pub(super) async fn anonymous(app: &Router, path: &str, body: &Value) -> Answer {
    let request = Request::post(path).header("content-type", "application/json");
    send_as_it_is(app, request, body.to_string()).await
}

/// The pointers and codes of all that an answer says is wrong.
#[track_caller]
pub(super) fn faults(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.code(), "validation-error");
    let body = answer.json();
    let errors = body["errors"].as_array().unwrap().iter();
    let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    errors
        .map(|error| (text(error, "pointer"), text(error, "code")))
        .collect()
}
