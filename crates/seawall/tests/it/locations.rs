//! Exit code 2: what is wrong, and where.

use crate::house::{House, example};

#[test]
fn a_bad_definition_is_shown_with_line_column_and_hint() {
    let house = House::new();
    house.write(
        "bad.yaml",
        "name: bad\nsteps:\n  - id: a\n    kind: comand\n    with: { argv: [ls] }\n  - id: b\n    kind: transform\n    \
         needs: [c]\n    with: { value: 1 }\n",
    );
    for arguments in [
        ["run", "bad.yaml"].as_slice(),
        &["workflows", "validate", "bad.yaml"],
        &["workflows", "apply", "bad.yaml"],
    ] {
        let done = house.run(arguments).expect(2);
        assert!(done.err.contains("bad.yaml:4:11: error[unknown-kind]"), "{}", done.err);
        assert!(
            done.err
                .contains(" 4 |     kind: comand\n   |           ^\n   = hint: did you mean `command`?"),
            "{}",
            done.err
        );
        assert!(done.err.contains("bad.yaml:8:"), "all errors at once: {}", done.err);
    }
}

#[test]
fn every_file_is_checked_whatever_is_wrong_with_the_ones_before() {
    let house = House::new();
    house.write("broken.yaml", "name: x\nsteps: [\n");
    house.write("bad.yaml", "name: bad\nsteps:\n  - { id: a, kind: comand, with: {} }\n");
    house.write(
        "good.yaml",
        "name: good\nsteps:\n  - { id: a, kind: transform, with: { value: 1 } }\n",
    );
    let done = house
        .run(&["workflows", "validate", "broken.yaml", "bad.yaml", "good.yaml"])
        .expect(2);
    for place in ["broken.yaml:2:8: error[", "bad.yaml:3:20: error[unknown-kind]"] {
        assert!(done.err.contains(place), "{}", done.err);
    }
    assert_eq!(done.out, "good.yaml is valid\n");
}

#[test]
fn a_text_that_is_no_yaml_or_json_is_shown_where_it_breaks() {
    let house = House::new();
    house.write("broken.yaml", "name: x\nsteps:\n  - id: a\n   kind: b\n");
    let done = house.run(&["run", "broken.yaml"]).expect(2);
    assert!(done.err.starts_with("broken.yaml:4:"), "{}", done.err);
    house.write("broken.json", "{\n  \"name\": \"x\",\n  \"steps\": [,]\n}\n");
    let done = house.run(&["run", "broken.json"]).expect(2);
    assert!(done.err.starts_with("broken.json:3:13: error["), "{}", done.err);
    assert!(!house.data().exists(), "nothing was opened for it");
}

#[test]
fn a_bad_input_is_shown_at_its_pair_or_at_its_place_in_the_file() {
    let house = House::new();
    let flow = example("approval-and-signal.yaml");
    let cases = [
        (
            "amount=much",
            "--input amount=much: error[invalid-input]: `much` is not a number",
        ),
        (
            "amuont=1",
            "the workflow's input has no `amuont`; did you mean `amount`?",
        ),
        ("amount=-1", "--input amount=-1: error["),
    ];
    for (pair, message) in cases {
        let done = house
            .run(&["run", &flow, "--input", "purpose=x", "--input", pair])
            .expect(2);
        assert!(done.err.contains(message), "{}", done.err);
    }
    house.write("input.yaml", "amount: 5\npurpose: 7\n");
    let done = house.run(&["run", &flow, "--input-file", "input.yaml"]).expect(2);
    assert!(done.err.contains("input.yaml:2:10: error["), "{}", done.err);
    let done = house.run(&[
        "run",
        &flow,
        "--input-file",
        "input.yaml",
        "--input",
        "purpose=x",
        "--input",
        "amount=0",
    ]);
    assert!(done.expect(2).err.contains("--input amount=0: error["));
}

#[test]
fn what_does_not_exist_is_bad_usage() {
    let house = House::new();
    house.run(&["run", "missing.yaml"]).expect(2);
    let done = house.run(&["run", "missing"]).expect(2);
    assert!(
        done.err
            .contains("there is no workflow `missing` and no file of that name"),
        "{}",
        done.err
    );
    house.run(&["runs", "show", "run_00000000000000000000000000"]).expect(2);
    house.run(&["runs", "show", "wf_nonsense"]).expect(2);
    house.run(&["runs", "nonsense"]).expect(2);
    house.run(&["runs", "list", "--server", "nonsense"]).expect(2);
}

#[test]
fn a_file_that_is_no_definition_is_told_in_a_line_before_anything_is_opened() {
    let house = House::new();
    for (name, text) in [
        ("empty.yaml", ""),
        ("empty.json", ""),
        ("text.json", r#""registered""#),
        ("list.json", "[1, 2]"),
        ("null.yaml", "null"),
    ] {
        house.write(name, text);
    }
    house.write("big.yaml", &"a".repeat(300 * 1024));
    std::fs::write(house.path().join("binary.json"), [0, 159, 146, 150]).unwrap();
    std::fs::create_dir(house.path().join("folder.yaml")).unwrap();
    for (name, said) in [
        ("empty.yaml", "empty.yaml: error[malformed-yaml]: the text is empty"),
        ("empty.json", "empty.json:1:1: error[malformed-json]: "),
        (
            "text.json",
            "text.json:1:1: error[wrong-type]: a definition is an object",
        ),
        (
            "list.json",
            "list.json:1:1: error[wrong-type]: a definition is an object",
        ),
        (
            "null.yaml",
            "null.yaml:1:1: error[wrong-type]: a definition is an object",
        ),
        ("big.yaml", "error: big.yaml is larger than 256 KiB"),
        ("/dev/zero", "error: /dev/zero is larger than 256 KiB"),
        (
            "binary.json",
            "binary.json:1:2: error[not-utf8]: the text is not UTF-8\n",
        ),
        ("folder.yaml", "error: folder.yaml cannot be read: Is a directory"),
    ] {
        let done = house.run(&["run", name]).expect(2);
        assert!(done.err.starts_with(said), "{name}: {}", done.err);
        assert_eq!(done.out, "", "{name}");
    }
    assert!(!house.data().exists(), "nothing was opened for it");
}

#[test]
fn what_is_no_input_is_told_in_a_line() {
    let house = House::new();
    house.write(
        "ok.yaml",
        "name: ok\ninput: { type: object }\nsteps: [{ id: a, kind: transform, with: { value: 1 } }]\n",
    );
    house.write("list.json", "[1]");
    house.write("empty.json", "");
    std::fs::create_dir(house.path().join("folder")).unwrap();
    for (input, said) in [
        (["--input", "n"], "expected NAME=VALUE"),
        (["--input", r#"{"n": 1}"#], "all of it goes into --input-file"),
        (
            ["--input-file", "folder"],
            "error: folder cannot be read: Is a directory",
        ),
        (["--input-file", "/dev/zero"], "error: /dev/zero is larger than 256 KiB"),
        (["--input-file", "empty.json"], "empty.json:1:1: error[malformed-json]"),
        (["--input-file", "list.json"], "list.json:1:1: error[type]: "),
        (["--inptu", "n=1"], "unexpected argument '--inptu'"),
    ] {
        let done = house.run(&[&["run", "ok.yaml"], &input[..]].concat()).expect(2);
        assert!(done.err.contains(said), "{input:?}: {}", done.err);
    }
    let folder = house.run(&["run", "folder"]).expect(2);
    assert!(
        folder.err.contains("what is called so here is a folder"),
        "{}",
        folder.err
    );
}
