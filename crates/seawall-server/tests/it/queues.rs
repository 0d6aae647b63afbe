use axum::Router;
use http::Request;
use serde_json::{Value, json};

use crate::support::{Answer, app, get, send};

async fn put(app: &Router, queue: &str, body: Value) -> Answer {
    let request = Request::put(format!("/api/v1/queues/{queue}")).header("content-type", "application/json");
    send(app, request, body.to_string()).await
}

#[tokio::test]
async fn a_queue_is_set_up_looked_at_and_listed() {
    let app = app(&[]);
    let settings = json!({"concurrency": 20, "concurrency_per_key": 1, "rate": "100/min", "paused": true});
    let answer = put(&app, "mail.out", settings).await;
    assert_eq!(answer.status, 200);
    insta::assert_json_snapshot!(answer.json());
    assert_eq!(get(&app, "/api/v1/queues/mail.out").await.json(), answer.json());
    put(&app, "bills", json!({"rate": "1/h"})).await;
    let first = get(&app, "/api/v1/queues?limit=1").await.json();
    assert_eq!(
        (&first["items"][0]["name"], &first["items"][1]),
        (&json!("bills"), &Value::Null)
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = get(&app, &format!("/api/v1/queues?limit=1&cursor={cursor}"))
        .await
        .json();
    assert_eq!(second, json!({"items": [answer.json()], "next_cursor": null}));
}

#[tokio::test]
async fn settings_are_replaced_and_none_is_no_queue() {
    let app = app(&[]);
    put(&app, "mail", json!({"concurrency": 2})).await;
    let changed = put(&app, "mail", json!({"rate": "5/s", "concurrency": null}))
        .await
        .json();
    assert_eq!(
        (&changed["concurrency"], &changed["rate"]),
        (&Value::Null, &json!("5/s"))
    );
    let none = put(&app, "mail", json!({"rate": "0"})).await;
    assert_eq!((none.status.as_u16(), &none.json()["rate"]), (200, &Value::Null));
    assert_eq!(get(&app, "/api/v1/queues/mail").await.code(), "not-found");
    assert_eq!(get(&app, "/api/v1/queues").await.json()["items"], json!([]));
}

#[tokio::test]
async fn settings_that_make_no_sense_are_pointed_at() {
    let app = app(&[]);
    for (body, pointer) in [
        (json!({"concurrency": 0}), "/concurrency"),
        (json!({"concurrency": -1}), "/concurrency"),
        (json!({"concurrency": 1.5}), "/concurrency"),
        (json!({"concurrency": 5_000_000_000u64}), "/concurrency"),
        (json!({"concurrency_per_key": 1_000_001}), "/concurrency_per_key"),
        (json!({"rate": "10"}), "/rate"),
        (json!({"rate": 10}), "/rate"),
        (json!({"rate": "10/day"}), "/rate"),
        (json!({"paused": "yes"}), "/paused"),
        (json!({"burst": 3}), "/burst"),
    ] {
        let answer = put(&app, "mail", body.clone()).await;
        assert_eq!(answer.code(), "validation-error", "{body}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{body}");
    }
    assert_eq!(
        get(&app, "/api/v1/queues/mail").await.code(),
        "not-found",
        "nothing was written"
    );
}

#[tokio::test]
async fn what_is_no_name_of_a_queue_names_nothing() {
    let app = app(&[]);
    let long = "a".repeat(64);
    for name in ["Mail", "m%20ail", "m%2Fail", "%C3%BC", &long] {
        assert_eq!(
            get(&app, &format!("/api/v1/queues/{name}")).await.code(),
            "not-found",
            "{name}"
        );
        assert_eq!(put(&app, name, json!({})).await.code(), "not-found", "{name}");
    }
    assert_eq!(put(&app, &"a".repeat(63), json!({"paused": true})).await.status, 200);
}

#[tokio::test]
async fn if_match_guards_settings_and_a_delete_takes_them_away() {
    let app = app(&[]);
    let request = |method: &str, tag: &str| {
        let request = Request::builder().method(method).uri("/api/v1/queues/mail");
        request
            .header("content-type", "application/json")
            .header("if-match", tag)
    };
    assert_eq!(
        send(&app, request("PUT", "\"00\""), "{}").await.code(),
        "precondition-failed"
    );
    let first = put(&app, "mail", json!({"concurrency": 2})).await;
    let tag = first.header("etag").to_owned();
    assert_eq!(get(&app, "/api/v1/queues/mail").await.header("etag"), tag);
    let second = send(&app, request("PUT", &tag), json!({"concurrency": 3}).to_string()).await;
    assert_eq!(second.status, 200);
    for method in ["PUT", "DELETE"] {
        let late = send(&app, request(method, &tag), "{}").await;
        assert_eq!(
            (late.status.as_u16(), late.code().as_str()),
            (412, "precondition-failed"),
            "{method}"
        );
    }
    assert_eq!(get(&app, "/api/v1/queues/mail").await.json()["concurrency"], 3);
    let deleted = send(&app, request("DELETE", second.header("etag")), ()).await;
    assert_eq!((deleted.status.as_u16(), deleted.body.len()), (204, 0));
    let gone = send(&app, Request::delete("/api/v1/queues/mail"), ()).await;
    assert_eq!(gone.code(), "not-found");
}
