use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use http::StatusCode;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// How the issuer answers.
#[derive(Clone)]
pub(crate) enum Mood {
    /// With its discovery document and these keys.
    Well(Vec<Value>),
    /// With this discovery document, and these keys.
    Saying(Value, Value),
    Status(u16),
    /// Elsewhere, where everything is well.
    Redirecting,
    /// With more than anybody reads.
    Endless,
    Nonsense,
}

struct Served {
    url: String,
    mood: Mutex<Mood>,
    discoveries: AtomicUsize,
    /// One permit lets one discovery through.
    gate: Semaphore,
}

/// An issuer on a free port of this machine. It ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct TestIssuer(Arc<Served>);

impl TestIssuer {
    pub(crate) async fn start(keys: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let served = Arc::new(Served {
            url: format!("http://{}/realm", listener.local_addr().unwrap()),
            mood: Mutex::new(Mood::Well(keys)),
            discoveries: AtomicUsize::new(0),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        });
        let router = Router::new()
            .route("/realm/.well-known/openid-configuration", routing::get(discovery))
            .route("/elsewhere", routing::get(elsewhere))
            .route("/keys", routing::get(keys_of))
            .with_state(Arc::clone(&served));
        #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self(served)
    }

    pub(crate) fn url(&self) -> &str {
        &self.0.url
    }

    pub(crate) fn keys_url(&self) -> String {
        self.0.url.replace("/realm", "/keys")
    }

    pub(crate) fn becomes(&self, mood: Mood) {
        *self.0.mood.lock() = mood;
    }

    /// How often it was asked, however it answered.
    pub(crate) fn asked(&self) -> usize {
        self.0.discoveries.load(Ordering::SeqCst)
    }

    /// Keeps everybody waiting until [`TestIssuer::open`].
    pub(crate) fn close(&self) {
        let all = self.0.gate.forget_permits(Semaphore::MAX_PERMITS);
        assert!(all > 0, "it was closed before");
    }

    pub(crate) fn open(&self) {
        self.0.gate.add_permits(1_000_000);
    }
}

async fn discovery(State(served): State<Arc<Served>>) -> Response {
    served.discoveries.fetch_add(1, Ordering::SeqCst);
    served.gate.acquire().await.unwrap().forget();
    let mood = served.mood.lock().clone();
    match mood {
        Mood::Well(_) => Json(honest(&served)).into_response(),
        Mood::Saying(document, _) => Json(document).into_response(),
        Mood::Status(status) => (StatusCode::from_u16(status).unwrap(), Json(honest(&served))).into_response(),
        Mood::Redirecting => (StatusCode::FOUND, [("location", "/elsewhere")]).into_response(),
        Mood::Endless => "[".repeat(1 << 20).into_response(),
        Mood::Nonsense => "<html>Welcome</html>".into_response(),
    }
}

async fn elsewhere(State(served): State<Arc<Served>>) -> Response {
    Json(honest(&served)).into_response()
}

async fn keys_of(State(served): State<Arc<Served>>) -> Response {
    let mood = served.mood.lock().clone();
    match mood {
        Mood::Well(keys) => Json(json!({"keys": keys})).into_response(),
        Mood::Saying(_, keys) => Json(keys).into_response(),
        _ => Json(json!({"keys": []})).into_response(),
    }
}

fn honest(served: &Served) -> Value {
    json!({"issuer": served.url, "jwks_uri": served.url.replace("/realm", "/keys")})
}
