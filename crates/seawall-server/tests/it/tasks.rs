//! Workers over HTTP, and what happens to those who lie.

use std::time::Duration;

use axum::Router;
use http::Request;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{Answer, get, post_json, send};
use crate::working::working;

async fn post(app: &Router, path: &str, body: &Value) -> Answer {
    post_json(app, path, body.to_string()).await
}

/// Starts a run of these steps and answers its address.
pub(crate) async fn start(app: &Router, steps: &Value) -> String {
    let body = json!({"workflow": {"name": "w", "steps": steps}});
    let answer = post(app, "/api/v1/workflows/run", &body).await;
    assert_eq!(answer.status, 202, "{}", answer.json());
    answer.header("location").to_owned()
}

pub(crate) fn task(id: &str, effect: &str) -> Value {
    json!({"id": id, "kind": "task", "effect": effect, "with": {"queue": "q", "payload": {"of": id}}})
}

pub(crate) async fn claim_with(app: &Router, wait: &str, body: &Value) -> Answer {
    let request = Request::post("/api/v1/tasks/q/claim")
        .header("content-type", "application/json")
        .header("prefer", wait);
    send(app, request, body.to_string()).await
}

/// A task that is there.
pub(crate) async fn claim(app: &Router) -> Value {
    let answer = claim_with(app, "wait=5", &json!({"worker": "w", "lease_for": "10s"})).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()["items"][0].clone()
}

fn about(task: &Value, verb: &str) -> String {
    format!("/api/v1/tasks/{}/{verb}", task["id"].as_str().unwrap())
}

async fn complete(app: &Router, task: &Value, output: Value) -> Answer {
    let body = json!({"lease": task["lease"], "output": output});
    post(app, &about(task, "complete"), &body).await
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str, pointer: &str) {
    let body = answer.json();
    assert_eq!(
        (answer.status.as_u16(), answer.code()),
        (status, code.to_owned()),
        "{body}"
    );
    let found = body["errors"][0]["pointer"].as_str().unwrap_or("-");
    assert_eq!(found, pointer, "{body}");
}

