//! Exit code 3, and the commands that go on from there.

use crate::house::{House, example};

const AMOUNT: [&str; 4] = ["--input", "amount=250", "--input", "purpose=Two keyboards"];

#[test]
fn an_approval_and_a_signal_drive_the_run_on() {
    let house = House::new();
    let flow = example("approval-and-signal.yaml");
    let done = house.run(&[&["run", &flow], &AMOUNT[..]].concat()).expect(3);
    let (run, approval) = (done.id("run_"), done.id("appr_"));
    assert!(
        done.err.contains(&format!("approvals decide {approval} approve")),
        "{}",
        done.err
    );
    assert_eq!(done.out, "");
    let listed = house.run(&["approvals", "list", "--json"]).expect(0).json();
    assert_eq!(
        (&listed["items"][0]["id"], &listed["items"][0]["status"]),
        (&approval.clone().into(), &"pending".into())
    );

    let done = house
        .run(&["approvals", "decide", &approval, "approve", "--comment", "fine"])
        .expect(3);
    assert!(
        !done.err.contains("asks for approval"),
        "what was known is no news: {}",
        done.err
    );
    assert!(
        done.err.contains(&format!("signal {run} paid --payload")),
        "{}",
        done.err
    );
    let why = house.run(&["runs", "why", &run, "--json"]).expect(0).json();
    assert_eq!(why["reasons"][0]["kind"], "signal");

    let done = house
        .run(&["signal", &run, "paid", "--payload", r#"{"receipt": "R-17"}"#])
        .expect(0);
    assert_eq!(done.json()["receipt"], "R-17");
    assert_eq!(house.read("ledger.csv"), format!("{run},250,R-17,Two keyboards\n"));
    house.run(&["approvals", "decide", &approval, "reject"]).expect(1);
}

#[test]
fn every_command_that_is_printed_works_as_it_stands() {
    let house = House::new();
    let flow = example("approval-and-signal.yaml");
    let mut done = house.run(&[&["run", &flow], &AMOUNT[..]].concat()).expect(3);
    let run = done.id("run_");
    for (printed, code) in [(" approvals decide ", 3), (" signal run_", 0)] {
        let line = done.err.lines().find(|line| line.contains(printed)).unwrap().to_owned();
        let command = &line[line.find(printed).unwrap()..];
        let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_matches('\'')).collect();
        done = house.run(&words).expect(code);
    }
    assert_eq!(
        house.read("ledger.csv"),
        format!("{run},250,no receipt,Two keyboards\n")
    );
}

#[test]
fn a_rejection_fails_the_run_and_a_retry_asks_again() {
    let house = House::new();
    let flow = example("approval-and-signal.yaml");
    let done = house.run(&[&["run", &flow], &AMOUNT[..]].concat()).expect(3);
    let done = house
        .run(&["approvals", "decide", &done.id("appr_"), "reject"])
        .expect(1);
    assert!(done.err.contains("approval-rejected"), "{}", done.err);
    let run = done.id("run_");
    let done = house.run(&["runs", "retry", &run]).expect(3);
    assert!(done.err.contains("approvals decide"), "{}", done.err);
    house.run(&["runs", "cancel", &run]).expect(0);
    assert_eq!(
        house.run(&["runs", "show", &run, "--json"]).expect(0).json()["status"],
        "cancelled"
    );
}

#[test]
fn a_child_that_waits_for_a_person_is_found_from_its_parent() {
    let house = House::new();
    house.write(
        "child.yaml",
        "name: child\nsteps:\n  - { id: ask, kind: approval, with: { message: Go? } }\n",
    );
    house.write(
        "parent.yaml",
        "name: parent\nsteps:\n  - { id: sub, kind: workflow, with: { workflow: child } }\n",
    );
    house.run(&["workflows", "apply", "child.yaml"]).expect(0);
    let done = house.run(&["run", "parent.yaml"]).expect(3);
    let parent = done.id("run_");
    house
        .run(&["approvals", "decide", &done.id("appr_"), "approve"])
        .expect(0);
    house.run(&["runs", "follow", &parent]).expect(0);
}

#[test]
fn json_holds_every_event_and_the_run_last_whatever_the_exit_code() {
    let house = House::new();
    house.write(
        "fine.yaml",
        "name: fine\nsteps:\n  - { id: a, kind: transform, with: { value: 1 } }\noutput: \"{{ steps.a.output }}\"\n",
    );
    house.write(
        "bad.yaml",
        "name: bad\nsteps:\n  - { id: a, kind: fail, with: { message: on purpose } }\n",
    );
    let flow = example("approval-and-signal.yaml");
    let cases = [
        (vec!["run", "fine.yaml", "--json"], 0, "succeeded"),
        (vec!["run", "bad.yaml", "--json"], 1, "failed"),
        ([&["run", &flow, "--json"], &AMOUNT[..]].concat(), 3, "waiting"),
    ];
    for (arguments, code, status) in cases {
        let mut lines = house.run(&arguments).expect(code).lines();
        let run = lines.pop().unwrap();
        assert_eq!(run["status"], status);
        let seqs: Vec<u64> = lines.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
        assert_eq!(lines[0]["type"], "run.created");
    }
}
