//! Redirects, and what travels along.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use seawall_engine::EffectClass::{Idempotent, Once, Read};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::support::{Raw, Rig, Web, code, failed, succeeded, unknown};

fn redirect(status: u16, location: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [("location", location.to_owned())]).into_response()
}

async fn show(method: Method, headers: HeaderMap, body: String) -> axum::Json<Value> {
    let headers: serde_json::Map<String, Value> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), Value::from(value.to_str().expect("text"))))
        .collect();
    axum::Json(json!({"method": method.as_str(), "headers": headers, "body": body}))
}

/// `/N` redirects to `/show` with status N; `/loop` to itself; `/hops/N` N times.
fn router() -> Router {
    let hops = |axum::extract::Path(left): axum::extract::Path<u32>| async move {
        match left {
            0 => redirect(302, "/show"),
            _ => redirect(302, &format!("/hops/{}", left - 1)),
        }
    };
    let by_status =
        |axum::extract::Path(status): axum::extract::Path<u16>| async move { redirect(status, "/show#fragment") };
    Router::new()
        .route("/{status}", any(by_status))
        .route("/show", any(show))
        .route("/loop", any(|| async { redirect(302, "/loop") }))
        .route("/hops/{left}", any(hops))
        .route("/nowhere", any(|| async { redirect(302, "ftp://host/") }))
        .route("/bare", any(|| async { StatusCode::FOUND }))
}

#[tokio::test]
async fn a_read_follows_every_kind_of_redirect() {
    let web = Web::serve(router()).await;
    for status in [301, 302, 303, 307, 308] {
        let output = succeeded(
            Rig::new()
                .http(Read, json!({"url": web.url(&format!("/{status}"))}))
                .await,
        );
        assert_eq!(output["body"]["method"], "GET");
    }
}

#[tokio::test]
async fn method_and_body_are_kept_or_dropped_by_the_status() {
    let web = Web::serve(router()).await;
    let rig = Rig::new();
    for (method, status, arrives, body) in [
        ("PUT", 301, "PUT", "x"),
        ("PUT", 302, "PUT", "x"),
        ("PUT", 303, "GET", ""),
        ("PUT", 307, "PUT", "x"),
        ("POST", 301, "GET", ""),
        ("POST", 302, "GET", ""),
        ("POST", 308, "POST", "x"),
    ] {
        let with = json!({"method": method, "url": web.url(&format!("/{status}")), "text": "x"});
        let seen = succeeded(rig.http(Idempotent, with).await)["body"].take();
        assert_eq!(
            (&seen["method"], &seen["body"]),
            (&json!(arrives), &json!(body)),
            "{method} {status}"
        );
    }
}

#[tokio::test]
async fn a_once_request_follows_no_redirect() {
    let web = Web::serve(router()).await;
    for status in [301, 302, 303, 307, 308] {
        let rig = Rig::new();
        let error = failed(
            rig.http(Once, json!({"method": "POST", "url": web.url(&format!("/{status}"))}))
                .await,
        );
        assert_eq!(code(&error), format!("http-status-{status}"));
        assert_eq!(rig.asked.times(), 1);
    }
}

#[tokio::test]
async fn five_redirects_are_followed_and_a_sixth_is_not() {
    let web = Web::serve(router()).await;
    succeeded(Rig::new().http(Read, json!({"url": web.url("/hops/4")})).await);
    for path in ["/hops/5", "/loop"] {
        let error = failed(Rig::new().http(Read, json!({"url": web.url(path)})).await);
        assert_eq!((code(&error), error.retryable), ("too-many-redirects", false));
    }
}

#[tokio::test]
async fn a_redirect_that_leads_nowhere_fails_with_its_status() {
    let web = Web::serve(router()).await;
    for path in ["/nowhere", "/bare"] {
        let error = failed(Rig::new().http(Read, json!({"url": web.url(path)})).await);
        assert_eq!(code(&error), "http-status-302");
    }
}

#[tokio::test]
async fn headers_of_the_author_stay_within_their_origin() {
    let other = Web::serve(router()).await;
    let target = other.url("/show");
    let across = move || {
        let target = target.clone();
        async move { redirect(307, &target) }
    };
    let web = Web::serve(router().route("/across", any(across))).await;
    let get = async |path: &str| {
        let headers = json!({"Authorization": "Bearer t", "Cookie": "c=1", "X-Api-Key": "k", "Accept": "text/x"});
        let with = json!({"method": "PUT", "url": web.url(path), "headers": headers, "text": "body"});
        succeeded(Rig::new().http(Idempotent, with).await)["body"].take()
    };
    let within = get("/307").await;
    assert_eq!(within["headers"]["authorization"], "Bearer t");
    assert_eq!(within["headers"]["x-api-key"], "k");
    let across = get("/across").await;
    for name in ["authorization", "cookie", "x-api-key"] {
        assert_eq!(across["headers"][name], Value::Null, "{name}");
    }
    assert_eq!(across["headers"]["accept"], "text/x");
    assert!(across["headers"]["idempotency-key"].is_string());
    assert_eq!(across["body"], "body");
}

#[tokio::test]
async fn after_a_followed_redirect_a_refused_connection_is_unknown() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let location = format!("http://{}/", gone.local_addr().expect("an address"));
    drop(gone);
    let answer = move || {
        let location = location.clone();
        async move { redirect(307, &location) }
    };
    let web = Web::serve(Router::new().route("/", any(answer))).await;
    let error = unknown(
        Rig::new()
            .http(Idempotent, json!({"method": "PUT", "url": web.url("/")}))
            .await,
    );
    assert_eq!(code(&error), "connect-failed");
}

#[tokio::test]
async fn reads_use_a_connection_again_and_effects_do_not() {
    for (effect, expected) in [(Read, 1), (Once, 3)] {
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let server = Raw::serve(move |mut stream| {
            counted.fetch_add(1, Ordering::SeqCst);
            async move {
                while !Raw::read_head(&mut stream).await.is_empty() {
                    let sent = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
                    if sent.is_err() {
                        break;
                    }
                }
            }
        })
        .await;
        let rig = Rig::new();
        let registry = rig.registry();
        for _ in 0..3 {
            succeeded(
                rig.start_in(&registry, "http", effect, json!({"url": server.url("/")}))
                    .await,
            );
        }
        assert_eq!(connections.load(Ordering::SeqCst), expected, "{effect}");
    }
}
