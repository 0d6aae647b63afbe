//! `Idempotency-Key` on what is created, runs aside.

use futures_util::FutureExt as _;
use http::Request;
use serde_json::json;
use tokio_util::task::TaskTracker;

use super::world::{KEYS, USERS, admin, by, keyed, read, stranger, user};
use crate::support::{app, send, state_beside};

#[tokio::test]
async fn the_first_answer_is_replayed_whatever_has_become_of_what_was_made() {
    let app = app(&[]);
    let body = user("ada@example.org", "viewer");
    let first = keyed(&app, USERS, "k1", &body).await;
    assert_eq!((first.status.as_u16(), first.header("idempotency-replayed")), (201, ""));
    let path = first.header("location").to_owned();
    let delete = by(&admin(), Request::delete(&path));
    assert_eq!(send(&app, delete, ()).await.status, 204);
    let again = keyed(&app, USERS, "k1", &body).await;
    assert_eq!(
        (again.status.as_u16(), again.header("idempotency-replayed")),
        (201, "true")
    );
    assert_eq!(
        (again.json(), again.header("location"), again.header("etag")),
        (first.json(), &*path, first.header("etag"))
    );
    assert_eq!(read(&app, &admin(), USERS).await.json()["items"], json!([]));
    let other = keyed(&app, USERS, "k1", &user("ben@example.org", "viewer")).await;
    assert_eq!(other.code(), "idempotency-key-reused");
}

#[tokio::test]
async fn what_is_no_key_or_more_than_one_is_refused() {
    let app = app(&[]);
    let long = "k".repeat(256);
    for keys in [&["no spaces"][..], &[""], &[&long], &["k1", "k2"], &["k1", "k1"]] {
        let request = by(
            &admin(),
            Request::post(USERS).header("content-type", "application/json"),
        );
        let request = keys
            .iter()
            .fold(request, |request, key| request.header("idempotency-key", *key));
        let answer = send(&app, request, user("ada@example.org", "viewer").to_string()).await;
        assert_eq!(answer.code(), "bad-request", "{keys:?}");
    }
}

#[tokio::test]
async fn a_key_belongs_to_tenant_principal_and_route_and_a_refusal_gives_it_back() {
    let app = app(&[]);
    assert_eq!(
        keyed(&app, USERS, "k1", &user("ada@example.org", "viewer"))
            .await
            .status,
        201
    );
    let theirs = by(&stranger(), Request::post(USERS).header("idempotency-key", "k1"));
    let theirs = theirs.header("content-type", "application/json");
    let theirs = send(&app, theirs, user("eve@example.org", "viewer").to_string()).await;
    assert_eq!(
        (theirs.status.as_u16(), theirs.header("idempotency-replayed")),
        (201, "")
    );
    let key = json!({"name": "x", "scopes": ["runs:read"]});
    assert_eq!(keyed(&app, KEYS, "k1", &key).await.status, 201);

    assert_eq!(
        keyed(&app, USERS, "k2", &user("ADA@example.org", "viewer"))
            .await
            .code(),
        "conflict"
    );
    assert_eq!(
        keyed(&app, USERS, "k2", &user("ben@example.org", "viewer"))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn an_answer_that_held_a_secret_is_not_replayed() {
    let app = app(&[]);
    let key = json!({"name": "x", "scopes": ["runs:read"]});
    assert_eq!(keyed(&app, KEYS, "k1", &key).await.status, 201);
    assert_eq!(keyed(&app, KEYS, "k1", &key).await.code(), "conflict");
    assert_eq!(
        keyed(&app, KEYS, "k1", &json!({"name": "y", "scopes": ["runs:read"]}))
            .await
            .code(),
        "idempotency-key-reused"
    );
    assert_eq!(
        read(&app, &admin(), KEYS).await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_request_that_is_being_carried_out_is_not_begun_again() {
    let app = app(&[]);
    let body = user("ada@example.org", "viewer");
    let mut first = Box::pin(keyed(&app, USERS, "k1", &body));
    // It hashes the password, on another thread.
    assert!(first.as_mut().now_or_never().is_none());
    let second = keyed(&app, USERS, "k1", &body).await;
    assert_eq!(
        (second.code(), second.header("retry-after")),
        ("idempotency-key-in-use".to_owned(), "1")
    );
    assert_eq!(first.await.status, 201);
    assert_eq!(
        keyed(&app, USERS, "k1", &body).await.header("idempotency-replayed"),
        "true"
    );
}

#[tokio::test]
async fn a_request_whose_client_went_away_is_carried_out_and_its_answer_kept() {
    let tasks = TaskTracker::new();
    let app = seawall_server::router(&state_beside(&tasks));
    let body = user("ada@example.org", "viewer");
    let mut first = Box::pin(keyed(&app, USERS, "k1", &body));
    assert!(first.as_mut().now_or_never().is_none());
    drop(first);
    tasks.close();
    tasks.wait().await;
    let again = keyed(&app, USERS, "k1", &body).await;
    assert_eq!(
        (again.status.as_u16(), again.header("idempotency-replayed")),
        (201, "true")
    );
}

#[tokio::test]
async fn one_definition_in_another_order_is_the_same_request() {
    let app = app(&[]);
    let send_text = async |text: &'static str, kind: &'static str| {
        let request = Request::post("/api/v1/workflows").header("idempotency-key", "k1");
        send(&app, by(&admin(), request).header("content-type", kind), text).await
    };
    let json = r#"{"name": "w", "steps": [{"id": "a", "kind": "transform", "with": {"value": 1}}]}"#;
    let first = send_text(json, "application/json").await;
    assert_eq!(first.status, 201);
    let turned = r#"{"steps": [{"with": {"value": 1}, "kind": "transform", "id": "a"}], "name": "w"}"#;
    let yaml = "steps:\n  - { id: a, kind: transform, with: { value: 1 } }\nname: w\n";
    for (text, kind) in [(turned, "application/json"), (yaml, "application/yaml")] {
        let again = send_text(text, kind).await;
        assert_eq!(
            (again.header("idempotency-replayed"), again.json()),
            ("true", first.json())
        );
    }
}
