use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use http::request::Builder;
use http::{HeaderMap, Request, StatusCode};
use seawall_engine::Engine;
use seawall_guard::problem::Problem;
use seawall_server::{AppState, Config, Parts};
use seawall_store::{FaultHook, MemoryOptions, MemoryStore, SystemClock};
use serde_json::Value;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::documented::assert_documented;

/// With what everything may be done, unless a test names another key.
pub(crate) const ADMIN_KEY: &str = "the-admin-key-of-the-tests";

pub(crate) fn config(variables: &[(&str, &str)]) -> Config {
    let mut map = map(variables);
    map.entry("ADMIN_API_KEY".to_owned())
        .or_insert_with(|| ADMIN_KEY.to_owned());
    if map.contains_key("ENVIRONMENT") {
        // Outside dev there is no default.
        let secret = || "a secret key of the tests, long enough".to_owned();
        map.entry("SECRET_KEY".to_owned()).or_insert_with(secret);
    }
    Config::from_map(&map).unwrap()
}

pub(crate) fn map(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

pub(crate) fn state(variables: &[(&str, &str)]) -> AppState {
    state_with(variables, None)
}

pub(crate) fn state_with(variables: &[(&str, &str)], faults: Option<FaultHook>) -> AppState {
    furnished(variables, faults, TaskTracker::new())
}

/// What is begun beside requests is among these tasks.
pub(crate) fn state_beside(tasks: &TaskTracker) -> AppState {
    furnished(&[], None, tasks.clone())
}

fn furnished(variables: &[(&str, &str)], faults: Option<FaultHook>, tasks: TaskTracker) -> AppState {
    let options = MemoryOptions {
        faults,
        ..MemoryOptions::default()
    };
    let store = Arc::new(MemoryStore::with_options(Arc::new(SystemClock), options));
    AppState::new(Parts {
        engine: Engine::without_runtime(),
        store: Arc::clone(&store) as _,
        identity: store,
        config: Arc::new(config(variables)),
        clock: Arc::new(SystemClock),
        oidc: None,
        tasks,
    })
}

pub(crate) fn app(variables: &[(&str, &str)]) -> Router {
    seawall_server::router(&state(variables))
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {:?}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn code(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json");
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16());
        assert_eq!(body["request_id"], self.header("x-request-id"));
        body["code"].as_str().unwrap().to_owned()
    }
}

/// As the admin, unless the request has credentials.
pub(crate) async fn send(app: &Router, request: Builder, body: impl Into<Body>) -> Answer {
    let has = |name| request.headers_ref().is_some_and(|headers| headers.contains_key(name));
    let request = if has("authorization") || has("x-api-key") {
        request
    } else {
        request.header("authorization", format!("Bearer {ADMIN_KEY}"))
    };
    send_as_it_is(app, request, body).await
}

pub(crate) async fn send_as_it_is(app: &Router, request: Builder, body: impl Into<Body>) -> Answer {
    let names_host = request
        .headers_ref()
        .is_some_and(|headers| headers.contains_key("host"));
    let request = if names_host {
        request
    } else {
        request.header("host", "localhost")
    };
    let request = request.body(body.into()).unwrap();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    if let Some(problem) = parts.extensions.get::<Problem>() {
        assert_documented(&method, &path, parts.status.as_u16(), problem.kind().code);
    }
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: to_bytes(body, 16 << 20).await.unwrap(),
    }
}

pub(crate) async fn get(app: &Router, path: &str) -> Answer {
    send(app, Request::get(path), ()).await
}

pub(crate) async fn post_json(app: &Router, path: &str, body: impl Into<Body>) -> Answer {
    send(
        app,
        Request::post(path).header("content-type", "application/json"),
        body,
    )
    .await
}
