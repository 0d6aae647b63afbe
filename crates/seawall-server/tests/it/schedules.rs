//! Schedules over HTTP.

use std::sync::Arc;

use axum::Router;
use http::Request;
use seawall_engine::{Engine, EngineConfig, EngineParts, NoSecrets, OsEntropy, Registry};
use seawall_server::{AppState, Parts};
use seawall_store::{MemoryStore, SystemClock};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use crate::support::{Answer, app, config, get, post_json, send};

const SCHEDULES: &str = "/api/v1/schedules";

/// With a workflow `report` that takes a number.
async fn house() -> Router {
    furnished(app(&[])).await
}

async fn furnished(app: Router) -> Router {
    let definition = json!({
        "name": "report",
        "input": {"type": "object", "properties": {"days": {"type": "integer"}}, "additionalProperties": false},
        "steps": [{"id": "a", "kind": "transform", "with": {"value": 1}}],
    });
    assert_eq!(
        post_json(&app, "/api/v1/workflows", definition.to_string())
            .await
            .status,
        201
    );
    app
}

async fn create(app: &Router, body: &Value) -> Answer {
    post_json(app, SCHEDULES, body.to_string()).await
}

async fn put(app: &Router, path: &str, etag: Option<&str>, body: &Value) -> Answer {
    let mut request = Request::put(path).header("content-type", "application/json");
    if let Some(etag) = etag {
        request = request.header("if-match", etag);
    }
    send(app, request, body.to_string()).await
}

#[tokio::test]
async fn a_schedule_is_made_read_changed_and_deleted() {
    let app = house().await;
    let made = create(
        &app,
        &json!({"workflow": "report", "cron": "30 2 * * *", "time_zone": "europe/berlin"}),
    )
    .await;
    assert_eq!(made.status, 201);
    let path = made.header("location").to_owned();
    let mut body = made.json();
    assert_eq!(path, format!("{SCHEDULES}/{}", body["id"].as_str().unwrap()));
    let read = get(&app, &path).await;
    assert_eq!((read.json(), read.header("etag")), (made.json(), made.header("etag")));
    for field in ["id", "created_at", "updated_at", "next_fire_at"] {
        assert!(body[field].is_string(), "{field}");
        body[field] = "…".into();
    }
    insta::assert_json_snapshot!(body);
    // What was answered can be sent back, without what only the server says.
    let changed = json!({"workflow": "report", "every": "10m", "input": {"days": 3}, "overlap": "queue",
        "catch_up": 5, "paused": true});
    let refused = put(&app, &path, Some("\"0000\""), &changed).await;
    assert_eq!(refused.code(), "precondition-failed");
    let updated = put(&app, &path, Some(read.header("etag")), &changed).await;
    assert_eq!(updated.status, 200);
    let body = updated.json();
    assert_eq!(
        (&body["every"], &body["every_ms"], &body["cron"]),
        (&json!("10m"), &json!(600_000), &Value::Null)
    );
    assert_eq!((&body["catch_up"], &body["overlap"]), (&json!(5), &json!("queue")));
    assert_eq!((&body["paused"], &body["next_fire_at"]), (&json!(true), &Value::Null));
    assert_ne!(updated.header("etag"), read.header("etag"));
    let stale = put(&app, &path, Some(read.header("etag")), &changed).await;
    assert_eq!(stale.code(), "precondition-failed");
    let listed = get(&app, SCHEDULES).await.json();
    assert_eq!(listed, json!({"items": [body], "next_cursor": null}));
    let stale = Request::delete(&path).header("if-match", read.header("etag"));
    assert_eq!(send(&app, stale, ()).await.code(), "precondition-failed");
    assert_eq!(send(&app, Request::delete(&path), ()).await.status, 204);
    assert_eq!(send(&app, Request::delete(&path), ()).await.code(), "not-found");
    assert_eq!(get(&app, &path).await.code(), "not-found");
    assert_eq!(put(&app, &path, None, &changed).await.code(), "not-found");
}

