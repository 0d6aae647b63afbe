use http::Method;
use seawall_server::identity::{Principal, Scope, Scopes};
use seawall_store::TenantId;
use serde_json::{Value, json};

use super::world::{KEYS, admin, anonymous, call, faults, post, read, stranger};
use crate::support::app;

#[tokio::test]
async fn a_key_is_made_with_its_secret_listed_without_it_and_revoked() {
    let app = app(&[]);
    let wanted = json!({"name": "nightly", "scopes": ["runs:write", "runs:read", "runs:read"], "expires_in": "90d"});
    let answer = post(&app, KEYS, &wanted).await;
    assert_eq!(answer.status, 201);
    let mut body = answer.json();
    let id = body["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), format!("{KEYS}/{id}"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let secret = body["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with(&id.replace("key_", "sw_")));
    for field in ["id", "created_at", "expires_at", "secret"] {
        assert!(body[field].is_string(), "{field}");
        body[field] = "…".into();
    }
    insta::assert_json_snapshot!("made", body);

    let listed = read(&app, &admin(), KEYS).await;
    assert!(!String::from_utf8(listed.body.to_vec()).unwrap().contains(&secret[30..]));
    let mut body = listed.json();
    for field in ["id", "created_at", "expires_at"] {
        body["items"][0][field] = "…".into();
    }
    insta::assert_json_snapshot!("listed", body);

    let path = format!("{KEYS}/{id}");
    let one = read(&app, &admin(), answer.header("location")).await;
    assert_eq!(one.json(), listed.json()["items"][0]);
    assert_eq!(read(&app, &stranger(), &path).await.code(), "not-found");
    assert_eq!(
        call(&app, &stranger(), Method::DELETE, &path, &Value::Null)
            .await
            .code(),
        "not-found"
    );
    for _ in 0..2 {
        assert_eq!(
            call(&app, &admin(), Method::DELETE, &path, &Value::Null).await.status,
            204
        );
    }
    let revoked = read(&app, &admin(), KEYS).await.json();
    assert_eq!(revoked["items"][0]["revoked_by"], "service:test");
    assert!(revoked["items"][0]["revoked_at"].is_string());
    assert_eq!(read(&app, &stranger(), KEYS).await.json()["items"], json!([]));
    let other = call(
        &app,
        &admin(),
        Method::DELETE,
        &format!("{KEYS}/usr_01h455vb4pex5vsknk084sn02q"),
        &Value::Null,
    )
    .await;
    assert_eq!(other.code(), "not-found");
}

#[tokio::test]
async fn all_that_is_wrong_with_a_key_is_told_at_once() {
    let app = app(&[]);
    let told = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    let answer = post(
        &app,
        KEYS,
        &json!({"name": "", "scopes": ["runs:read", "runs", "moon:read"], "expires_in": "soon"}),
    )
    .await;
    assert_eq!(
        faults(&answer),
        [
            told("/name", "invalid-value"),
            told("/scopes/1", "unknown-value"),
            told("/scopes/2", "unknown-value"),
            told("/expires_in", "invalid-duration")
        ]
    );
    for scopes in [json!([]), json!(vec!["runs:read"; 12])] {
        let answer = post(&app, KEYS, &json!({"name": "x", "scopes": scopes})).await;
        assert_eq!(faults(&answer), [told("/scopes", "invalid-length")]);
    }
    let answer = post(
        &app,
        KEYS,
        &json!({"name": "x", "scopes": ["runs:read"], "expires_in": "0s"}),
    )
    .await;
    assert_eq!(faults(&answer), [told("/expires_in", "invalid-duration")]);
}

#[tokio::test]
async fn a_key_is_given_nothing_that_its_maker_may_not_do() {
    let app = app(&[]);
    let some = Principal::service(
        TenantId::default(),
        "some",
        Scopes::of(&[Scope::KeysAdmin, Scope::RunsRead]),
    );
    let body = |scopes: Value| json!({"name": "x", "scopes": scopes});
    let answer = call(
        &app,
        &some,
        Method::POST,
        KEYS,
        &body(json!(["runs:read", "users:admin"])),
    )
    .await;
    assert_eq!(
        (answer.code(), &answer.json()["required_scope"]),
        ("insufficient-scope".to_owned(), &json!("users:admin"))
    );
    assert_eq!(
        call(&app, &some, Method::POST, KEYS, &body(json!(["runs:read"])))
            .await
            .status,
        201
    );
    let reader = Principal::service(TenantId::default(), "some", Scopes::of(&[Scope::RunsRead]));
    for (method, path) in [
        (Method::GET, KEYS),
        (Method::POST, KEYS),
        (Method::DELETE, "/api/v1/api-keys/key_01h455vb4pex5vsknk084sn02q"),
    ] {
        let answer = call(&app, &reader, method, path, &body(json!(["runs:read"]))).await;
        assert_eq!(
            (answer.code(), &answer.json()["required_scope"]),
            ("insufficient-scope".to_owned(), &json!("keys:admin"))
        );
    }
    assert_eq!(
        anonymous(&app, KEYS, &body(json!(["runs:read"]))).await.code(),
        "unauthenticated"
    );
}
