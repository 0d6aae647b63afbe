//! Keys that were revoked and that nodes still know.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use http::Request;
use seawall_engine::Engine;
use seawall_server::identity::ApiKey;
use seawall_server::{AppState, Parts};
use seawall_store::{Fault, FaultPoint, KeyStore as _, MemoryOptions, MemoryStore, PrincipalName, TenantId};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::identity::kit::{Caller, key};
use crate::support::{config, send_as_it_is};
use crate::working::{PausedClock, working};

/// Within this time the end of a key holds on every node.
const PROMISE: Duration = Duration::from_secs(5);

/// Several servers over one store.
struct Nodes {
    store: Arc<MemoryStore>,
    clock: PausedClock,
    is_down: Arc<AtomicBool>,
    kept: JoinSet<()>,
}

impl Nodes {
    fn new() -> Self {
        let is_down = Arc::new(AtomicBool::new(false));
        let down = Arc::clone(&is_down);
        let faults = move |_: &FaultPoint| down.load(Ordering::SeqCst).then_some(Fault::BeforeWrite);
        let clock = PausedClock::new();
        let options = MemoryOptions {
            faults: Some(Arc::new(faults)),
            ..MemoryOptions::default()
        };
        Self {
            store: Arc::new(MemoryStore::with_options(Arc::new(clock), options)),
            clock,
            is_down,
            kept: JoinSet::new(),
        }
    }

    async fn start(&mut self) -> Router {
        let state = AppState::new(Parts {
            engine: Engine::without_runtime(),
            store: Arc::clone(&self.store) as _,
            identity: Arc::clone(&self.store) as _,
            config: Arc::new(config(&[])),
            clock: Arc::new(self.clock),
            oidc: None,
            tasks: TaskTracker::new(),
        });
        let kept = state.authenticator().clone();
        self.kept
            .spawn(async move { kept.keep_up(&CancellationToken::new()).await });
        tokio::time::sleep(Duration::from_millis(1)).await;
        seawall_server::router(&state)
    }

    async fn revoke(&self, key: &ApiKey) {
        let (tenant, by) = (
            TenantId::new("acme").unwrap(),
            PrincipalName::parse("somebody").unwrap(),
        );
        let id = key.id().to_store().unwrap();
        self.store.revoke_key(&tenant, id, by, None).await.unwrap();
    }
}

/// Of an operation for which the store itself is not asked.
async fn status(node: &Router, key: &str) -> u16 {
    let request = Request::get("/api/v1/schemas/workflow").header("x-api-key", key);
    send_as_it_is(node, request, ()).await.status.as_u16()
}

/// When the node lets a key in no more, asked ten times a second, and how it refuses it.
async fn until_refused(node: &Router, key: &str) -> (Duration, u16) {
    let began = Instant::now();
    loop {
        match status(node, key).await {
            200 => assert!(began.elapsed() <= PROMISE, "it is still let in"),
            refused => return (began.elapsed(), refused),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_revoked_key_that_every_node_knows_is_refused_within_the_promise() {
    let mut nodes = Nodes::new();
    let both = [nodes.start().await, nodes.start().await];
    for phase in 0..10 {
        let (gone, text) = key(&*nodes.store, "acme", "workflows:read").await;
        let (_, stays) = key(&*nodes.store, "acme", "workflows:read").await;
        for node in &both {
            for key in [&text, &stays] {
                assert_eq!(status(node, key).await, 200);
            }
        }
        // At any moment between two questions.
        tokio::time::sleep(Duration::from_millis(phase * 137)).await;
        nodes.revoke(&gone).await;
        for node in &both {
            let (_, refused) = until_refused(node, &text).await;
            assert_eq!(refused, 401);
            assert_eq!(status(node, &stays).await, 200);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_revoked_key_is_not_let_in_for_longer_where_the_store_cannot_be_asked() {
    let mut nodes = Nodes::new();
    let node = nodes.start().await;
    let (gone, text) = key(&*nodes.store, "acme", "workflows:read").await;
    assert_eq!(status(&node, &text).await, 200);
    nodes.revoke(&gone).await;
    nodes.is_down.store(true, Ordering::SeqCst);
    assert_eq!(status(&node, &text).await, 200, "it cannot know yet");
    let (after, refused) = until_refused(&node, &text).await;
    assert_eq!(refused, 503, "nobody can say");
    assert!(after <= PROMISE, "{after:?}");
    nodes.is_down.store(false, Ordering::SeqCst);
    assert_eq!(status(&node, &text).await, 401);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_revoked_key_ends_within_the_promise_too() {
    let (state, app) = working(&[]).await;
    let (kept, mut tasks) = (state.authenticator().clone(), JoinSet::new());
    tasks.spawn(async move { kept.keep_up(&CancellationToken::new()).await });
    let store = &**state.identity_store();
    let scopes = "workflows:write runs:read runs:write tasks:work";
    let (_, text) = key(store, "acme", scopes).await;
    let owner = Caller { app: &app, key: text };
    let steps = json!([{"id": "wait", "kind": "wait_signal", "with": {"name": "never"}}]);
    owner
        .made("/api/v1/workflows", json!({"name": "waits", "steps": steps}))
        .await;
    let run = owner.made("/api/v1/workflows/waits/runs", json!({"input": {}})).await;
    let follow = format!("/api/v1/runs/{}/events", run["id"].as_str().unwrap());
    for after in [300, 1_300, 4_100, 7_300].map(Duration::from_millis) {
        let stream = (Request::get(&follow), String::new());
        let claim = Request::post("/api/v1/tasks/q/claim")
            .header("content-type", "application/json")
            .header("prefer", "wait=60");
        for (request, body) in [stream, (claim, json!({"max": 1}).to_string())] {
            let (gone, text) = key(store, "acme", scopes).await;
            let waiting = async {
                let answer = send_as_it_is(&app, request.header("x-api-key", &text), body).await;
                (answer.status.as_u16(), Instant::now())
            };
            let revoking = async {
                tokio::time::sleep(after).await;
                let (tenant, by) = (
                    TenantId::new("acme").unwrap(),
                    PrincipalName::parse("somebody").unwrap(),
                );
                let id = gone.id().to_store().unwrap();
                store.revoke_key(&tenant, id, by, None).await.unwrap();
                Instant::now()
            };
            let waiting = tokio::time::timeout(Duration::from_secs(50), waiting);
            let (waited, revoked) = tokio::join!(waiting, revoking);
            let (status, ended) = waited.expect("it ends");
            assert_eq!(status, 200);
            assert!(ended > revoked, "it was not over before");
            assert!(ended - revoked <= PROMISE, "{:?}", ended - revoked);
        }
    }
}
