//! A server holds the store: other commands find it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::house::{House, example};

#[test]
fn commands_find_the_server_that_holds_the_store_and_no_second_owner_is_let_in() {
    let house = House::new();
    let mut server = house.start(&["serve", "--port", "0"]);
    let banner = server.wait_for("Seawall listens on http://127.0.0.1:");
    let told: Value = serde_json::from_str(&house.read("data/server.json")).unwrap();
    let url = told["url"].as_str().unwrap();
    assert!(banner.contains(url), "{banner}");

    house.write(
        "nap.yaml",
        "name: nap\nsteps:\n  - { id: nap, kind: sleep, with: { for: 50ms } }\noutput: rested\n",
    );
    house.run(&["workflows", "apply", "nap.yaml"]).expect(0);
    assert_eq!(house.run(&["run", "nap"]).expect(0).out, "rested\n");
    let done = house
        .run(&["run", "nap", "--detach", "--idempotency-key", "k1"])
        .expect(0);
    let again = house
        .run(&["run", "nap", "--detach", "--idempotency-key", "k1"])
        .expect(0);
    assert_eq!(done.out, again.out, "one key, one run");
    house.run(&["runs", "follow", done.out.trim()]).expect(0);
    let listed = house.run(&["runs", "list", "--server", url, "--json"]).expect(0).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);

    let flow = example("approval-and-signal.yaml");
    let input = ["--input", "amount=250", "--input", "purpose=x"];
    let done = house.run(&[&["run", &flow], &input[..]].concat()).expect(3);
    house
        .run(&["approvals", "decide", &done.id("appr_"), "approve"])
        .expect(0);
    let signal = [
        "signal",
        &done.id("run_"),
        "paid",
        "--payload",
        r#"{"receipt": "R"}"#,
        "--json",
    ];
    house.run(&signal).expect(0);
    assert_eq!(
        house.run(&["runs", "follow", &done.id("run_")]).expect(0).json(),
        json!({"paid": 250, "receipt": "R"})
    );

    let refused = house.run(&["serve", "--port", "0"]).expect(1);
    assert!(refused.err.contains(url), "{}", refused.err);
    assert!(
        !refused.err.contains("does not answer"),
        "nobody asked it: {}",
        refused.err
    );
    let refused = house.run(&["migrate"]).expect(1);
    assert!(refused.err.contains("in use by another process"), "{}", refused.err);
    let checked = house.run(&["doctor"]);
    assert!(checked.out.contains(url), "{}", checked.out);

    server.signal(Signal::TERM);
    assert_eq!(server.end(), Some(0));
    assert!(!house.data().join("server.json").exists());
    house.run(&["runs", "list"]).expect(0);
    let done = house.run(&["runs", "list", "--server", url]).expect(1);
    assert!(done.err.contains("cannot reach the server"), "{}", done.err);
    assert!(done.err.contains("Is `seawall serve` running there?"), "{}", done.err);
}

#[test]
fn a_server_goes_on_with_what_a_command_put_aside() {
    let house = House::new();
    house.write(
        "two.yaml",
        "name: two\nsteps:\n  - { id: nap, kind: sleep, with: { for: 2s } }\noutput: late\n",
    );
    let mut running = house.start(&["run", "two.yaml"]);
    let first = running.wait_for("run_");
    running.wait_for("sleeps until");
    running.signal(Signal::INT);
    assert_eq!(running.end(), Some(130));
    let mut server = house.start(&["serve", "--port", "0"]);
    server.wait_for("Seawall listens");
    let run = first.split_whitespace().find(|word| word.starts_with("run_")).unwrap();
    assert_eq!(house.run(&["runs", "follow", run]).expect(0).out, "late\n");
    server.signal(Signal::INT);
    assert_eq!(server.end(), Some(0));
}

#[test]
fn a_server_makes_its_key_once_and_the_command_line_presents_it() {
    let house = House::new();
    let (mut server, url) = house.serve("0");
    let key = house.key().unwrap();
    let mode = fs::metadata(house.data().join("admin.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    house.run(&["runs", "list"]).expect(0);
    house.run(&["runs", "list", "--server", &url]).expect(0);

    let as_somebody = |name: &str, key: &str| {
        let mut command = house.command(&["runs", "list", "--server", &url]);
        let output = command.env(name, key).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, told) = as_somebody("SEAWALL_API_KEY", "another-key");
    assert_eq!(code, Some(1));
    assert!(
        told.contains("SEAWALL_API_KEY") && !told.contains("another-key"),
        "{told}"
    );
    assert_eq!(as_somebody("SEAWALL_API_KEY", &key).0, Some(0));

    server.signal(Signal::TERM);
    let told = server.rest();
    assert_eq!(server.end(), Some(0));
    assert!(!told.contains(&key[30..]), "{told}");
    // Without a server nobody is asked who they are.
    house.run(&["runs", "list"]).expect(0);
    let (_server, url) = house.serve("0");
    assert_eq!(house.key(), Some(key), "it is made once");
    house.run(&["runs", "list", "--server", &url]).expect(0);
}
