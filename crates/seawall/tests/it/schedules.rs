//! Schedules and bulk commands.

use serde_json::json;

use crate::house::House;

const WAITS: &str = "name: waits\ninput:\n  type: object\n  properties: { n: { type: integer } }\nsteps:\n  \
                     - { id: hear, kind: wait_signal, with: { name: go } }\n";

#[test]
fn schedules_are_made_shown_paused_and_deleted() {
    let house = House::new();
    house.write("w.yaml", WAITS);
    house.run(&["workflows", "apply", "w.yaml"]).expect(0);
    let made = house
        .run(&[
            "schedules",
            "create",
            "waits",
            "--cron",
            "30 2 * * *",
            "--time-zone",
            "Europe/Berlin",
            "-i",
            "n=3",
        ])
        .expect(0);
    assert!(
        made.out.contains("30 2 * * * (Europe/Berlin)") && made.err.contains("serve"),
        "{made:?}"
    );
    let listed = house.run(&["schedules", "list", "--json"]).expect(0).json();
    let id = listed["items"][0]["id"].as_str().unwrap().to_owned();
    let listed = house.run(&["schedules", "list"]).expect(0);
    assert!(
        listed.out.contains(&id) && listed.out.contains("waits"),
        "{}",
        listed.out
    );
    let shown = house.run(&["schedules", "show", &id, "--json"]).expect(0).json();
    assert_eq!((&shown["input"], &shown["paused"]), (&json!({"n": 3}), &json!(false)));
    let paused = house.run(&["schedules", "pause", &id]).expect(0);
    assert!(paused.out.contains("paused"), "{}", paused.out);
    let resumed = house.run(&["schedules", "resume", &id, "--json"]).expect(0).json();
    for field in [
        "workflow",
        "cron",
        "time_zone",
        "input",
        "overlap",
        "catch_up",
        "paused",
        "next_fire_at",
    ] {
        assert_eq!(resumed[field], shown[field], "{field}");
    }
    house.run(&["schedules", "delete", &id]).expect(0);
    house.run(&["schedules", "show", &id]).expect(2);
}

#[test]
fn a_schedule_that_makes_no_sense_exits_with_2() {
    let house = House::new();
    house.write("w.yaml", WAITS);
    house.run(&["workflows", "apply", "w.yaml"]).expect(0);
    let never = house
        .run(&["schedules", "create", "waits", "--cron", "0 0 30 2 *"])
        .expect(2);
    assert!(never.err.contains("never fires"), "{}", never.err);
    house
        .run(&["schedules", "create", "nobody", "--every", "10m"])
        .expect(2);
    house.run(&["schedules", "create", "waits"]).expect(2);
    house
        .run(&["schedules", "create", "waits", "--every", "1m", "--cron", "* * * * *"])
        .expect(2);
    let wrong = house
        .run(&["schedules", "create", "waits", "--every", "10m", "-i", "n=many"])
        .expect(2);
    assert!(wrong.err.contains("--input n=many"), "{}", wrong.err);
}

#[test]
fn many_runs_are_found_and_cancelled_by_a_filter() {
    let house = House::new();
    house.write("w.yaml", WAITS);
    for n in ["n=1", "n=2", "n=1"] {
        house.run(&["run", "w.yaml", "-i", n]).expect(3);
    }
    let listed = house
        .run(&["runs", "list", "--input", "n=1", "--status", "waiting", "--json"])
        .expect(0)
        .json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    house.run(&["runs", "cancel"]).expect(2);
    house.run(&["runs", "cancel", "--all", "--workflow", "waits"]).expect(2);
    let cancel = ["runs", "cancel", "--workflow", "waits", "--input", "n=1", "--json"];
    let dry = house.run(&[&cancel[..], &["--dry-run"]].concat()).expect(0).json();
    assert_eq!((&dry["matched"], &dry["accepted"]), (&json!(2), &json!(0)));
    let done = house.run(&cancel).expect(0).json();
    assert_eq!((&done["matched"], &done["accepted"]), (&json!(2), &json!(2)));
    let none = house.run(&["runs", "retry", "--status", "failed"]).expect(0);
    assert!(none.out.contains("0 found"), "{}", none.out);
}
