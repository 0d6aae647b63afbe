//! Runs written down, and replayed from what was written.

use serde_json::Value;

use crate::house::House;

const FLOW: &str = r#"name: greet
input: { type: object }
steps:
  - { id: who, kind: command, with: { argv: [printf, "%s", "{{ input.name }}"] } }
  - { id: text, kind: transform, needs: [who], with: { value: "Hello, {{ steps.who.output.stdout }}" } }
output: "{{ steps.text.output }}"
"#;

fn house() -> House {
    let house = House::new();
    house.write("greet.yaml", FLOW);
    house
}

/// Runs it, and exports what came of it into this file.
fn exported(house: &House, input: &str, file: &str) -> String {
    let done = house.run(&["run", "greet.yaml", "--input", input]);
    let run = done.id("run_");
    house.run(&["runs", "export", &run, "--output", file]).expect(0);
    run
}

#[test]
fn an_exported_run_replays_identically_and_needs_nothing_but_its_file() {
    let house = house();
    let run = exported(&house, "name=Ada", "run.json");
    let text = house.read("run.json");
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&document["format"], &document["version"]),
        (&"seawall-run".into(), &1.into())
    );
    assert_eq!(document["run"]["id"], run.as_str());
    let printed = house.run(&["runs", "export", &run]).expect(0).out;
    let at = |text: &str| text.find("\"exported_by_version\"").unwrap();
    assert_eq!(
        printed[at(&printed)..],
        text[at(&text)..],
        "stdout holds the same, exported later"
    );

    let elsewhere = House::new();
    elsewhere.write("run.json", &text);
    let done = elsewhere.run(&["runs", "replay", "run.json"]).expect(0);
    assert!(
        done.out.contains("identical") && done.out.contains("greet v1"),
        "{}",
        done.out
    );
    assert!(!elsewhere.data().exists(), "no store is made");
    let json = elsewhere
        .run(&["runs", "replay", "run.json", "--json"])
        .expect(0)
        .json();
    assert_eq!(json["files"][0]["verdict"], "identical");
    assert_eq!(json["summary"]["same"], 1);
}

#[test]
fn a_record_that_was_changed_diverges_and_a_file_that_is_none_is_named() {
    let house = house();
    exported(&house, "name=Ada", "good.json");
    let text = house.read("good.json");
    house.write(
        "changed.json",
        &text.replace("\"output\":\"Hello, Ada\"", "\"output\":\"Hello, Eve\""),
    );
    let done = house.run(&["runs", "replay", "changed.json"]).expect(1);
    assert!(
        done.out.contains("recorded: ") && done.out.contains("Hello, Eve"),
        "{}",
        done.out
    );
    assert!(
        done.out.contains("decided: ") && done.out.contains("Hello, Ada"),
        "{}",
        done.out
    );
    let ended = text.replacen("\"status\":\"succeeded\"", "\"status\":\"failed\"", 1);
    house.write("ended.json", &ended);
    let done = house.run(&["runs", "replay", "ended.json"]).expect(2);
    assert!(done.out.contains("`run.status`"), "{}", done.out);
    house.write("newer.json", &text.replacen("\"version\":1", "\"version\":2", 1));
    house.write("else.json", "{}");
    let done = house
        .run(&["runs", "replay", "good.json", "newer.json", "else.json", "absent.json"])
        .expect(2);
    assert!(done.out.contains("made by a newer version of Seawall"), "{}", done.out);
    assert!(done.out.contains("not an exported run"), "{}", done.out);
    assert!(
        done.out.contains("1 identical, 0 diverging, 3 unreadable"),
        "{}",
        done.out
    );
}

#[test]
fn a_changed_definition_says_which_runs_it_would_have_changed() {
    let house = house();
    exported(&house, "name=Ada", "ada.json");
    exported(&house, "name=Bob", "bob.json");
    let replay = |definition: &str, text: &str| {
        house.write(definition, text);
        house.run(&[
            "runs",
            "replay",
            "--change-definition",
            definition,
            "ada.json",
            "bob.json",
        ])
    };
    replay("same.yaml", &format!("description: only words\n{FLOW}")).expect(0);
    let done = replay("text.yaml", &FLOW.replace("Hello", "Good day")).expect(1);
    assert!(
        done.out.contains("output-differs: the output of step `text` differs"),
        "{}",
        done.out
    );
    assert!(
        done.out.contains("\"Good day, Ada\"") && done.out.contains("\"Good day, Bob\""),
        "{}",
        done.out
    );
    let done = replay("request.yaml", &FLOW.replace("\"%s\"", "\"%s!\"")).expect(1);
    assert!(
        done.out
            .contains("request-changed: step `who` would send another request: /argv/1 was \"%s\", now \"%s!\""),
        "{}",
        done.out
    );
    let new = "  - { id: more, kind: command, needs: [text], with: { argv: [\"true\"] } }\noutput";
    let done = replay("new.yaml", &FLOW.replace("output: ", &format!("{new}: "))).expect(1);
    assert!(done.out.contains("no-answer: step `more` is new"), "{}", done.out);
    let done = replay("bad.yaml", &FLOW.replace("kind: command", "kind: comand")).expect(2);
    assert!(
        done.err.contains("bad.yaml:4") && done.err.contains("unknown-kind"),
        "{}",
        done.err
    );
}

#[test]
fn runs_are_exported_by_what_they_are() {
    let house = house();
    house.write(
        "bad.yaml",
        "name: bad\nsteps:\n  - { id: no, kind: fail, with: { message: no } }\n",
    );
    for _ in 0..2 {
        house.run(&["run", "bad.yaml"]).expect(1);
    }
    exported(&house, "name=Ada", "ada.json");
    let done = house
        .run(&[
            "runs",
            "export",
            "--workflow",
            "bad",
            "--status",
            "failed",
            "-o",
            "failed",
        ])
        .expect(0);
    let files: Vec<&str> = done.out.lines().collect();
    assert_eq!(files.len(), 2, "{}", done.out);
    let replay = [&["runs", "replay"], &files[..]].concat();
    assert!(house.run(&replay).expect(0).out.contains("2 identical"));
    let one = ["runs", "export", "--status", "failed", "--limit", "1", "-o", "one"];
    assert_eq!(house.run(&one).expect(0).out.lines().count(), 1);
    assert!(
        house
            .run(&["runs", "export", "--status", "failed"])
            .expect(2)
            .err
            .contains("--output")
    );
    house.run(&["runs", "export", "run_nonsense"]).expect(2);
    house.run(&["runs", "export"]).expect(2);
}
