//! Searching runs, and telling many of them the same thing.

use axum::Router;
use serde_json::{Value, json};

use crate::support::{app, get, post_json};

const RUNS: &str = "/api/v1/runs";

fn waits() -> Value {
    json!({"name": "waits", "steps": [{"id": "hear", "kind": "wait_signal", "with": {"name": "go"}}]})
}

fn fails() -> Value {
    json!({"name": "fails", "steps": [{"id": "no", "kind": "fail", "with": {"message": "no"}}]})
}

async fn run(app: &Router, workflow: Value, input: Value) -> String {
    let body = json!({"workflow": workflow, "input": input});
    let answer = post_json(app, "/api/v1/workflows/run", body.to_string()).await;
    assert_eq!(answer.status, 202, "{}", answer.json());
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn found(app: &Router, query: &str) -> Vec<String> {
    let answer = get(app, &format!("{RUNS}?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.json());
    let body = answer.json();
    assert_eq!(body["next_cursor"], Value::Null, "{query}");
    ids(&body)
}

fn ids(body: &Value) -> Vec<String> {
    let items = body["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn many(app: &Router, verb: &str, body: Value) -> Value {
    let answer = post_json(app, &format!("{RUNS}/{verb}"), body.to_string()).await;
    assert_eq!(answer.status, 200, "{body}: {}", answer.json());
    answer.json()
}

#[tokio::test]
async fn runs_are_found_by_what_was_in_their_input() {
    let app = app(&[]);
    let number = run(&app, waits(), json!({"customer": {"id": 42, "tags": ["new"]}})).await;
    let text = run(&app, waits(), json!({"customer": {"id": "42"}, "vip": true})).await;
    let failed = run(&app, fails(), json!({"customer": {"id": 42}})).await;
    assert_eq!(found(&app, "input.customer.id=42").await, [&*failed, &text, &number]);
    // In quotes it is the text alone.
    assert_eq!(found(&app, "input.customer.id=%2242%22").await, [&*text]);
    assert_eq!(found(&app, "input.customer.id=42&input.vip=true").await, [&*text]);
    assert_eq!(found(&app, "input.customer.tags.0=new").await, [&*number]);
    assert_eq!(found(&app, "input.customer.id=42&status=failed").await, [&*failed]);
    assert_eq!(
        found(&app, "input.customer.id=42&workflow=waits&limit=2").await,
        [&*text, &number]
    );
    assert_eq!(
        found(&app, "status=failed&status=waiting").await,
        [&*failed, &text, &number]
    );
    assert_eq!(found(&app, "status=failed&status=cancelled").await, [&*failed]);
    assert_eq!(
        found(&app, "since=2020-01-01T00:00:00Z&until=2021-01-01T00:00:00Z").await,
        Vec::<String>::new()
    );
    // A page that is full goes on behind its last run.
    let first = get(&app, &format!("{RUNS}?input.customer.id=42&limit=1")).await.json();
    assert_eq!(ids(&first), [&*failed]);
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(
        found(&app, &format!("input.customer.id=42&cursor={cursor}")).await,
        [&*text, &number]
    );
}

#[tokio::test]
async fn a_search_that_makes_no_sense_is_pointed_at() {
    let app = app(&[]);
    let cases = [
        ("stauts=failed", "/stauts", "unknown-field"),
        ("input=5", "/input", "unknown-field"),
        ("input.=5", "/input.", "invalid-path"),
        ("input.a..b=5", "/input.a..b", "invalid-path"),
        ("status=failed&status=bad", "/status", "invalid-value"),
        ("workflow=a&workflow=b", "/workflow", "duplicate-field"),
        ("until=tomorrow", "/until", "invalid-value"),
        ("limit=many", "/limit", "invalid-value"),
        ("limit=0", "/limit", "out-of-range"),
        ("cursor=zz", "/cursor", "invalid-value"),
        (
            "input.a=1&input.b=1&input.c=1&input.d=1&input.e=1&input.f=1",
            "/input",
            "too-many",
        ),
    ];
    let deep = format!("input.{}=1", vec!["a"; 17].join("."));
    let deep_pointer = format!("/input.{}", vec!["a"; 17].join("."));
    for (query, pointer, code) in cases.into_iter().chain([(&*deep, &*deep_pointer, "invalid-path")]) {
        let answer = get(&app, &format!("{RUNS}?{query}")).await;
        assert_eq!(answer.code(), "validation-error", "{query}");
        let error = answer.json()["errors"][0].clone();
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!(pointer), &json!(code)),
            "{query}"
        );
    }
}

#[tokio::test]
async fn many_runs_are_cancelled_and_retried_by_a_filter() {
    let app = app(&[]);
    let mut waiting = Vec::new();
    for number in 0..3 {
        waiting.insert(0, run(&app, waits(), json!({"n": number % 2})).await);
    }
    let failed = run(&app, fails(), json!({"n": 0})).await;
    // Only said, not done.
    let dry = many(
        &app,
        "cancel",
        json!({"filter": {"workflow": "waits"}, "dry_run": true}),
    )
    .await;
    assert_eq!(
        (&dry["matched"], &dry["accepted"], &dry["next_cursor"]),
        (&json!(3), &json!(0), &Value::Null)
    );
    assert!(
        dry["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|item| item["status"] == "matched")
    );
    assert_eq!(found(&app, "status=waiting").await, waiting);
    // One page after the other.
    let first = many(&app, "cancel", json!({"filter": {"input": {"n": 0}}, "limit": 1})).await;
    assert_eq!((ids(&first), &first["accepted"]), (vec![waiting[0].clone()], &json!(1)));
    assert_eq!(first["items"][0], json!({"id": waiting[0], "status": "accepted"}));
    let rest = json!({"filter": {"input": {"n": 0}}, "cursor": first["next_cursor"]});
    let second = many(&app, "cancel", rest).await;
    assert_eq!(
        (ids(&second), &second["next_cursor"]),
        (vec![waiting[2].clone()], &Value::Null)
    );
    let all = many(&app, "retry", json!({"all": true, "dry_run": true})).await;
    assert!(ids(&all).contains(&failed));
    let retried = many(&app, "retry", json!({"filter": {"status": ["failed"]}})).await;
    assert_eq!((ids(&retried), &retried["accepted"]), (vec![failed.clone()], &json!(1)));
    let journal = get(&app, &format!("{RUNS}/{failed}")).await;
    assert_eq!(journal.status, 200);
    let none = many(&app, "cancel", json!({"filter": {"workflow": "nobody"}})).await;
    assert_eq!(
        none,
        json!({"matched": 0, "accepted": 0, "items": [], "next_cursor": null})
    );
}

type Refusal = (&'static str, Value, &'static str, &'static str);

fn unclear() -> Vec<Refusal> {
    vec![
        ("cancel", json!({}), "/filter", "required"),
        ("cancel", json!({"filter": {}}), "/filter", "required"),
        ("cancel", json!({"all": false}), "/filter", "required"),
        (
            "cancel",
            json!({"all": true, "filter": {"workflow": "x"}}),
            "/all",
            "exclusive",
        ),
        (
            "cancel",
            json!({"filter": {"workflw": "x"}}),
            "/filter/workflw",
            "unknown-field",
        ),
        (
            "cancel",
            json!({"filtre": {"workflow": "x"}}),
            "/filtre",
            "unknown-field",
        ),
        ("cancel", json!({"filter": {"status": []}}), "/filter/status", "empty"),
        ("cancel", json!({"filter": {"input": {}}}), "/filter/input", "empty"),
    ]
}

fn impossible() -> Vec<Refusal> {
    let six = json!({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1});
    let ended = json!({"filter": {"status": ["waiting", "succeeded"]}});
    vec![
        ("cancel", ended, "/filter/status/1", "impossible-status"),
        (
            "retry",
            json!({"filter": {"status": ["running"]}}),
            "/filter/status/0",
            "impossible-status",
        ),
        (
            "retry",
            json!({"filter": {"status": ["odd"]}}),
            "/filter/status/0",
            "invalid-value",
        ),
        (
            "cancel",
            json!({"filter": {"status": "waiting"}}),
            "/filter/status",
            "invalid-type",
        ),
        (
            "cancel",
            json!({"filter": {"since": "yesterday"}}),
            "/filter/since",
            "invalid-value",
        ),
        (
            "cancel",
            json!({"filter": {"input": [1]}}),
            "/filter/input",
            "invalid-type",
        ),
        (
            "cancel",
            json!({"filter": {"input": {"a": {"b": 1}}}}),
            "/filter/input/a",
            "invalid-type",
        ),
        (
            "cancel",
            json!({"filter": {"input": {"": 1}}}),
            "/filter/input/",
            "invalid-path",
        ),
        ("cancel", json!({"filter": {"input": six}}), "/filter/input", "too-many"),
        ("cancel", json!({"all": true, "limit": 1001}), "/limit", "out-of-range"),
        ("cancel", json!({"all": true, "limit": 0}), "/limit", "out-of-range"),
        (
            "cancel",
            json!({"all": true, "cursor": "x!"}),
            "/cursor",
            "invalid-value",
        ),
    ]
}

#[tokio::test]
async fn a_request_that_could_mean_more_than_was_meant_is_refused() {
    let app = app(&[]);
    run(&app, waits(), json!({})).await;
    for (verb, body, pointer, code) in unclear().into_iter().chain(impossible()) {
        let answer = post_json(&app, &format!("{RUNS}/{verb}"), body.to_string()).await;
        assert_eq!(answer.code(), "validation-error", "{body}");
        let error = answer.json()["errors"][0].clone();
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!(pointer), &json!(code)),
            "{body}"
        );
    }
    assert_eq!(found(&app, "status=waiting").await.len(), 1);
}
