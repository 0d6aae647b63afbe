//! Whom an approval asks.

use serde_json::{Value, json};

use super::kit::{Caller, key};
use crate::support::send_as_it_is;
use crate::working::working;

const SCOPES: &str = "workflows:write runs:read runs:write approvals:decide";

#[tokio::test(start_paused = true)]
async fn an_approval_is_decided_by_whom_it_names_and_by_who_holds_the_file() {
    let (state, app) = working(&[]).await;
    let store = &**state.identity_store();
    let (named, text) = key(store, "acme", SCOPES).await;
    let named_caller = Caller { app: &app, key: text };
    let other = Caller {
        app: &app,
        key: key(store, "acme", SCOPES).await.1,
    };
    let ask = json!({"message": "well?", "deciders": ["{{ input.who }}", "oidc:ada"]});
    let steps = json!([{"id": "ask", "kind": "approval", "with": ask}]);
    named_caller
        .made("/api/v1/workflows", json!({"name": "asks", "steps": steps}))
        .await;
    let input = json!({"input": {"who": named.id().to_type_id()}});
    named_caller.made("/api/v1/workflows/asks/runs", input).await;
    let pending = async || {
        let list = other.call("GET", "/api/v1/approvals?status=pending", &json!({})).await;
        list.json()["items"][0]["id"].as_str().map(str::to_owned)
    };
    let path = format!("/api/v1/approvals/{}", pending().await.unwrap());
    let approve = json!({"decision": "approve"});
    let refused = other.call("POST", &path, &approve).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (403, "not-a-decider".to_owned())
    );
    assert!(pending().await.is_some(), "nothing was decided");
    let decided = named_caller.call("POST", &path, &approve).await;
    assert_eq!(
        (decided.status.as_u16(), &decided.json()["status"]),
        (200, &json!("approved"))
    );
    // The same once more changes nothing, but who is not asked is not told so.
    assert_eq!(named_caller.call("POST", &path, &approve).await.status, 200);
    assert_eq!(other.call("POST", &path, &approve).await.status, 403);
}

#[tokio::test(start_paused = true)]
async fn who_opens_the_store_decides_everything_in_its_own_tenant() {
    let (state, _) = working(&[]).await;
    let local = seawall_server::local_router(&state);
    let call = async |method: &str, path: &str, body: Value| {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .header("prefer", "wait=1");
        send_as_it_is(&local, request, body.to_string()).await.json()
    };
    let steps = json!([{"id": "ask", "kind": "approval", "with": {"message": "well?", "deciders": ["oidc:ada"]}}]);
    let run = json!({"workflow": {"name": "asks", "steps": steps}, "input": {}});
    call("POST", "/api/v1/workflows/run", run).await;
    let list = call("GET", "/api/v1/approvals", json!({})).await;
    let path = format!("/api/v1/approvals/{}", list["items"][0]["id"].as_str().unwrap());
    let decided = call("POST", &path, json!({"decision": "reject"})).await;
    assert_eq!(
        (&decided["status"], &decided["decided_by"]),
        (&json!("rejected"), &json!("local"))
    );
}
