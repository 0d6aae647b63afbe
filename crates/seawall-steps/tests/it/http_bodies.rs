//! What is read of a body, and how it is given.

use axum::Router;
use axum::routing::get;
use seawall_engine::EffectClass::{Idempotent, Once, Read};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::support::{Raw, Rig, Web, code, failed, succeeded, unknown};

const LIMIT: usize = 1 << 20;

async fn body_of(content_type: &'static str, bytes: &'static [u8]) -> Value {
    let answer = move || async move { ([("content-type", content_type)], bytes) };
    let web = Web::serve(Router::new().route("/", get(answer))).await;
    succeeded(Rig::new().http(Read, json!({"url": web.url("/")})).await)["body"].take()
}

#[tokio::test]
async fn a_body_is_json_text_or_base64_by_what_it_is() {
    assert_eq!(body_of("application/json", b"{\"a\":[1]}").await, json!({"a": [1]}));
    assert_eq!(
        body_of("application/problem+json; charset=utf-8", b"[]").await,
        json!([])
    );
    assert_eq!(body_of("application/json", b"{\"a\":").await, "{\"a\":");
    assert_eq!(body_of("application/json", b"").await, "");
    assert_eq!(body_of("application/json", b"1e999").await, "1e999");
    assert_eq!(body_of("text/plain", "gr\u{fc}n".as_bytes()).await, "gr\u{fc}n");
    assert_eq!(body_of("text/plain", b"{}").await, "{}");
    assert_eq!(body_of("image/png", b"\xff\x00\xfe").await, json!({"base64": "/wD+"}));
    assert_eq!(
        body_of("application/json", b"\"\xff\"").await,
        json!({"base64": "Iv8i"})
    );
}

#[tokio::test]
async fn json_nested_too_deep_is_given_as_text() {
    let deep: &'static str = Box::leak("[".repeat(100_000).into_boxed_str());
    assert_eq!(body_of("application/json", deep.as_bytes()).await, deep);
}

#[tokio::test]
async fn an_output_of_exactly_the_limit_succeeds_and_one_more_byte_fails() {
    let answer = |axum::extract::Path(len): axum::extract::Path<usize>| async move { "x".repeat(len) };
    let web = Web::serve(Router::new().route("/{len}", get(answer))).await;
    let rig = Rig::new().with(|config| config.max_output_bytes = 5000);
    let get = async |len: usize| rig.http(Once, json!({"url": web.url(&format!("/{len:04}"))})).await;
    let small = succeeded(get(1000).await);
    let room = 5000 - small.to_string().len();
    let largest = succeeded(get(1000 + room).await);
    assert_eq!(largest.to_string().len(), 5000);
    let error = failed(get(1000 + room + 1).await);
    assert_eq!((code(&error), error.retryable), ("output-too-large", false));
}

/// Answers with chunks until nobody listens any more.
async fn endless() -> Raw {
    Raw::serve(|mut stream| async move {
        Raw::read_head(&mut stream).await;
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
        let mut sent = stream.write_all(head.as_bytes()).await;
        while sent.is_ok() {
            sent = stream.write_all(chunk.as_bytes()).await;
        }
    })
    .await
}

#[tokio::test]
async fn an_endless_body_is_cut_off_which_leaves_a_once_request_unknown() {
    let server = endless().await;
    let with = json!({"url": server.url("/")});
    for effect in [Read, Idempotent] {
        let error = failed(Rig::new().http(effect, with.clone()).await);
        assert_eq!((code(&error), error.retryable), ("output-too-large", false));
        assert!(error.message.contains(&LIMIT.to_string()), "{}", error.message);
    }
    let error = unknown(Rig::new().http(Once, with).await);
    assert_eq!(code(&error), "output-too-large");
}

#[tokio::test]
async fn a_body_that_announces_more_than_memory_holds_takes_none() {
    let server = Raw::answering(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999999999\r\n\r\nabc").await;
    let error = unknown(Rig::new().http(Read, json!({"url": server.url("/")})).await);
    assert_eq!(code(&error), "response-truncated");
}
