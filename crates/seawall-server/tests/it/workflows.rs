//! Registering workflows, and bodies that say two things at once.

use axum::Router;
use http::Request;

use crate::support::{Answer, app, post_json, send};

const WORKFLOWS: &str = "/api/v1/workflows";

fn definition(name: &str) -> String {
    format!(r#"{{"name": "{name}", "steps": [{{"id": "a", "kind": "transform", "with": {{"value": 1}}}}]}}"#)
}

async fn create(app: &Router, key: &str, body: String) -> Answer {
    let request = Request::post(WORKFLOWS)
        .header("content-type", "application/json")
        .header("idempotency-key", key);
    send(app, request, body).await
}

#[tokio::test]
async fn the_same_key_registers_a_workflow_once_and_replays_the_first_answer() {
    let app = app(&[]);
    let first = create(&app, "k1", definition("one")).await;
    assert_eq!((first.status.as_u16(), first.header("idempotency-replayed")), (201, ""));
    let again = create(&app, "k1", definition("one")).await;
    assert_eq!(
        (again.status.as_u16(), again.header("idempotency-replayed")),
        (201, "true")
    );
    assert_eq!(again.json(), first.json());
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.header("etag"), first.header("etag"));

    // Later versions, and the workflow's end, change nothing about what was answered first.
    let path = format!("{WORKFLOWS}/one");
    let update = Request::put(&path).header("content-type", "application/json");
    let changed = definition("one").replace(": 1}", ": 2}");
    assert_eq!(send(&app, update, changed).await.json()["version"], 2);
    assert_eq!(create(&app, "k1", definition("one")).await.json(), first.json());
    assert_eq!(send(&app, Request::delete(&path), ()).await.status, 204);
    assert_eq!(create(&app, "k1", definition("one")).await.json(), first.json());
}

#[tokio::test]
async fn a_key_stands_for_one_definition_and_does_not_excuse_a_taken_name() {
    let app = app(&[]);
    assert_eq!(create(&app, "k1", definition("one")).await.status, 201);
    assert_eq!(
        create(&app, "k1", definition("two")).await.code(),
        "idempotency-key-reused"
    );
    assert_eq!(create(&app, "k2", definition("one")).await.code(), "conflict");
    assert_eq!(
        create(&app, "no spaces", definition("three")).await.code(),
        "bad-request"
    );
    assert_eq!(create(&app, "k3", "{}".to_owned()).await.code(), "workflow-invalid");
    assert_eq!(create(&app, "k3", definition("three")).await.status, 201);
}

#[tokio::test]
async fn a_compressed_body_is_not_taken_for_what_it_contains() {
    let app = app(&[]);
    for kind in ["application/json", "application/yaml"] {
        let request = Request::post(WORKFLOWS).header("content-type", kind);
        let gzipped = request.header("content-encoding", "gzip");
        assert_eq!(
            send(&app, gzipped, "x").await.code(),
            "unsupported-media-type",
            "{kind}"
        );
    }
    let request = Request::post(WORKFLOWS).header("content-type", "application/json");
    let plain = request.header("content-encoding", "identity");
    assert_eq!(send(&app, plain, definition("one")).await.status, 201);
}

#[tokio::test]
async fn bodies_that_would_be_read_as_something_else_than_was_sent_are_refused() {
    let app = app(&[]);
    let run = "/api/v1/workflows/one/runs";
    let cases = [
        (r#"{"input": {"a": {"x": 1, "x": 2}}}"#, "/input/a/x", "duplicate-field"),
        (r#"{"input": 1, "input": 2}"#, "/input", "duplicate-field"),
        (
            r#"{"input": [1, 123456789012345678901]}"#,
            "/input/1",
            "number-out-of-range",
        ),
    ];
    for (body, pointer, code) in cases {
        let answer = post_json(&app, run, body).await;
        assert_eq!(answer.code(), "validation-error", "{body}");
        let error = answer.json()["errors"][0].clone();
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&pointer.into(), &code.into()),
            "{body}"
        );
    }
    let answer = post_json(&app, run, "null").await;
    let message = answer.json()["errors"][0]["message"].clone();
    assert_eq!(message, "invalid type: null, expected an object");
}
