use std::sync::Arc;

use seawall_store::{Fault, FaultPoint, StoreOp};

use crate::support::{get, state, state_with};

const PATHS: [&str; 2] = ["/ready", "/health/ready"];

#[tokio::test]
async fn a_sound_server_is_alive_and_ready() {
    let app = seawall_server::router(&state(&[]));
    let live = get(&app, "/health").await;
    assert_eq!(
        (live.status.as_u16(), live.json()["status"].as_str()),
        (200, Some("ok"))
    );
    for path in PATHS {
        let mut body = get(&app, path).await.json();
        for check in body["checks"].as_array_mut().unwrap() {
            check["latency_ms"] = 0.into();
        }
        insta::allow_duplicates!(insta::assert_json_snapshot!("ready", body));
    }
    assert_eq!(
        get(&app, "/api/v1/health").await.json(),
        serde_json::json!({"status": "ok"})
    );
}

#[tokio::test]
async fn a_store_that_fails_turns_readiness_red_and_leaves_liveness_green() {
    let fail = |point: &FaultPoint| (point.op == StoreOp::Check).then_some(Fault::BeforeWrite);
    let app = seawall_server::router(&state_with(&[], Some(Arc::new(fail))));
    assert_eq!(get(&app, "/health").await.status, 200);
    for path in PATHS {
        let answer = get(&app, path).await;
        assert_eq!(answer.status, 503);
        assert_eq!(answer.header("content-type"), "application/json");
        let body = answer.json();
        assert_eq!(body["status"], "unavailable");
        assert_eq!(body["checks"][1]["status"], "down");
    }
    assert_eq!(get(&app, "/api/v1/health").await.json()["status"], "unavailable");
}

#[tokio::test]
async fn a_stopping_server_is_not_ready() {
    let state = state(&[]);
    let app = seawall_server::router(&state);
    state.draining().cancel();
    let answer = get(&app, "/ready").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["checks"][0]["detail"], "the server is stopping");
    assert_eq!(get(&app, "/health").await.status, 200);
}
