//! Whose something is: to others it is not there.

use serde_json::{Value, json};

use super::access::operations;
use super::kit::{Caller, key};
use crate::working::working;

const SCOPES: &str = "workflows:read workflows:write runs:read runs:write approvals:decide tasks:work";

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A body that each operation takes, so that nothing but the address is wrong.
fn body(name: &str, lease: &str) -> Value {
    match name.rsplit('/').next().unwrap() {
        "fork" => json!({"from_step": "ask"}),
        "resolve" => json!({"outcome": "retry"}),
        "{name}" => json!({"payload": 1}),
        "complete" | "heartbeat" => json!({"lease": lease}),
        "fail" => json!({"lease": lease, "message": "no"}),
        "{approval_id}" => json!({"decision": "approve"}),
        "{schedule_id}" => json!({"workflow": "theirs", "every": "1h"}),
        "{workflow_id}" => json!({"name": "theirs", "steps": [{"id": "a", "kind": "transform", "with": {"value": 1}}]}),
        _ => json!({}),
    }
}

#[tokio::test(start_paused = true)]
async fn another_tenants_id_is_nobodys() {
    let (state, app) = working(&[]).await;
    let caller = async |tenant: &'static str| Caller {
        app: &app,
        key: key(&**state.identity_store(), tenant, SCOPES).await.1,
    };
    let (owner, other) = (caller("acme").await, caller("evil").await);

    let steps = json!([
        {"id": "ask", "kind": "approval", "with": {"message": "well?"}},
        {"id": "work", "kind": "task", "effect": "idempotent", "with": {"queue": "q", "payload": 1}},
    ]);
    let workflow = owner
        .made("/api/v1/workflows", json!({"name": "theirs", "steps": steps}))
        .await;
    let run = owner.made("/api/v1/workflows/theirs/runs", json!({"input": {}})).await;
    let schedule = owner
        .made("/api/v1/schedules", json!({"workflow": "theirs", "every": "1h"}))
        .await;
    let approvals = owner.call("GET", "/api/v1/approvals", &json!({})).await.json();
    let claimed = owner.made("/api/v1/tasks/q/claim", json!({"max": 1})).await;
    let task = &claimed["items"][0];
    let ids = [
        ("{workflow_id}", text(&workflow["id"])),
        ("{run_id}", text(&run["id"])),
        ("{schedule_id}", text(&schedule["id"])),
        ("{approval_id}", text(&approvals["items"][0]["id"])),
        ("{task_id}", text(&task["id"])),
        ("{step_id}", "ask".to_owned()),
        ("{name}", "paid".to_owned()),
    ];

    let mut asked = 0;
    for operation in operations() {
        let named = |(parameter, _): &(&str, String)| operation.template.contains(parameter);
        if !ids.iter().take(5).any(named) {
            continue;
        }
        let path = ids.iter().fold(operation.template.clone(), |path, (parameter, id)| {
            path.replace(parameter, id)
        });
        let name = operation.name();
        let answer = other
            .call(&operation.method, &path, &body(&name, task["lease"].as_str().unwrap()))
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (404, "not-found".to_owned()),
            "{name}: {}",
            answer.json()
        );
        asked += 1;
    }
    assert!(asked > 20, "{asked}");

    sees_nothing(&owner, &other).await;

    // Nothing of it happened.
    let still = owner
        .call("GET", &format!("/api/v1/runs/{}", text(&run["id"])), &json!({}))
        .await
        .json();
    assert_eq!(
        (&still["steps"][0]["status"], &still["created_by"]),
        (&json!("waiting"), &run["created_by"])
    );
    assert!(text(&run["created_by"]).starts_with("key_"), "{run}");
}

/// By name neither, and lists are empty; a queue of the same name is another one.
async fn sees_nothing(owner: &Caller<'_>, other: &Caller<'_>) {
    for path in ["/api/v1/workflows/theirs", "/api/v1/queues/q"] {
        assert_eq!(other.call("GET", path, &json!({})).await.status, 404, "{path}");
        assert_eq!(owner.call("GET", path, &json!({})).await.status, 200, "{path}");
    }
    for list in ["workflows", "runs", "schedules", "approvals", "queues"] {
        let path = format!("/api/v1/{list}");
        assert_eq!(
            other.call("GET", &path, &json!({})).await.json()["items"],
            json!([]),
            "{list}"
        );
        assert_ne!(
            owner.call("GET", &path, &json!({})).await.json()["items"],
            json!([]),
            "{list}"
        );
    }
    assert_eq!(
        other.made("/api/v1/tasks/q/claim", json!({"max": 1})).await["items"],
        json!([])
    );
}
