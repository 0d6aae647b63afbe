//! Every example does what it says.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::house::{House, example};

#[test]
fn repo_report_counts_a_tree_with_difficult_names_and_not_its_own_report() {
    let house = House::new();
    house.write("tree/a b.rs", "fn main() {}\n// TODO: one\n");
    house.write("tree/-dash.py", "# TODO two, TODO three\n\n\n");
    house.write("tree/sub/x=1.sh", "no newline");
    house.write("tree/sub/it's|odd\".md", "");
    house.write("tree/picture.png", "not a source file\n");
    house.write("tree/.git/hook.sh", "# TODO\n");
    house.write("tree/sub/target/made.rs", "// TODO\n");
    let report = example("repo-report.yaml");
    for _ in 0..2 {
        let done = house.run(&["run", &report, "--input", "root=tree"]).expect(0);
        assert_eq!(
            done.json(),
            json!({"files": 4, "lines": 6, "todos": 3, "unreadable": 0, "report": "tree/repo-report.md"})
        );
        let text = house.read("tree/repo-report.md");
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).skip(2).collect();
        assert_eq!(
            rows,
            [
                "| -dash.py | 3 | 2 |",
                "| a b.rs | 2 | 1 |",
                "| sub/it's\\|odd\".md | 0 | 0 |",
                "| sub/x=1.sh | 1 | 0 |",
                "| **Total** | **6** | **3** |",
            ]
        );
    }
}

#[test]
fn repo_report_takes_roots_that_look_like_something_else() {
    let house = House::new();
    for root in ["-x", "a=b", "with space", "."] {
        house.write(&format!("{root}/one.rs"), "TODO\n");
        let done = house
            .run(&["run", &example("repo-report.yaml"), "--input", &format!("root={root}")])
            .expect(0);
        assert_eq!(done.json()["report"], format!("{root}/repo-report.md"), "{root}");
        assert!(
            house
                .read(&format!("{root}/repo-report.md"))
                .contains("one.rs | 1 | 1 |"),
            "{root}"
        );
    }
    let absolute = house.path().join("a=b");
    let input = format!("root={}", absolute.display());
    house
        .run(&["run", &example("repo-report.yaml"), "--input", &input])
        .expect(0);
    let done = house
        .run(&["run", &example("repo-report.yaml"), "--input", "root=missing"])
        .expect(1);
    assert!(done.err.contains("missing"), "{}", done.err);
}

/// The flaky service, ended with the test.
struct Flaky(Child);

impl Drop for Flaky {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn http_with_retries_does_everything_once_on_a_service_that_fails_two_times_of_three() {
    let house = House::new();
    let mut child = Command::new("python3")
        .args([&example("flaky-server.py"), "0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the example's server needs python3");
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut url)
        .unwrap();
    let _flaky = Flaky(child);
    let input = format!("url={}", url.trim());
    let done = house
        .run(&["run", &example("http-with-retries.yaml"), "--input", &input])
        .expect(0);
    let output = done.json();
    assert_eq!((&output["shipped"], &output["invoice"]), (&json!(5), &json!("INV-1")));
    assert_eq!(
        (&output["books"]["shipped"], &output["books"]["invoices"]),
        (&json!(5), &json!(1))
    );
    assert_eq!(output["books"]["failures"], 14);
}

#[test]
fn child_runs_need_their_workflow_and_greet_everybody() {
    let house = House::new();
    let parent = example("child-runs-and-timers.yaml");
    let run = [
        "run",
        &parent,
        "--input",
        r#"names=["Ada", "Grace"]"#,
        "--input",
        "pause=10ms",
    ];
    let done = house.run(&run).expect(1);
    assert!(done.err.contains("workflow-not-found"), "{}", done.err);
    let child = example("child-greeting.yaml");
    let done = house.run(&["workflows", "apply", &child]).expect(0);
    assert!(done.out.contains("child-greeting version 1 registered"), "{}", done.out);
    let done = house.run(&["workflows", "apply", &child]).expect(0);
    assert!(done.out.contains("version 1 is unchanged"), "{}", done.out);
    let done = house.run(&run).expect(0);
    assert_eq!(done.out, "Hello, Ada.\nHello, Grace.\n");
}

#[test]
fn every_example_is_valid() {
    let house = House::new();
    for entry in std::fs::read_dir(example("")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            house.run(&["workflows", "validate", path.to_str().unwrap()]).expect(0);
        }
    }
    assert!(!house.data().exists(), "a check must not make a store");
}