#[tokio::test]
async fn what_makes_no_sense_is_pointed_at() {
    let app = house().await;
    let good = json!({"workflow": "report", "cron": "* * * * *"});
    let cases = [
        (json!({"cron": "* * *"}), "/cron", "invalid-cron"),
        (json!({"cron": "60 * * * *"}), "/cron", "invalid-cron"),
        (json!({"cron": "* * * * * * *"}), "/cron", "invalid-cron"),
        (json!({"cron": ""}), "/cron", "invalid-cron"),
        (json!({"cron": "*".repeat(10_000)}), "/cron", "invalid-cron"),
        (json!({"cron": "0 0 30 2 *"}), "/cron", "never-fires"),
        (json!({"cron": "0 0 0 31 11 *"}), "/cron", "never-fires"),
        (json!({"cron": 5}), "/cron", "invalid-type"),
        (json!({"cron": null}), "/cron", "required"),
        (json!({"every": "10m"}), "/cron", "exclusive"),
        (json!({"cron": null, "every": "999ms"}), "/every", "out-of-range"),
        (json!({"cron": null, "every": "0s"}), "/every", "out-of-range"),
        (json!({"cron": null, "every": "soon"}), "/every", "invalid-duration"),
        (json!({"cron": null, "every": "9999d"}), "/every", "invalid-duration"),
        (
            json!({"time_zone": "Europe/Atlantis"}),
            "/time_zone",
            "unknown-time-zone",
        ),
        (
            json!({"time_zone": "../../etc/passwd"}),
            "/time_zone",
            "unknown-time-zone",
        ),
        (json!({"time_zone": ""}), "/time_zone", "unknown-time-zone"),
        (json!({"time_zone": "localtime"}), "/time_zone", "unknown-time-zone"),
        (
            json!({"time_zone": "x".repeat(10_000)}),
            "/time_zone",
            "unknown-time-zone",
        ),
        (json!({"workflow": "nobody"}), "/workflow", "unknown-workflow"),
        (
            json!({"workflow": "wf_01h455vb4pex5vsknk084sn02q"}),
            "/workflow",
            "unknown-workflow",
        ),
        (json!({"workflow": {}}), "/workflow", "invalid-type"),
        (json!({"input": {"days": "many"}}), "/input/days", "type"),
        (json!({"input": {"weeks": 1}}), "/input/weeks", "additional-properties"),
        (json!({"overlap": "maybe"}), "/overlap", "unknown-value"),
        (json!({"catch_up": "twice"}), "/catch_up", "invalid-value"),
        (json!({"catch_up": true}), "/catch_up", "invalid-value"),
        (json!({"catch_up": -1}), "/catch_up", "invalid-value"),
        (json!({"catch_up": 0}), "/catch_up", "out-of-range"),
        (json!({"catch_up": 101}), "/catch_up", "out-of-range"),
        (
            json!({"catch_up": 18_446_744_073_709_551_615_u64}),
            "/catch_up",
            "out-of-range",
        ),
        (json!({"paused": "yes"}), "/paused", "invalid-type"),
        (json!({"jitter": "1m"}), "/jitter", "unknown-field"),
    ];
    for (change, pointer, code) in cases {
        let mut body = good.clone();
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = create(&app, &body).await;
        assert_eq!(answer.code(), "validation-error", "{change}");
        assert_eq!(answer.status, 422, "{change}");
        let errors = answer.json()["errors"].clone();
        let found = errors
            .as_array()
            .unwrap()
            .iter()
            .any(|error| error["pointer"] == pointer && error["code"] == code);
        assert!(found, "{change}: {errors}");
    }
    let missing = create(&app, &json!({"cron": "* * * * *"})).await.json();
    assert_eq!(
        (&missing["errors"][0]["pointer"], &missing["errors"][0]["code"]),
        (&json!("/workflow"), &json!("required"))
    );
    assert_eq!(get(&app, SCHEDULES).await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_rare_pattern_and_a_pattern_of_seconds_are_fine() {
    let app = house().await;
    for cron in ["0 0 29 2 *", "*/10 * * * * *", "0 9 * * MON-FRI", "@daily"] {
        let made = create(&app, &json!({"workflow": "report", "cron": cron})).await;
        assert_eq!(made.status, 201, "{cron}");
        assert!(made.json()["next_fire_at"].is_string(), "{cron}");
    }
}

#[tokio::test]
async fn the_same_key_makes_one_schedule() {
    let app = house().await;
    let body = json!({"workflow": "report", "every": "1h"});
    let with_key = |body: &Value| {
        let request = Request::post(SCHEDULES).header("content-type", "application/json");
        (request.header("idempotency-key", "k1"), body.to_string())
    };
    let (request, text) = with_key(&body);
    let first = send(&app, request, text).await;
    assert_eq!((first.status.as_u16(), first.header("idempotency-replayed")), (201, ""));
    let path = first.header("location").to_owned();
    let paused = put(
        &app,
        &path,
        None,
        &json!({"workflow": "report", "every": "2h", "paused": true}),
    )
    .await;
    // A replay shows it as it is now.
    let (request, text) = with_key(&body);
    let again = send(&app, request, text).await;
    assert_eq!(
        (again.status.as_u16(), again.header("idempotency-replayed")),
        (201, "true")
    );
    assert_eq!((again.json(), again.header("location")), (paused.json(), &*path));
    let (request, text) = with_key(&json!({"workflow": "report", "every": "3h"}));
    assert_eq!(send(&app, request, text).await.code(), "idempotency-key-reused");
    assert_eq!(get(&app, SCHEDULES).await.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn there_are_no_more_schedules_than_there_may_be() {
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    let parts = EngineParts {
        store: Arc::<MemoryStore>::clone(&store),
        clock: Arc::new(SystemClock),
        registry: Registry::default(),
        entropy: Arc::new(OsEntropy),
        secrets: Arc::new(NoSecrets),
    };
    let bounds = EngineConfig {
        max_schedules: 1,
        ..EngineConfig::default()
    };
    let engine = Engine::start(parts, bounds).await.unwrap();
    let config = Arc::new(config(&[]));
    let state = AppState::new(Parts {
        engine,
        identity: Arc::<MemoryStore>::clone(&store),
        store,
        config,
        clock: Arc::new(SystemClock),
        oidc: None,
        tasks: TaskTracker::new(),
    });
    let app = furnished(seawall_server::router(&state)).await;
    let body = json!({"workflow": "report", "every": "1h", "paused": true});
    assert_eq!(create(&app, &body).await.status, 201);
    let refused = create(&app, &body).await;
    assert_eq!((refused.status.as_u16(), &*refused.code()), (409, "too-many-schedules"));
    assert_eq!(refused.json()["limit"], 1);
    assert_eq!(
        refused.json()["detail"],
        "There are 1 schedules already, and there may be no more; delete one that is not needed."
    );
}

#[tokio::test]
async fn ids_of_another_kind_and_other_methods_are_refused() {
    let app = house().await;
    for id in ["run_01h455vb4pex5vsknk084sn02q", "sched_x", "7", "report"] {
        assert_eq!(
            get(&app, &format!("{SCHEDULES}/{id}")).await.code(),
            "not-found",
            "{id}"
        );
    }
    let answer = send(&app, Request::delete(SCHEDULES), ()).await;
    assert_eq!(answer.code(), "method-not-allowed");
}
