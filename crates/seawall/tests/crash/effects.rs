//! The outside world: an HTTP service that remembers every request that reached it, and a file that commands append to.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::routing::any;
use axum::{Json, Router};
use parking_lot::Mutex;
use serde_json::{Value, json};

/// One request that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    pub(crate) method: String,
    pub(crate) key: String,
    pub(crate) run: String,
    pub(crate) step: String,
    pub(crate) item: Option<u64>,
}

#[derive(Default)]
struct Seen {
    effects: Mutex<Vec<Effect>>,
    count: AtomicU64,
}

pub(crate) struct Effects {
    pub(crate) url: String,
    seen: Arc<Seen>,
    log: PathBuf,
}

impl Effects {
    pub(crate) async fn start(folder: &Path) -> Self {
        let seen = Arc::new(Seen::default());
        let router = Router::new()
            .route("/effect", any(record))
            .with_state(Arc::clone(&seen));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            seen,
            log: log_of(folder),
        }
    }

    pub(crate) fn requests(&self) -> Vec<Effect> {
        self.seen.effects.lock().clone()
    }

    /// Lines that commands have written: ids of runs.
    pub(crate) fn written(&self) -> Vec<String> {
        std::fs::read_to_string(&self.log)
            .unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

/// The file that commands append to.
pub(crate) fn log_of(folder: &Path) -> PathBuf {
    folder.join("effects.log")
}

async fn record(
    State(seen): State<Arc<Seen>>,
    method: Method,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Json<Value> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let key = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let item = body["item"].as_u64();
    let count = seen.count.fetch_add(1, Ordering::Relaxed);
    let effect = Effect {
        method: method.to_string(),
        key,
        run: text(&body["run"]),
        step: text(&body["step"]),
        item,
    };
    seen.effects.lock().push(effect);
    // The effect has happened; the answer takes a moment, in which the server may die.
    tokio::time::sleep(Duration::from_millis(count % 13)).await;
    Json(json!({ "count": count }))
}
