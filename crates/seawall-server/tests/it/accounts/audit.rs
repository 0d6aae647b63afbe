use http::Method;
use seawall_server::identity::{Principal, Scope, Scopes};
use seawall_store::TenantId;
use serde_json::{Value, json};

use super::world::{KEYS, PASSWORD, USERS, admin, anonymous, call, faults, made, post, read, stranger, user};
use crate::support::app;

const AUDIT: &str = "/api/v1/audit";
const VERIFY: &str = "/api/v1/audit/verify";

#[tokio::test]
async fn what_touches_security_is_written_down_with_who_did_it_in_which_request() {
    let app = app(&[]);
    let path = made(&app, "ada@example.org", "operator").await;
    let id = path.rsplit('/').next().unwrap();
    call(
        &app,
        &admin(),
        Method::PATCH,
        &path,
        &json!({"role": "viewer", "password": PASSWORD}),
    )
    .await;
    anonymous(
        &app,
        "/api/v1/auth/login",
        &json!({"email": "ada@example.org", "password": "wrong"}),
    )
    .await;
    anonymous(
        &app,
        "/api/v1/auth/login",
        &json!({"email": "ada@example.org", "password": PASSWORD}),
    )
    .await;
    let key = post(&app, KEYS, &json!({"name": "x", "scopes": ["runs:read"]})).await;
    call(&app, &admin(), Method::DELETE, key.header("location"), &Value::Null).await;
    call(&app, &admin(), Method::DELETE, &path, &Value::Null).await;

    let mut body = read(&app, &admin(), AUDIT).await.json();
    let text = body.to_string();
    assert!(
        !text.contains("ada@") && !text.contains(PASSWORD) && !text.contains("wrong"),
        "{text}"
    );
    for entry in body["items"].as_array_mut().unwrap() {
        assert!(entry["at"].is_string() && entry["request_id"].is_string());
        entry["at"] = "…".into();
        entry["request_id"] = "…".into();
        if entry["actor"] == id {
            entry["actor"] = "(ada)".into();
        }
        let object = entry["object"].as_str().unwrap();
        entry["object"] = object.split('_').next().unwrap().into();
    }
    insta::assert_json_snapshot!(body);
}

#[tokio::test]
async fn the_trail_is_filtered_paged_and_of_one_tenant() {
    let app = app(&[]);
    for number in 0..3 {
        made(&app, &format!("u{number}@example.org"), "viewer").await;
    }
    post(&app, KEYS, &json!({"name": "x", "scopes": ["runs:read"]})).await;
    call(&app, &stranger(), Method::POST, USERS, &user("x@example.org", "viewer")).await;
    let seqs = async |query: &str| {
        let answer = read(&app, &admin(), &format!("{AUDIT}{query}")).await.json();
        let items = answer["items"].as_array().unwrap().iter();
        (
            items.map(|item| item["seq"].as_u64().unwrap()).collect::<Vec<_>>(),
            answer["next_cursor"].clone(),
        )
    };
    assert_eq!(seqs("").await, (vec![4, 3, 2, 1], Value::Null));
    assert_eq!(seqs("?action=user.created").await.0, [3, 2, 1]);
    assert_eq!(seqs("?actor=service:test&action=key.created").await.0, [4]);
    assert_eq!(seqs("?actor=nobody").await.0, [0_u64; 0]);
    assert_eq!(seqs("?since=2026-01-02T03:04:05Z").await.0.len(), 4);
    assert_eq!(seqs("?since=2999-01-02T03:04:05Z").await.0.len(), 0);
    let (first, cursor) = seqs("?limit=3").await;
    assert_eq!(first, [4, 3, 2]);
    assert_eq!(seqs(&format!("?cursor={}", cursor.as_str().unwrap())).await.0, [1]);
    let wrong = read(&app, &admin(), &format!("{AUDIT}?actor=&action=A&since=then")).await;
    assert_eq!(faults(&wrong).len(), 3);
    for path in [AUDIT, VERIFY] {
        let reader = Principal::service(TenantId::default(), "some", Scopes::of(&[Scope::RunsRead]));
        let answer = read(&app, &reader, path).await;
        assert_eq!(
            (answer.code(), &answer.json()["required_scope"]),
            ("insufficient-scope".to_owned(), &json!("audit:read"))
        );
    }
}

#[tokio::test]
async fn a_chain_is_verified_and_gone_on_with_from_a_seal() {
    let app = app(&[]);
    made(&app, "ada@example.org", "viewer").await;
    let found = read(&app, &admin(), VERIFY).await.json();
    assert_eq!(
        (&found["valid"], &found["verified"], &found["more"]),
        (&json!(true), &json!(1), &json!(false))
    );
    let seal = found["seal"].as_str().unwrap();
    made(&app, "ben@example.org", "viewer").await;
    let on = read(&app, &admin(), &format!("{VERIFY}?after=1&seal={seal}"))
        .await
        .json();
    assert_eq!((&on["valid"], &on["verified"]), (&json!(true), &json!(2)));
    let other = "0".repeat(64);
    let wrong = read(&app, &admin(), &format!("{VERIFY}?after=1&seal={other}"))
        .await
        .json();
    assert_eq!(
        (&wrong["valid"], &wrong["fault"]["code"], &wrong["fault"]["seq"]),
        (&json!(false), &json!("changed"), &json!(2))
    );
    for query in ["?after=1", "?seal=x", "?after=1&seal=x"] {
        let answer = read(&app, &admin(), &format!("{VERIFY}{query}")).await;
        assert!(!faults(&answer).is_empty(), "{query}");
    }
}
