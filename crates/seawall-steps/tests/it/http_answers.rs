//! Complete responses.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::any;
use seawall_engine::EffectClass::{self, Idempotent, Once, Pure, Read};
use seawall_engine::Outcome;
use serde_json::{Value, json};

use crate::support::{Rig, Web, code, failed, succeeded, unknown};

/// Answers with what it was asked.
async fn echo(request: Request) -> axum::Json<Value> {
    let (parts, body) = request.into_parts();
    let headers: serde_json::Map<String, Value> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), Value::from(value.to_str().expect("text"))))
        .collect();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    axum::Json(json!({
        "method": parts.method.as_str(),
        "uri": parts.uri.to_string(),
        "headers": headers,
        "body": String::from_utf8(body.to_vec()).expect("text"),
    }))
}

async fn echo_server() -> Web {
    Web::serve(Router::new().fallback(echo)).await
}

/// A server whose answer to `/N` has status N.
async fn status_server() -> Web {
    let answer = |axum::extract::Path(status): axum::extract::Path<u16>| async move {
        let status = StatusCode::from_u16(status).expect("a status");
        let retry_after = [("retry-after", "7")];
        (status, retry_after, "try later").into_response()
    };
    Web::serve(Router::new().route("/{status}", any(answer))).await
}

#[tokio::test]
async fn a_request_arrives_as_the_step_describes_it() {
    let web = echo_server().await;
    let with = json!({
        "method": "POST", "url": web.url("/path?a=1"), "query": {"b": "x y", "n": 2},
        "headers": {"X-Custom": "here"}, "json": {"k": [1, null]},
    });
    let output = succeeded(Rig::new().http(Once, with).await);
    assert_eq!(output["status"], 200);
    assert_eq!(output["headers"]["content-type"], "application/json");
    let seen = &output["body"];
    assert_eq!(seen["method"], "POST");
    assert_eq!(seen["uri"], "/path?a=1&b=x+y&n=2");
    assert_eq!(seen["headers"]["x-custom"], "here");
    assert_eq!(seen["headers"]["content-type"], "application/json");
    assert_eq!(seen["body"], r#"{"k":[1,null]}"#);
}

#[tokio::test]
async fn a_text_body_keeps_the_content_type_of_the_author() {
    let web = echo_server().await;
    let plain = json!({"method": "PUT", "url": web.url("/"), "text": "hé"});
    let seen = succeeded(Rig::new().http(Idempotent, plain).await);
    assert_eq!(seen["body"]["headers"]["content-type"], "text/plain; charset=utf-8");
    assert_eq!(seen["body"]["body"], "hé");
    let csv = json!({"method": "PUT", "url": web.url("/"), "text": "a,b", "headers": {"content-type": "text/csv"}});
    let seen = succeeded(Rig::new().http(Idempotent, csv).await);
    assert_eq!(seen["body"]["headers"]["content-type"], "text/csv");
}

#[tokio::test]
async fn idempotent_and_once_requests_carry_the_effect_key_and_reads_do_not() {
    let web = echo_server().await;
    let rig = Rig::new();
    let key = rig.attempt(Once, Value::Null).effect_key;
    let sent =
        async |effect, with| succeeded(rig.http(effect, with).await)["body"]["headers"]["idempotency-key"].take();
    let plain = json!({"url": web.url("/")});
    assert_eq!(sent(Read, plain.clone()).await, Value::Null);
    assert_eq!(sent(Pure, plain.clone()).await, Value::Null);
    assert_eq!(sent(Idempotent, plain.clone()).await, Value::from(key.to_string()));
    assert_eq!(sent(Once, plain).await, Value::from(key.to_string()));
    let own = json!({"url": web.url("/"), "headers": {"Idempotency-Key": "mine"}});
    assert_eq!(sent(Once, own).await, "mine");
}

#[tokio::test]
async fn a_status_that_is_not_accepted_fails_with_its_code() {
    let web = status_server().await;
    for status in [301, 400, 404, 429, 500, 503] {
        let error = failed(
            Rig::new()
                .http(Once, json!({"url": web.url(&format!("/{status}"))}))
                .await,
        );
        assert_eq!(code(&error), format!("http-status-{status}"));
        // The caller's own mistakes are the same the next time.
        assert_eq!(error.retryable, !matches!(status, 400 | 404), "{status}");
        assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
        assert!(error.message.ends_with(": try later"), "{}", error.message);
    }
}

#[tokio::test]
async fn bad_gateway_and_gateway_timeout_are_unknown() {
    let web = status_server().await;
    for status in [502, 504] {
        for effect in EffectClass::ALL {
            let error = unknown(
                Rig::new()
                    .http(effect, json!({"url": web.url(&format!("/{status}"))}))
                    .await,
            );
            assert_eq!(code(&error), format!("http-status-{status}"));
        }
    }
}

#[tokio::test]
async fn an_accepted_status_succeeds_even_a_bad_gateway() {
    let web = status_server().await;
    for status in [302, 404, 502] {
        let with = json!({"url": web.url(&format!("/{status}")), "accept_status": [302, 404, 502]});
        assert_eq!(succeeded(Rig::new().http(Read, with).await)["status"], status);
    }
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_is_refused_before_the_fence_is_asked() {
    let rig = Rig::new();
    for with in [
        json!({}),
        json!({"url": "not a url"}),
        json!({"url": "ftp://host/"}),
        json!({"url": "file:///etc/passwd"}),
        json!({"url": "http://user:password@host/"}),
        json!({"url": "http://host/", "method": "CONNECT"}),
        json!({"url": "http://host/", "method": "TRACE"}),
        json!({"url": "http://host/", "method": "NO SPACES"}),
        json!({"url": "http://host/", "headers": {"bad name": "x"}}),
        json!({"url": "http://host/", "headers": {"x": "line\r\nbreak: 1"}}),
        json!({"url": "http://host/", "headers": {"Transfer-Encoding": "chunked"}}),
        json!({"url": "http://host/", "headers": {"Content-Length": "5"}}),
        json!({"url": "http://host/", "headers": ["x"]}),
        json!({"url": "http://host/", "json": 1, "text": "x"}),
        json!({"url": "http://host/", "accept_status": ["x"]}),
        json!({"url": {"a": 1}}),
        json!([]),
    ] {
        let outcome = rig.http(Once, with.clone()).await;
        let Outcome::NotBegun(error) = outcome else {
            panic!("{with}: {outcome:?}");
        };
        assert_eq!((code(&error), error.retryable), ("invalid-request", false), "{with}");
    }
    assert_eq!(rig.asked.times(), 0);
}
