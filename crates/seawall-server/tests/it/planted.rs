//! Secrets wherever a request can bring them, and wherever a handler can let them go: none reaches the log.

use std::io::{Result as IoResult, Write};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request as AnyRequest;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router, routing};
use http::Request;
use parking_lot::Mutex;
use seawall_guard::logs::{Style, layer};
use seawall_guard::problem::{Problem, kinds};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::support::state;

const KEY: &str = "sw_01h455vb4pex5vsknk084sn02q_3Zb1Qm8vJt5uXy7k";
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
/// It looks like nothing: the name before it, or its place, gives it away.
const WORD: &str = "Xq7ZpPlanted";
const CARD: &str = "4111111111111111";
const MAIL: &str = "lovelace@example.com";

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> IoResult<()> {
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Because(String, #[source] Option<Box<Because>>);

async fn fails() -> Problem {
    let cause = Because(
        format!("POST https://ada:{WORD}@host/?token={WORD} said 403 to {KEY}"),
        None,
    );
    let error = Because(format!("password={WORD} is wrong for {MAIL}"), Some(Box::new(cause)));
    tracing::error!(
        error = &error as &dyn std::error::Error,
        api_key = WORD,
        "not with {TOKEN}"
    );
    Problem::new(&kinds::INTERNAL_ERROR)
}

async fn panics() -> Problem {
    if true {
        panic!("no connection to postgres://ada:{WORD}@db with Bearer {TOKEN}, {KEY}");
    }
    Problem::new(&kinds::INTERNAL_ERROR)
}

async fn shows(request: AnyRequest) -> Response {
    tracing::info!(headers = ?request.headers(), uri = %request.uri(), "what came");
    Json(json!({"secret": WORD, "to": MAIL})).into_response()
}

/// All that is logged while these are asked for.
async fn logged(style: Style, paths: &[&str]) -> String {
    let lines = Lines::default();
    let written = lines.clone();
    let subscriber = tracing_subscriber::registry().with(layer(style, move || written.clone()));
    // With one subscriber only, what another thread reaches first would be switched off for all.
    let _others = [(); 2].map(|()| Dispatch::new(tracing_subscriber::registry()));
    let guard = tracing::subscriber::set_default(subscriber);
    let routes = Router::new()
        .route("/fails", routing::post(fails))
        .route("/panics", routing::post(panics))
        .route("/shows/{id}", routing::post(shows));
    let app = seawall_server::guarded(routes, &state(&[("LOG_BODIES", "4096")]));
    for path in paths {
        let body = json!({"password": WORD, "note": format!("card {CARD}, key {KEY}"), "deep": [{"token": [WORD]}]});
        let request = Request::post(*path)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {WORD}"))
            .header("x-api-key", WORD)
            .header("cookie", format!("session={WORD}"))
            .header("user-agent", KEY)
            .header(
                "referer",
                format!("https://localhost/?client_secret={WORD}&token={WORD}"),
            );
        let answer = app
            .clone()
            .oneshot(request.body(Body::from(body.to_string())).unwrap())
            .await
            .unwrap();
        // Bodies are logged when they have been read.
        axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    }
    drop(guard);
    String::from_utf8(lines.0.lock().clone()).unwrap()
}

#[tokio::test]
async fn no_planted_secret_reaches_the_log() {
    let query = format!("?token={WORD}&api_key={KEY}&mail={MAIL}");
    let paths = ["/fails", "/panics", "/shows/1", "/nowhere"].map(|path| format!("{path}{query}"));
    for style in [Style::Json, Style::Text] {
        let told = logged(style, &paths.each_ref().map(|path| &**path)).await;
        for secret in [KEY, TOKEN, WORD, CARD, "lovelace"] {
            let line = told.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret}");
        }
        // It is not that nothing was said.
        for said in [
            "is wrong for",
            "no connection to",
            "what came",
            "a body",
            "/shows/{id}",
            "[redacted]",
        ] {
            assert!(told.contains(said), "{said} in {told}");
        }
        if matches!(style, Style::Json) {
            for line in told.lines() {
                serde_json::from_str::<Value>(line).unwrap();
            }
        }
    }
}

#[tokio::test]
async fn bodies_are_not_logged_unless_that_is_asked_for() {
    let routes = Router::new().route("/shows/{id}", routing::post(shows));
    let (lines, app) = (Lines::default(), seawall_server::guarded(routes, &state(&[])));
    let written = lines.clone();
    let subscriber = tracing_subscriber::registry().with(layer(Style::Text, move || written.clone()));
    let _others = [(); 2].map(|()| Dispatch::new(tracing_subscriber::registry()));
    let guard = tracing::subscriber::set_default(subscriber);
    let request = Request::post("/shows/1").header("host", "localhost");
    let answer = app
        .oneshot(request.body(Body::from("harmless words")).unwrap())
        .await
        .unwrap();
    axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    drop(guard);
    let told = String::from_utf8(lines.0.lock().clone()).unwrap();
    assert!(told.contains("what came") && !told.contains("harmless"), "{told}");
}
