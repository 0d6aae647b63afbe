//! Forks over HTTP. Nobody works for the engine of these tests: runs are created and wait.

use axum::Router;
use http::Request;
use serde_json::{Value, json};

use crate::support::{Answer, app, get, post_json, send};

const UNKNOWN: &str = "/api/v1/runs/run_01h455vb4pex5vsknk084sn02q/fork";

fn definition() -> Value {
    json!({ "name": "two",
        "input": { "type": "object", "properties": { "n": { "type": "integer" } } },
        "steps": [
            { "id": "a", "kind": "transform", "with": { "value": 1 } },
            { "id": "b", "kind": "transform", "needs": ["a"], "with": { "value": 2 } },
        ] })
}

/// A run of two steps, and its fork's address.
async fn source(app: &Router) -> (String, String) {
    let body = json!({ "workflow": definition(), "input": { "n": 1 } });
    let answer = post_json(app, "/api/v1/workflows/run", body.to_string()).await;
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let fork = format!("/api/v1/runs/{id}/fork");
    (id, fork)
}

fn first_error(answer: &Answer) -> (String, String) {
    let error = answer.json()["errors"][0].clone();
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    (text("pointer"), text("code"))
}

#[tokio::test]
async fn a_fork_is_a_new_run_that_says_where_it_comes_from() {
    let app = app(&[]);
    let (id, fork) = source(&app).await;
    let answer = post_json(&app, &fork, r#"{"from_step": "b", "input": {"n": 2}}"#).await;
    assert_eq!(answer.status, 202);
    let run = answer.json();
    assert_eq!(run["forked_from"], json!({ "run_id": id, "from_step": "b" }));
    assert_eq!(
        (&run["input"], &run["compensating"]),
        (&json!({ "n": 2 }), &json!(false))
    );
    let location = answer.header("location").to_owned();
    assert_eq!(location, format!("/api/v1/runs/{}", run["id"].as_str().unwrap()));
    let journal = get(&app, &format!("{location}/journal")).await.json();
    assert_eq!(journal["items"][1]["type"], "run.forked");
    assert_eq!(journal["items"][1]["data"], json!({ "run_id": id, "from_step": "b" }));
    assert_eq!(
        get(&app, &format!("/api/v1/runs/{id}")).await.json()["forked_from"],
        Value::Null
    );
}

#[tokio::test]
async fn one_key_forks_once() {
    let app = app(&[]);
    let (_, fork) = source(&app).await;
    let keyed = |body: &'static str| {
        let request = Request::post(&fork).header("content-type", "application/json");
        send(&app, request.header("idempotency-key", "k1"), body)
    };
    let first = keyed(r#"{"from_step": "b"}"#).await;
    let again = keyed(r#"{"from_step": "b"}"#).await;
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(keyed(r#"{"from_step": "a"}"#).await.code(), "idempotency-key-reused");
}

#[tokio::test]
async fn a_fork_that_makes_no_sense_is_told_why() {
    let app = app(&[]);
    let (_, fork) = source(&app).await;
    for (body, code, pointer, inner) in [
        ("{}", "validation-error", "/from_step", "required"),
        (
            r#"{"from_step": "c"}"#,
            "validation-error",
            "/from_step",
            "unknown-step",
        ),
        (
            r#"{"from_step": "b[1]"}"#,
            "validation-error",
            "/from_step",
            "unknown-step",
        ),
        (r#"{"from_step": 7}"#, "validation-error", "/from_step", "invalid-type"),
        (
            r#"{"from_step": "b", "to_step": "b"}"#,
            "validation-error",
            "/to_step",
            "unknown-field",
        ),
        (
            r#"{"from_step": "b", "input": {"n": "x"}}"#,
            "validation-error",
            "/input/n",
            "type",
        ),
        (
            r#"{"from_step": "b", "definition": {"name": "x", "steps": [{"id": "b", "kind": "nope"}]}}"#,
            "workflow-invalid",
            "/definition/steps/0/kind",
            "unknown-kind",
        ),
    ] {
        let answer = post_json(&app, &fork, body).await;
        assert_eq!(answer.code(), code, "{body}");
        assert_eq!(first_error(&answer), (pointer.to_owned(), inner.to_owned()), "{body}");
    }
    assert_eq!(
        post_json(&app, UNKNOWN, r#"{"from_step": "a"}"#).await.code(),
        "not-found"
    );
    assert_eq!(
        post_json(&app, "/api/v1/runs/wf_1/fork", r#"{"from_step": "a"}"#)
            .await
            .code(),
        "not-found"
    );
    assert_eq!(post_json(&app, &fork, "{").await.code(), "malformed-json");
}

#[tokio::test]
async fn parts_of_steps_are_named_in_paths() {
    let app = app(&[]);
    let (id, _) = source(&app).await;
    let resolve = |step: &str| format!("/api/v1/runs/{id}/steps/{step}/resolve");
    let body = r#"{"outcome": "retry"}"#;
    assert_eq!(post_json(&app, &resolve("a"), body).await.code(), "conflict");
    for step in [
        "a.compensate",
        "a[0]",
        "a[0].compensate",
        "a.undo",
        "a.",
        "z",
        "z.compensate",
    ] {
        assert_eq!(
            post_json(&app, &resolve(step), body).await.code(),
            "not-found",
            "{step}"
        );
    }
}
