use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::Request;
use seawall_store::{Fault, FaultPoint, StoreOp};

use crate::identity::kit::key;
use crate::support::{get, send, send_as_it_is, state, state_with};

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
            check["since_ms"] = 0.into();
        }
        insta::allow_duplicates!(insta::assert_json_snapshot!("ready", body));
    }
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

#[tokio::test]
async fn what_the_service_depends_on_and_uses_is_for_those_who_may_see_metrics() {
    let state = state(&[]);
    let app = seawall_server::router(&state);
    let (_, reader) = key(&**state.identity_store(), "default", "runs:read").await;
    let (_, watcher) = key(&**state.identity_store(), "default", "metrics:read").await;
    for request in [
        Request::get("/api/v1/health"),
        Request::get("/api/v1/health").header("x-api-key", reader),
    ] {
        let answer = send_as_it_is(&app, request, ()).await.json();
        assert_eq!(answer, serde_json::json!({"status": "ok"}));
    }
    let request = Request::get("/api/v1/health").header("x-api-key", watcher);
    let answer = send(&app, request, ()).await.json();
    assert_eq!(
        (&answer["status"], &answer["version"], &answer["environment"]),
        (&"ok".into(), &env!("CARGO_PKG_VERSION").into(), &"dev".into())
    );
    assert_eq!(answer["dependencies"][1]["name"], "store");
    assert_eq!(answer["dependencies"][1]["status"], "up");
    assert!(answer["uptime_ms"].is_u64() && answer["runs_active"] == 0);
    let memory = &answer["memory"];
    assert!(memory["resident_bytes"].as_u64().unwrap() < memory["total_bytes"].as_u64().unwrap());
}

#[tokio::test(start_paused = true)]
async fn good_news_are_believed_for_a_second_and_bad_ones_never() {
    let asked = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&asked);
    let count = move |point: &FaultPoint| {
        let check = point.op == StoreOp::Check;
        let before = counted.fetch_add(u32::from(check), Ordering::Relaxed);
        // The third look and what follows it find a store that fails.
        (check && before >= 2).then_some(Fault::BeforeWrite)
    };
    let app = seawall_server::router(&state_with(&[], Some(Arc::new(count))));
    for (wait, status, looks) in [(0, 200, 1), (500, 200, 1), (600, 200, 2), (1100, 503, 3), (0, 503, 4)] {
        tokio::time::advance(Duration::from_millis(wait)).await;
        assert_eq!(get(&app, "/ready").await.status, status);
        assert_eq!(asked.load(Ordering::Relaxed), looks);
        assert_eq!(get(&app, "/health").await.status, 200);
    }
    assert_eq!(asked.load(Ordering::Relaxed), 4, "liveness asks nobody");
}
