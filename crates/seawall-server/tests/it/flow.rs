use std::time::Duration;

use axum::Router;
use http::Request;
use serde_json::{Value, json};

use crate::support::{Answer, app, get, post_json, send};
use crate::working::working;

fn hears(control: &Value) -> Value {
    let mut definition = json!({
        "name": "hears", "steps": [{"id": "hear", "kind": "wait_signal", "with": {"name": "go"}}],
    });
    for (name, value) in control.as_object().unwrap() {
        definition[name] = value.clone();
    }
    definition
}

async fn registered(control: Value) -> Router {
    let app = app(&[]);
    let answer = post_json(&app, "/api/v1/workflows", hears(&control).to_string()).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    app
}

async fn start(app: &Router, body: Value) -> Answer {
    post_json(app, "/api/v1/workflows/hears/runs", body.to_string()).await
}

#[tokio::test]
async fn a_workflows_flow_control_can_be_seen() {
    let app = registered(json!({"concurrency": {"limit": 1, "key": "{{ input.who }}"}})).await;
    for who in ["ann", "ann", "bob"] {
        let answer = start(&app, json!({"input": {"who": who}, "priority": 3})).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["status"]),
            (202, &json!("queued"))
        );
        assert_eq!(answer.json()["priority"], 3);
    }
    let mut flow = get(&app, "/api/v1/workflows/hears/flow?limit=1").await.json();
    let cursor = flow["next_cursor"].take();
    let rest = format!("/api/v1/workflows/hears/flow?cursor={}", cursor.as_str().unwrap());
    let mut rest = get(&app, &rest).await.json();
    assert!(rest["items"][0]["waiting_since"].take().is_string());
    insta::assert_json_snapshot!([flow, rest]);
    let listed = get(&app, "/api/v1/runs").await.json();
    assert_eq!(listed["items"][0]["priority"], 3);
    let waiting = listed["items"][1]["id"].as_str().unwrap();
    let why = get(&app, &format!("/api/v1/runs/{waiting}/why")).await.json();
    assert_eq!(why["reasons"][0]["kind"], "concurrency");
}

#[tokio::test]
async fn flow_control_of_a_workflow_that_is_not_there_is_not_found() {
    let app = app(&[]);
    assert_eq!(get(&app, "/api/v1/workflows/nothing/flow").await.code(), "not-found");
    let app = registered(json!({})).await;
    let flow = get(&app, "/api/v1/workflows/hears/flow").await.json();
    assert_eq!((&flow["concurrency"], &flow["items"]), (&json!(null), &json!([])));
    let refused = get(&app, "/api/v1/workflows/hears/flow?limit=0").await;
    assert_eq!(refused.code(), "validation-error");
}

#[tokio::test]
async fn keys_and_priorities_that_make_no_sense_are_problems() {
    let app = registered(json!({"concurrency": {"limit": 1, "key": "{{ input.who }}"}})).await;
    for (body, pointer, code) in [
        (
            json!({"input": {"who": "x".repeat(10_000)}}),
            "/concurrency/key",
            "flow-key-too-long",
        ),
        (json!({"input": {"who": null}}), "/concurrency/key", "flow-key-invalid"),
        (json!({"input": {}}), "/concurrency/key", "flow-key-invalid"),
        (
            json!({"input": {"who": "a"}, "priority": 101}),
            "/priority",
            "out-of-range",
        ),
        (
            json!({"input": {"who": "a"}, "priority": -101}),
            "/priority",
            "out-of-range",
        ),
    ] {
        let answer = start(&app, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (422, "validation-error")
        );
        let error = answer.json()["errors"][0].take();
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)));
    }
    for priority in [json!("high"), json!(1.5), json!(10_000_000_000_000_000_000_u64)] {
        let answer = start(&app, json!({"input": {"who": "a"}, "priority": priority})).await;
        assert_eq!(answer.code(), "validation-error", "{priority}");
    }
    let inline = json!({"workflow": hears(&json!({"rate": {"limit": "1/s", "key": "{{ input.who }}"}})), "input": {}});
    let answer = post_json(&app, "/api/v1/workflows/run", inline.to_string()).await;
    assert_eq!(answer.json()["errors"][0]["pointer"], "/workflow/rate/key");
}

#[tokio::test]
async fn a_conflict_that_refuses_is_a_409() {
    let app = registered(json!({"concurrency": {"limit": 1, "on_conflict": "reject"}})).await;
    assert_eq!(start(&app, json!({})).await.status, 202);
    let refused = start(&app, json!({})).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (409, "conflict"));
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("1 of 1 runs of this workflow"), "{detail}");
}

#[tokio::test]
async fn flow_control_that_makes_no_sense_is_an_invalid_workflow() {
    let app = app(&[]);
    for (control, pointer) in [
        (json!({"concurrency": 0}), "/concurrency"),
        (json!({"concurrency": {"limit": -1}}), "/concurrency/limit"),
        (
            json!({"concurrency": {"limit": 1, "on_conflict": "drop"}}),
            "/concurrency/on_conflict",
        ),
        (
            json!({"concurrency": {"limit": 1, "on_confict": "queue"}}),
            "/concurrency/on_confict",
        ),
        (json!({"rate": "ten per minute"}), "/rate"),
        (json!({"debounce": {}}), "/debounce/period"),
    ] {
        let answer = post_json(&app, "/api/v1/workflows", hears(&control).to_string()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (400, "workflow-invalid")
        );
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer);
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_waits_for_a_slot_is_withdrawn_by_a_cancel() {
    let (_state, app) = working(&[]).await;
    let definition = hears(&json!({"concurrency": 1}));
    let answer = post_json(&app, "/api/v1/workflows", definition.to_string()).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    let begin = async || {
        let started = start(&app, json!({})).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        started.json()["id"].as_str().unwrap().to_owned()
    };
    let first = begin().await;
    let path = format!("/api/v1/runs/{first}");
    let act = async |verb: &str| {
        let answer = post_json(&app, &format!("{path}/{verb}"), "").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        answer
    };
    assert_eq!(act("cancel").await.status, 202);
    begin().await;
    assert_eq!(act("retry").await.status, 202);
    let line = async || {
        let flow = get(&app, "/api/v1/workflows/hears/flow").await.json();
        (flow["items"][0]["running"].clone(), flow["items"][0]["queued"].clone())
    };
    assert_eq!(line().await, (json!(1), json!(1)));
    let kept = send(&app, Request::delete(&path), ()).await;
    assert_eq!(
        (kept.status.as_u16(), &kept.json()["detail"]),
        (
            409,
            &json!("The run is cancelled, and its retry waits for a slot: cancel it first.")
        )
    );
    let withdrawn = act("cancel").await;
    assert_eq!(
        (withdrawn.status.as_u16(), &withdrawn.json()["status"]),
        (202, &json!("cancelled"))
    );
    assert_eq!(line().await, (json!(1), json!(0)));
    let again = act("cancel").await;
    assert_eq!((again.status.as_u16(), again.code().as_str()), (409, "conflict"));
    assert_eq!(send(&app, Request::delete(&path), ()).await.status, 204);
}
