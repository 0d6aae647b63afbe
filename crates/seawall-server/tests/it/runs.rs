//! Deleting runs, and what keeps them.

use std::time::Duration;

use axum::Router;
use http::Request;
use serde_json::{Value, json};

use crate::support::{Answer, get, post_json, send};
use crate::working::working;

fn pure(name: &str) -> Value {
    json!({"name": name, "steps": [{"id": "a", "kind": "transform", "with": {"value": 1}}]})
}

fn waits(name: &str) -> Value {
    json!({"name": name, "steps": [{"id": "a", "kind": "wait_signal", "with": {"name": "go"}}]})
}

async fn delete(app: &Router, path: &str) -> Answer {
    send(app, Request::delete(path), ()).await
}

/// Runs it to its end, or as far as it goes in some seconds, and answers its address.
async fn run(app: &Router, workflow: &Value, key: Option<&str>) -> String {
    let mut request = Request::post("/api/v1/workflows/run")
        .header("content-type", "application/json")
        .header("prefer", "wait=5");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let answer = send(app, request, json!({"workflow": workflow}).to_string()).await;
    assert!(answer.status.is_success(), "{}", answer.json());
    answer.header("location").to_owned()
}

/// The run stays, and the answer says why.
#[track_caller]
fn kept(answer: &Answer, why: &str) {
    assert_eq!((answer.status.as_u16(), answer.code()), (409, "conflict".to_owned()));
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(why), "{detail}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_has_ended_is_deleted_with_everything_about_it() {
    let (_state, app) = working(&[]).await;
    let (gone, other) = (run(&app, &pure("p"), None).await, run(&app, &pure("p"), None).await);
    let id = gone.rsplit('/').next().unwrap();
    let deleted = delete(&app, &gone).await;
    assert_eq!((deleted.status.as_u16(), &deleted.body[..]), (204, &b""[..]));
    for part in ["", "/journal", "/events", "/why", "/export"] {
        assert_eq!(get(&app, &format!("{gone}{part}")).await.code(), "not-found", "{part}");
    }
    for verb in [
        "cancel",
        "pause",
        "resume",
        "retry",
        "signals/go",
        "steps/a/resolve",
        "fork",
    ] {
        let body = match verb {
            "signals/go" => r#"{"payload": 1}"#,
            "steps/a/resolve" => r#"{"outcome": "retry"}"#,
            "fork" => r#"{"from_step": "a"}"#,
            _ => "",
        };
        let answer = post_json(&app, &format!("{gone}/{verb}"), body).await;
        assert_eq!(answer.code(), "not-found", "{verb}");
    }
    assert_eq!(delete(&app, &gone).await.code(), "not-found");
    let listed = get(&app, "/api/v1/runs").await.json();
    let listed: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| &run["id"])
        .collect();
    assert!(listed.len() == 1 && listed[0] != id, "{listed:?}");
    assert_eq!(get(&app, &other).await.json()["output"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_run_stays_while_its_idempotency_key_counts_and_takes_the_key_along() {
    let (_state, app) = working(&[]).await;
    let keyed = run(&app, &pure("p"), Some("k1")).await;
    kept(&delete(&app, &keyed).await, "Idempotency-Key");
    assert_eq!(
        run(&app, &pure("p"), Some("k1")).await,
        keyed,
        "the key still replays it"
    );
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    assert_eq!(delete(&app, &keyed).await.status, 204);
    // Another body under the same key: nothing is left that it could contradict.
    let again = run(&app, &pure("other"), Some("k1")).await;
    assert_ne!(again, keyed);
    assert_eq!(get(&app, &again).await.json()["status"], "succeeded");
}

#[tokio::test(start_paused = true)]
async fn a_child_goes_after_its_parent() {
    let (_state, app) = working(&[]).await;
    let registered = post_json(&app, "/api/v1/workflows", pure("child").to_string()).await;
    assert_eq!(registered.status, 201);
    let parent = json!({"name": "parent", "steps": [{"id": "c", "kind": "workflow", "with": {"workflow": "child"}}]});
    let parent = run(&app, &parent, None).await;
    let listed = get(&app, "/api/v1/runs?workflow=child").await.json();
    let child = &listed["items"][0];
    assert_eq!(child["parent"]["run_id"], parent.rsplit('/').next().unwrap());
    let child = format!("/api/v1/runs/{}", child["id"].as_str().unwrap());
    kept(&delete(&app, &child).await, "parent");
    assert_eq!(delete(&app, &parent).await.status, 204);
    assert_eq!(
        get(&app, &child).await.json()["status"],
        "succeeded",
        "it is no part of its parent"
    );
    assert_eq!(delete(&app, &child).await.status, 204);
    assert_eq!(get(&app, &child).await.code(), "not-found");
}

#[tokio::test(start_paused = true)]
async fn what_has_not_ended_or_is_no_run_is_not_deleted() {
    let (_state, app) = working(&[]).await;
    let waiting = run(&app, &waits("w"), None).await;
    kept(&delete(&app, &waiting).await, "cancel it first");
    assert_eq!(get(&app, &waiting).await.json()["status"], "waiting");
    post_json(&app, &format!("{waiting}/cancel"), "").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(delete(&app, &waiting).await.status, 204);
    for unknown in ["run_01h455vb4pex5vsknk084sn02q", "wf_01h455vb4pex5vsknk084sn02q", "x"] {
        let answer = delete(&app, &format!("/api/v1/runs/{unknown}")).await;
        assert_eq!(answer.code(), "not-found", "{unknown}");
    }
}