#[tokio::test(start_paused = true)]
async fn a_worker_claims_keeps_and_completes() {
    let (_state, app) = working(&[]).await;
    let run = start(&app, &json!([task("a", "once")])).await;
    let mine = claim(&app).await;
    let run_id = run.rsplit('/').next().unwrap();
    assert_eq!(
        (&mine["queue"], &mine["payload"], &mine["run_id"], &mine["step_id"]),
        (&json!("q"), &json!({"of": "a"}), &json!(run_id), &json!("a"))
    );
    assert_eq!((&mine["item"], &mine["attempt"]), (&Value::Null, &json!(1)));
    assert_eq!(mine["effect_key"].as_str().unwrap().len(), 32);
    let step = get(&app, &run).await.json()["steps"][0].clone();
    assert_eq!((&step["status"], &step["worker"]), (&json!("running"), &json!("w")));
    tokio::time::sleep(Duration::from_secs(5)).await;
    let body = json!({"lease": mine["lease"], "progress": {"done": 3}});
    let beat = post(&app, &about(&mine, "heartbeat"), &body).await;
    assert_eq!((beat.status.as_u16(), &beat.json()["cancelled"]), (200, &json!(false)));
    assert!(beat.json()["lease_expires_at"].as_str() > mine["lease_expires_at"].as_str());
    let step = get(&app, &run).await.json()["steps"][0].clone();
    assert_eq!(step["progress"], json!({"done": 3}));
    assert_eq!(step["lease_expires_at"], beat.json()["lease_expires_at"]);
    let why = get(&app, &format!("{run}/why")).await.json();
    assert_eq!(why["reasons"][0]["kind"], "task");
    let done = complete(&app, &mine, json!({"n": 1})).await;
    assert_eq!(
        (done.status.as_u16(), &done.json()["status"]),
        (202, &json!("accepted"))
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    let view = get(&app, &run).await.json();
    assert_eq!(
        (&view["status"], &view["steps"][0]["output"]),
        (&json!("succeeded"), &json!({"n": 1}))
    );
    assert!(view["steps"][0].get("worker").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_word_that_comes_twice_late_or_under_a_wrong_lease_is_a_conflict() {
    let (_state, app) = working(&[]).await;
    let run = start(&app, &json!([task("a", "read"), task("b", "once")])).await;
    let (first, second) = (claim(&app).await, claim(&app).await);
    let mut foreign = first.clone();
    foreign["lease"] = second["lease"].clone();
    refused(&complete(&app, &foreign, json!(1)).await, 409, "conflict", "-");
    assert_eq!(complete(&app, &second, json!(1)).await.status, 202);
    let again = complete(&app, &second, json!(2)).await;
    let detail = |answer: &Answer| answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail(&again).contains("settled already: w has completed it"),
        "{}",
        detail(&again)
    );
    for verb in ["complete", "fail", "heartbeat"] {
        let mut body = json!({"lease": second["lease"]});
        if verb == "fail" {
            body["message"] = json!("no");
        }
        refused(&post(&app, &about(&second, verb), &body).await, 409, "conflict", "-");
    }
    // The lease of the first one ends; another attempt is another task.
    tokio::time::sleep(Duration::from_secs(11)).await;
    let late = complete(&app, &first, json!(1)).await;
    refused(&late, 409, "conflict", "-");
    assert!(
        detail(&late).contains("its lease was over before w said"),
        "{}",
        detail(&late)
    );
    let third = claim(&app).await;
    assert_eq!(
        (&third["attempt"], &third["effect_key"]),
        (&json!(2), &first["effect_key"])
    );
    let mut old = third.clone();
    old["lease"] = first["lease"].clone();
    refused(&complete(&app, &old, json!(1)).await, 409, "conflict", "-");
    assert_eq!(complete(&app, &third, json!("right")).await.status, 202);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let view = get(&app, &run).await.json();
    assert_eq!(
        (&view["status"], &view["steps"][0]["output"]),
        (&json!("succeeded"), &json!("right"))
    );
    assert_eq!(view["steps"][1]["output"], 1);
}

#[tokio::test(start_paused = true)]
async fn an_output_beyond_its_bounds_is_refused_and_the_task_stays_claimed() {
    let (_state, app) = working(&[("REQUEST_BODY_MAX_BYTES", "67108864")]).await;
    let (_other, narrow) = working(&[]).await;
    start(&app, &json!([task("a", "once")])).await;
    start(&narrow, &json!([task("a", "once")])).await;
    let (mine, other) = (claim(&app).await, claim(&narrow).await);
    let huge = json!("x".repeat(50 * 1024 * 1024));
    refused(
        &complete(&app, &mine, huge.clone()).await,
        422,
        "validation-error",
        "/output",
    );
    refused(&complete(&narrow, &other, huge).await, 413, "payload-too-large", "-");
    let deep = (0..70).fold(json!(1), |inner, _| json!([inner]));
    refused(&complete(&app, &mine, deep).await, 422, "validation-error", "/output");
    assert_eq!(complete(&app, &mine, json!(1)).await.status, 202);
    assert_eq!(complete(&narrow, &other, json!(1)).await.status, 202);
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_makes_no_sense_is_refused_before_anything_is_claimed() {
    let (_state, app) = working(&[]).await;
    start(&app, &json!([task("a", "once")])).await;
    let many: Vec<Value> = (0..101).map(|_| json!({"id": "task_x", "lease": "x"})).collect();
    let long = "w".repeat(129);
    for (body, pointer) in [
        (json!({"max": 0}), "/max"),
        (json!({"max": 101}), "/max"),
        (json!({"max": "1"}), "/max"),
        (json!({"lease_for": "999ms"}), "/lease_for"),
        (json!({"lease_for": "61m"}), "/lease_for"),
        (json!({"lease_for": "soon"}), "/lease_for"),
        (json!({"max_bytes": 0}), "/max_bytes"),
        (json!({"max_bytes": 4_194_305}), "/max_bytes"),
        (json!({"worker": ""}), "/worker"),
        (json!({"worker": long}), "/worker"),
        (json!({"complete": many}), "/complete"),
        (json!({"lease": "30s"}), "/lease"),
    ] {
        refused(
            &claim_with(&app, "wait=0", &body).await,
            422,
            "validation-error",
            pointer,
        );
    }
    for queue in ["Q", "a%20b", "%2e%2e%2f", &"q".repeat(64)] {
        let answer = post(&app, &format!("/api/v1/tasks/{queue}/claim"), &json!({})).await;
        assert_eq!(answer.code(), "not-found", "{queue}");
    }
    let unknown = post(&app, "/api/v1/tasks/nobody.knows-it/claim", &json!({})).await;
    assert_eq!(unknown.json(), json!({"items": []}), "a queue needs no making");
    assert_eq!(claim(&app).await["step_id"], "a", "it was not claimed");
}

#[tokio::test(start_paused = true)]
async fn words_about_tasks_are_checked_to_their_fields() {
    let (_state, app) = working(&[]).await;
    start(&app, &json!([task("a", "once")])).await;
    let mine = claim(&app).await;
    let lease = &mine["lease"];
    let huge = "x".repeat(16 * 1024);
    for (verb, body, pointer) in [
        ("heartbeat", json!({"lease": "mine"}), "/lease"),
        ("heartbeat", json!({"lease": lease, "progress": huge}), "/progress"),
        ("heartbeat", json!({}), "/lease"),
        ("complete", json!({"lease": lease, "result": 1}), "/result"),
        ("fail", json!({"lease": lease}), "/message"),
        (
            "fail",
            json!({"lease": lease, "message": "m", "code": "No Kebab"}),
            "/code",
        ),
        (
            "fail",
            json!({"lease": lease, "message": "m", "retry_after": "5"}),
            "/retry_after",
        ),
        (
            "fail",
            json!({"lease": lease, "message": "m", "retry_after": "25h"}),
            "/retry_after",
        ),
        (
            "fail",
            json!({"lease": lease, "message": "m", "retryable": "no"}),
            "/retryable",
        ),
    ] {
        refused(
            &post(&app, &about(&mine, verb), &body).await,
            422,
            "validation-error",
            pointer,
        );
    }
    for id in ["task_01h455vb4pex5vsknk084sn02q", "run_01h455vb4pex5vsknk084sn02q", "7"] {
        for (verb, body) in [
            ("heartbeat", json!({"lease": lease})),
            ("complete", json!({"lease": lease})),
            ("fail", json!({"lease": lease, "message": "m"})),
        ] {
            let answer = post(&app, &format!("/api/v1/tasks/{id}/{verb}"), &body).await;
            assert_eq!(answer.code(), "not-found", "{id} {verb}");
        }
    }
    let body = json!({"lease": lease, "message": "out of stock", "code": "out-of-stock", "retry_after": "5s"});
    assert_eq!(post(&app, &about(&mine, "fail"), &body).await.status, 202);
}

#[tokio::test(start_paused = true)]
async fn several_are_completed_at_once_and_the_next_ones_claimed_with_it() {
    let (_state, app) = working(&[]).await;
    let map = json!([{"id": "m", "kind": "map", "with": {"over": [0, 1, 2, 3], "max_parallel": 2, "step": {
        "kind": "task", "with": {"queue": "q", "payload": "{{ item }}"}}}}]);
    let run = start(&app, &map).await;
    let two = json!({"max": 10});
    let claimed = claim_with(&app, "wait=5", &two).await.json();
    let items = claimed["items"].as_array().unwrap();
    assert_eq!((items.len(), claimed.get("completed")), (2, None));
    let done = |item: &Value| json!({"id": item["id"], "lease": item["lease"], "output": item["payload"]});
    let nobody = json!({"id": "nobody", "lease": items[0]["lease"]});
    let list = json!([done(&items[0]), nobody, done(&items[0]), done(&items[1])]);
    let answer = claim_with(&app, "wait=5", &json!({"max": 10, "complete": list}))
        .await
        .json();
    let statuses: Vec<&str> = answer["completed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["accepted", "not-found", "conflict", "accepted"]);
    let mut rest = answer["items"].as_array().unwrap().clone();
    while rest.len() < 2 {
        rest.push(claim(&app).await);
    }
    let body = json!({"items": rest.iter().map(done).collect::<Vec<_>>()});
    let answer = post(&app, "/api/v1/tasks/complete", &body).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json()["items"][1],
        json!({"id": rest[1]["id"], "status": "accepted"})
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    let view = get(&app, &run).await.json();
    assert_eq!(
        (&view["status"], &view["steps"][0]["output"]),
        (&json!("succeeded"), &json!([0, 1, 2, 3]))
    );
}

#[tokio::test(start_paused = true)]
async fn a_claim_waits_as_long_as_it_prefers_and_ends_with_the_server() {
    let (state, app) = working(&[]).await;
    let before = Instant::now();
    let answer = claim_with(&app, "wait=7", &json!({})).await;
    assert_eq!(answer.json(), json!({"items": []}));
    assert_eq!(answer.header("preference-applied"), "wait=7");
    assert_eq!(before.elapsed(), Duration::from_secs(7));
    let body = json!({});
    let waits = claim_with(&app, "wait=60", &body);
    let stops = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        state.draining().cancel();
    };
    let before = Instant::now();
    let (answer, ()) = tokio::join!(waits, stops);
    assert_eq!(
        (answer.json(), before.elapsed()),
        (json!({"items": []}), Duration::from_secs(3))
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_takes_no_task_with_it() {
    let (_state, app) = working(&[]).await;
    let body = json!({"lease_for": "1h"});
    let gone = tokio::time::timeout(Duration::from_secs(3), claim_with(&app, "wait=60", &body)).await;
    assert!(gone.is_err());
    start(&app, &json!([task("a", "once")])).await;
    assert_eq!(claim(&app).await["step_id"], "a");
}

#[tokio::test(start_paused = true)]
async fn a_task_can_be_looked_at_by_everybody_and_its_lease_by_nobody() {
    let (_state, app) = working(&[]).await;
    let steps = json!([{"id": "a", "kind": "task", "with": {"queue": "q", "payload": 1, "key": "k", "priority": 5}}]);
    let run = start(&app, &steps).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let journal = get(&app, &format!("{run}/journal")).await.json();
    let mut items = journal["items"].as_array().unwrap().iter();
    let offered = items.find(|item| item["type"] == "task.offered").unwrap();
    let path = format!("/api/v1/tasks/{}", offered["data"]["task_id"].as_str().unwrap());
    let look = async || get(&app, &path).await.json();
    let waiting = look().await;
    let fields = [
        "status",
        "worker",
        "lease_expires_at",
        "claimed_at",
        "deadline",
        "progress",
    ];
    assert_eq!(
        fields.map(|field| waiting[field].clone()),
        [
            json!("offered"),
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null
        ]
    );
    let mine = claim(&app).await;
    let body = json!({"lease": mine["lease"], "progress": [1]});
    let beat = post(&app, &about(&mine, "heartbeat"), &body).await.json();
    let held = look().await;
    assert_eq!(
        fields.map(|field| held[field].clone())[..3],
        [json!("claimed"), json!("w"), beat["lease_expires_at"].clone()]
    );
    assert_eq!((&held["deadline"], &held["progress"]), (&mine["deadline"], &json!([1])));
    assert!(!held.to_string().contains(mine["lease"].as_str().unwrap()));
    insta::assert_json_snapshot!(held, {".id" => "task", ".run_id" => "run"});
    complete(&app, &mine, json!(1)).await;
    assert_eq!(look().await["status"], "settled");
    for unknown in ["task_01h455vb4pex5vsknk084sn02q", "run_01h455vb4pex5vsknk084sn02q", "x"] {
        let answer = get(&app, &format!("/api/v1/tasks/{unknown}")).await;
        assert_eq!(answer.code(), "not-found", "{unknown}");
    }
    assert_eq!(get(&app, "/api/v1/tasks/complete").await.code(), "method-not-allowed");
}

#[tokio::test(start_paused = true)]
async fn of_several_each_is_judged_alone_also_one_whose_lease_is_none() {
    let (_state, app) = working(&[]).await;
    start(&app, &json!([task("a", "once"), task("b", "once")])).await;
    let (first, second) = (claim(&app).await, claim(&app).await);
    let items = json!([
        {"id": first["id"], "lease": "nonsense", "output": 1},
        {"id": second["id"], "lease": second["lease"], "output": 2},
        {"id": "task_x", "lease": "x"},
        {"id": first["id"], "lease": first["lease"], "output": 3},
    ]);
    let answer = post(&app, "/api/v1/tasks/complete", &json!({"items": items})).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let items = answer.json()["items"].clone();
    let statuses: Vec<_> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["validation-error", "accepted", "not-found", "accepted"]);
    assert!(
        items[0]["detail"]
            .as_str()
            .unwrap()
            .starts_with("/lease: expected the lease"),
        "{items}"
    );
    assert_eq!((&items[1]["id"], &items[1]["detail"]), (&second["id"], &Value::Null));
}
