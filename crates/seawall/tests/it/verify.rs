//! The store checks itself.

use std::fs;

use seawall_store_sqlite::{damage, flip};

use crate::house::House;

fn with_runs() -> House {
    let house = House::new();
    house.write(
        "w.yaml",
        "name: w\nsteps:\n  - { id: a, kind: command, with: { argv: [echo, hi] } }\n  - { id: nap, kind: sleep, needs: [a], with: { for: 10ms } }\n",
    );
    for _ in 0..3 {
        house.run(&["run", "w.yaml"]).expect(0);
    }
    house
}

#[test]
fn a_healthy_store_is_clean_and_is_not_written_to() {
    let house = with_runs();
    let path = house.data().join("seawall.db");
    let before = fs::read(&path).unwrap();
    let done = house.run(&["verify"]).expect(0);
    assert!(
        done.out.contains("3 runs") && done.out.contains("nothing is wrong"),
        "{}",
        done.out
    );
    let json = house.run(&["verify", "--json"]).expect(0).json();
    assert_eq!((&json["clean"], &json["runs"]), (&true.into(), &3.into()));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn what_is_wrong_is_told_and_repaired_once() {
    let house = with_runs();
    damage(&house.data().join("seawall.db"), "counts").unwrap();
    let found = house.run(&["verify", "--json"]).expect(1).json();
    assert_eq!(found["totals"]["row-differs"]["found"], 3);
    assert_eq!(found["findings"][0]["repaired"], false);
    assert!(found["findings"][0]["run_id"].as_str().unwrap().starts_with("run_"));
    let repaired = house.run(&["verify", "--repair"]).expect(0);
    assert!(repaired.out.contains("3 found, 3 repaired"), "{}", repaired.out);
    house.run(&["verify"]).expect(0);
    let again = house.run(&["verify", "--repair", "--json"]).expect(0).json();
    assert_eq!(again["findings"].as_array().unwrap().len(), 0);
}

#[test]
fn a_store_that_cannot_be_checked_is_exit_code_2() {
    let house = House::new();
    house.run(&["verify"]).expect(2);
    house.write(
        "data/seawall.db",
        "this is no database, however long it may be: not at all, in any way, by any means",
    );
    let done = house.run(&["verify"]).expect(2);
    assert!(done.err.contains("could not be checked"), "{}", done.err);
}

#[test]
fn beside_a_server_it_looks_and_does_not_repair() {
    let house = with_runs();
    let mut server = house.start(&["serve", "--port", "0"]);
    server.wait_for("Seawall listens on");
    let done = house.run(&["verify"]).expect(0);
    assert!(done.out.contains("a process works on it"), "{}", done.out);
    let refused = house.run(&["verify", "--repair"]).expect(2);
    assert!(refused.err.contains("stop the process"), "{}", refused.err);
}

#[test]
fn a_broken_index_is_a_finding_and_no_end_of_the_check() {
    let house = with_runs();
    let path = house.data().join("seawall.db");
    flip(&path, "sqlite_autoindex_workflow_versions_1", -1).unwrap();
    let found = house.run(&["verify", "--json"]).expect(1).json();
    assert_eq!(found["findings"][0]["kind"], "integrity");
    assert_eq!(found["runs"], 3);
}
