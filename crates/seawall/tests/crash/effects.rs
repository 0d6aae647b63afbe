//! The outside world: an HTTP service that remembers every request that reached it, and a file that commands append to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::{Value, json};

/// One request that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    pub(crate) key: String,
    pub(crate) run: String,
    /// With `.compensate` where it undoes that step.
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
            .route("/seen", get(was_seen))
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

    /// How often something has happened.
    pub(crate) fn times(&self, run: &str, step: &str, item: Option<u64>) -> usize {
        let effects = self.seen.effects.lock();
        let requests = effects
            .iter()
            .filter(|effect| effect.run == run && effect.step == step && effect.item == item);
        let lines = self
            .written()
            .into_iter()
            .filter(|(of, at)| of == run && at == step && item.is_none());
        requests.count() + lines.count()
    }

    /// Run and step of every line that commands have written.
    pub(crate) fn written(&self) -> Vec<(String, String)> {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        lines.map(|(run, step)| (run.to_owned(), step.to_owned())).collect()
    }
}

/// The file that commands append to.
pub(crate) fn log_of(folder: &Path) -> PathBuf {
    folder.join("effects.log")
}

async fn record(State(seen): State<Arc<Seen>>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let key = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let count = seen.count.fetch_add(1, Ordering::Relaxed);
    let effect = Effect {
        key,
        run: text(&body["run"]),
        step: text(&body["step"]),
        item: body["item"].as_u64(),
    };
    seen.effects.lock().push(effect);
    let act = body["act"].as_str().unwrap_or("ok");
    // The effect has happened; the answer takes a moment, in which the server may die.
    let pause = if act == "slow" { 60 } else { count % 13 };
    tokio::time::sleep(Duration::from_millis(pause)).await;
    match act {
        // Every other time, so that what may be repeated gets through.
        "500" if count % 2 == 0 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "cut" if count % 2 == 0 => cut_off(),
        _ => Json(json!({ "count": count })).into_response(),
    }
}

/// An answer that breaks off: nobody can tell from it what happened.
fn cut_off() -> Response {
    let begun = Ok(Bytes::from_static(b"{\"count\""));
    let broken = Err(std::io::Error::other("cut off"));
    Body::from_stream(futures_util::stream::iter([begun, broken])).into_response()
}

/// Whether an effect of that key has happened, in the shape of a reconcile step's answer.
async fn was_seen(State(seen): State<Arc<Seen>>, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    let key = query.get("key").map_or("", String::as_str);
    let happened = seen.effects.lock().iter().any(|effect| effect.key == key);
    Json(if happened {
        json!({ "outcome": "succeeded", "output": { "reconciled": true } })
    } else {
        json!({ "outcome": "retry" })
    })
}
