//! Runs whose outputs are more than one answer takes.

use http::Request;
use serde_json::{Value, json};

use crate::support::{app, get, post_json, send};
use crate::working::working;

const MIB: usize = 1024 * 1024;

/// A definition of six steps that each have the run's input as output, and a small one at the end.
fn copies() -> Value {
    let copy = |number| json!({"id": format!("s{number}"), "kind": "transform", "with": {"value": "{{ input }}"}});
    let mut steps: Vec<Value> = (0..6).map(copy).collect();
    steps.push(json!({"id": "small", "kind": "transform", "with": {"value": "{{ input | length }}"}}));
    json!({"name": "copies", "steps": steps})
}

#[tokio::test(start_paused = true)]
async fn a_run_leaves_out_what_is_too_much_and_its_steps_have_it() {
    let (_, app) = working(&[]).await;
    let body = json!({"workflow": copies(), "input": "x".repeat(900_000)}).to_string();
    let request = Request::post("/api/v1/workflows/run").header("content-type", "application/json");
    let answer = send(&app, request.header("prefer", "wait=10"), body).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert!(answer.body.len() < 6 * MIB, "{}", answer.body.len());
    let run = answer.json();
    let path = format!("/api/v1/runs/{}", run["id"].as_str().unwrap());
    assert_eq!(get(&app, &path).await.json()["steps"], run["steps"]);
    let omitted: Vec<bool> = run["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["output_omitted"] == true)
        .collect();
    assert_eq!(omitted, [false, false, false, false, true, true, false]);
    assert_eq!(
        (&run["steps"][4]["output"], &run["steps"][6]["output"]),
        (&Value::Null, &json!(900_000))
    );
    let step = get(&app, &format!("{path}/steps/s4")).await.json();
    assert_eq!(
        (step["output"].as_str().unwrap().len(), &step["status"]),
        (900_000, &json!("succeeded"))
    );
    assert_eq!(step.get("output_omitted"), None);
    for none in ["s9", "s4[0]", "s4.compensate"] {
        assert_eq!(
            get(&app, &format!("{path}/steps/{none}")).await.code(),
            "not-found",
            "{none}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_of_a_journal_ends_before_it_is_too_large_and_the_next_goes_on() {
    let (_, app) = working(&[]).await;
    let body = json!({"workflow": copies(), "input": "x".repeat(900_000)}).to_string();
    let request = Request::post("/api/v1/workflows/run").header("content-type", "application/json");
    let run = send(&app, request.header("prefer", "wait=10"), body).await.json();
    let path = format!("/api/v1/runs/{}/journal?limit=200", run["id"].as_str().unwrap());
    let (mut seqs, mut pages, mut cursor) = (Vec::new(), 0, Some(String::new()));
    while let Some(after) = cursor {
        let page = get(
            &app,
            &if after.is_empty() {
                path.clone()
            } else {
                format!("{path}&cursor={after}")
            },
        )
        .await;
        assert!(page.body.len() < 5 * MIB, "{}", page.body.len());
        let page = page.json();
        seqs.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["seq"].as_u64().unwrap()),
        );
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        pages += 1;
    }
    assert!(
        pages > 1 && seqs.iter().copied().eq(1..=seqs.len() as u64),
        "{pages}: {seqs:?}"
    );
}

#[tokio::test]
async fn a_list_of_schedules_leaves_out_inputs_that_are_too_much() {
    let app = app(&[]);
    let workflow = json!({"name": "any", "steps": [{"id": "a", "kind": "transform", "with": {"value": 1}}]});
    assert_eq!(
        post_json(&app, "/api/v1/workflows", workflow.to_string()).await.status,
        201
    );
    let schedule = json!({"workflow": "any", "every": "1h", "paused": true, "input": "x".repeat(900_000)}).to_string();
    for _ in 0..6 {
        assert_eq!(post_json(&app, "/api/v1/schedules", schedule.clone()).await.status, 201);
    }
    let list = get(&app, "/api/v1/schedules").await;
    assert!(list.body.len() < 5 * MIB, "{}", list.body.len());
    let items = list.json()["items"].as_array().unwrap().clone();
    let omitted: Vec<bool> = items.iter().map(|item| item["input_omitted"] == true).collect();
    assert_eq!(omitted, [false, false, false, false, true, true]);
    let last = get(&app, &format!("/api/v1/schedules/{}", items[5]["id"].as_str().unwrap()))
        .await
        .json();
    assert_eq!(
        (&items[5]["input"], last["input"].as_str().unwrap().len()),
        (&Value::Null, 900_000)
    );
}
