//! Tasks in people's hands.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::house::{House, Running};

/// A task, and what it gives.
fn flow(retry: &Value) -> Value {
    json!({"name": "asks", "output": "{{ steps.a.output }}", "steps": [
        {"id": "a", "kind": "task", "effect": "idempotent", "retry": retry,
            "with": {"queue": "desk", "payload": {"of": "a"}}},
    ]})
}

/// A server that has begun a run of it: the run.
fn begun(house: &House) -> (Running, String) {
    let (server, _) = house.serve("0");
    let retry = json!({"max_attempts": 3, "initial": "1ms", "on": ["out-of-ink"]});
    house.write("asks.json", &flow(&retry).to_string());
    let run = house.run(&["run", "asks.json", "--detach"]).expect(0).out;
    (server, run.trim().to_owned())
}

fn claim(house: &House) -> (String, String) {
    let claimed = house
        .run(&["tasks", "claim", "desk", "--wait", "30", "--json"])
        .expect(0)
        .json();
    let task = &claimed["items"][0];
    assert_eq!(task["payload"], json!({"of": "a"}), "{claimed}");
    let text = |name: &str| task[name].as_str().unwrap().to_owned();
    (text("id"), text("lease"))
}

#[test]
fn a_person_claims_keeps_fails_and_completes_as_a_worker_does() {
    let house = House::new();
    let (_server, run) = begun(&house);
    let (task, lease) = claim(&house);
    let shown = house.run(&["tasks", "show", &task]).expect(0).out;
    for part in ["claimed", "desk", &run, "by hand"] {
        assert!(shown.contains(part), "{shown}");
    }
    assert!(!shown.contains(&lease), "{shown}");
    let none = house.run(&["tasks", "claim", "desk"]).expect(0);
    assert_eq!(none.out, "no task in desk\n");
    let beat = ["tasks", "heartbeat", &task, "--lease", &lease, "--progress", "[1]"];
    assert!(house.run(&beat).expect(0).out.contains("yours until"));
    let seen = house.run(&["tasks", "show", &task, "--json"]).expect(0).json();
    assert_eq!((&seen["progress"], &seen["worker"]), (&json!([1]), &json!("by hand")));
    let fail = [
        "tasks",
        "fail",
        &task,
        "--lease",
        &lease,
        "--message",
        "no ink",
        "--code",
        "out-of-ink",
    ];
    house.run(&fail).expect(0);
    let late = house.run(&fail).expect(1);
    assert!(late.err.contains("settled already"), "{}", late.err);
    let (again, lease) = claim(&house);
    assert_ne!(again, task);
    let complete = [
        "tasks",
        "complete",
        &again,
        "--lease",
        &lease,
        "--output",
        r#"{"n": 1}"#,
    ];
    house.run(&complete).expect(0);
    assert_eq!(house.run(&["runs", "follow", &run]).expect(0).json(), json!({"n": 1}));
}

#[test]
fn a_failure_for_good_ends_the_run() {
    let house = House::new();
    let (_server, run) = begun(&house);
    let (task, lease) = claim(&house);
    let fail = [
        "tasks",
        "fail",
        &task,
        "--lease",
        &lease,
        "--message",
        "burnt",
        "--no-retry",
    ];
    house.run(&fail).expect(0);
    let failed = house.run(&["runs", "follow", &run]).expect(1);
    assert!(failed.err.contains("[task-failed] burnt"), "{}", failed.err);
}

#[test]
fn what_a_claim_says_to_type_ends_the_task_also_where_no_server_is() {
    let house = House::new();
    let (server, run) = begun(&house);
    let claimed = house.run(&["tasks", "claim", "desk", "--wait", "30"]).expect(0).out;
    server.signal(Signal::TERM);
    assert_eq!(server.end(), Some(0));
    let line = claimed.lines().find(|line| line.contains(" complete ")).unwrap();
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    let done = house.run(&words).expect(0);
    assert!(done.err.contains(&format!("{run} succeeded")), "{}", done.err);
}

#[test]
fn what_is_wrong_with_a_word_about_a_task_is_said() {
    let house = House::new();
    let (_server, _) = begun(&house);
    let (task, lease) = claim(&house);
    let refused = |words: &[&str], code: i32, part: &str| {
        let told = house.run(&[&["tasks"], words].concat()).expect(code);
        assert!(told.err.contains(part), "{words:?}: {}", told.err);
    };
    let other = "0".repeat(32);
    refused(&["show", "task_01h455vb4pex5vsknk084sn02q"], 2, "not-found");
    refused(&["complete", &task, "--lease", &other], 1, "under another lease");
    refused(&["complete", &task, "--lease", "x"], 2, "/lease");
    refused(&["complete", &task, "--lease", &lease, "--output", "{"], 2, "no JSON");
    refused(
        &["fail", &task, "--lease", &lease, "--message", "m", "--code", "A B"],
        2,
        "/code",
    );
    refused(&["fail", &task, "--lease", &lease], 2, "--message");
    refused(&["claim", "desk", "--lease-for", "2h"], 2, "/lease_for");
    refused(&["claim", "Desk"], 2, "not-found");
    // It is still whose it was.
    house.run(&["tasks", "complete", &task, "--lease", &lease]).expect(0);
}
