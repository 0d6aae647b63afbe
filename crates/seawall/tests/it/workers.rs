//! The examples of workers against the real program: they do their work, and die over it.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::house::{House, example};

/// The examples of workers.
#[derive(Clone, Copy, Debug)]
enum Example {
    Python { lease: &'static str },
    Rust,
}

/// Its tasks come back soon after it was killed.
const SHORT: Example = Example::Python { lease: "2s" };
const LONG: Example = Example::Python { lease: "30s" };

/// A worker process; killed when it is dropped.
struct Worker {
    child: Child,
    told: BufReader<ChildStderr>,
}

impl Worker {
    fn start(example: Example, house: &House, url: &str) -> Self {
        let mut command = example.command();
        let child = command
            .args(["--server", url])
            .current_dir(house.path())
            .envs(house.key().map(|key| ("SEAWALL_API_KEY", key)))
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let told = BufReader::new(child.stderr.take().unwrap());
        Self { child, told }
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Everything that it has said, and its exit code.
    fn end(mut self) -> (String, Option<i32>) {
        let lines: Vec<String> = (&mut self.told).lines().map(Result::unwrap).collect();
        (lines.join("\n"), self.child.wait().unwrap().code())
    }
}

impl Example {
    fn command(self) -> Command {
        match self {
            Self::Python { lease } => {
                let mut command = Command::new("python3");
                command.args([&example("worker.py"), "--lease", lease, "--threads", "2"]);
                command
            }
            Self::Rust => {
                // Cargo builds examples before it runs tests, beside the program; told to run one test target alone, not.
                let built = Path::new(env!("CARGO_BIN_EXE_seawall")).with_file_name("examples");
                let worker = built.join("worker");
                assert!(worker.exists(), "first: cargo build -p seawall --example worker");
                Command::new(worker)
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A task of the queue that counts words, of a pipe called as the step: whoever reads it waits for the test.
fn held(id: &str, effect: &str) -> Value {
    json!({"id": id, "kind": "task", "effect": effect,
        "with": {"queue": "files.words", "payload": {"path": format!("{id}.fifo")}}})
}

fn make_pipe(house: &House, id: &str) {
    let pipe = house.path().join(format!("{id}.fifo"));
    assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
}

/// A pipe can be opened for writing once somebody has opened it for reading: then the worker is at the task.
fn open_pipe(house: &House, id: &str) -> File {
    let pipe = house.path().join(format!("{id}.fifo"));
    OpenOptions::new().write(true).open(pipe).unwrap()
}

/// No port that is given out to whoever asks for one, so none of another test.
const NOBODY: &str = "http://127.0.0.1:9";

#[test]
fn a_worker_that_finds_no_server_says_where_it_looked_and_what_to_start() {
    let house = House::new();
    for example in [SHORT, Example::Rust] {
        let mut worker = Worker::start(example, &house, NOBODY);
        let mut told = (&mut worker.told).lines().map(Result::unwrap);
        let line = told.find(|line| line.contains("again in")).unwrap();
        assert!(line.contains(&format!("no answer from {NOBODY} (")), "{line}");
        assert!(
            line.contains("Connection refused") && line.contains("is `seawall serve` running there?"),
            "{line}"
        );
    }
}

fn counts_enters_and_stops(worker: Example) {
    let house = House::new();
    let (_server, url) = house.serve("0");
    house.write("one.txt", "a b\nc");
    house.write("two.txt", "");
    house.write("three.txt", &"word ".repeat(500_000));
    let worker = Worker::start(worker, &house, &url);
    let flow = example("workers.yaml");
    let paths = r#"paths=["one.txt", "two.txt", "three.txt"]"#;
    let done = house
        .run(&["run", &flow, "--input", paths, "--input", "ledger=ledger.txt"])
        .expect(0);
    let files = &done.json()["files"];
    let counts: Vec<[u64; 3]> = files
        .as_array()
        .unwrap()
        .iter()
        .map(|file| ["lines", "words", "bytes"].map(|field| file[field].as_u64().unwrap()))
        .collect();
    assert_eq!(counts, [[1, 3, 5], [0, 0, 0], [0, 500_000, 2_500_000]]);
    let entry = done.json()["entry"].as_str().unwrap().to_owned();
    assert!(entry.ends_with("3 files 500003 words"), "{entry}");
    assert_eq!(house.read("ledger.txt"), format!("{entry}\n"));
    let paths = r#"paths=["missing.txt"]"#;
    let failed = house
        .run(&["run", &flow, "--input", paths, "--input", "ledger=ledger.txt"])
        .expect(1);
    assert!(failed.err.contains("file-not-found"), "{}", failed.err);
    worker.signal(Signal::TERM);
    let (told, code) = worker.end();
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn the_example_in_python_counts_files_enters_them_once_and_stops_when_it_is_told() {
    counts_enters_and_stops(SHORT);
}

#[test]
fn the_example_in_rust_does_the_same() {
    counts_enters_and_stops(Example::Rust);
}

fn outlives_its_server(worker: Example) {
    let house = House::new();
    let (server, url) = house.serve("0");
    let flow = json!({"name": "hold", "steps": [held("slow", "once")], "output": "{{ steps.slow.output.words }}"});
    house.write("hold.json", &flow.to_string());
    make_pipe(&house, "slow");
    let worker = Worker::start(worker, &house, &url);
    let run = house.run(&["run", "hold.json", "--detach"]).expect(0).out;
    let mut pipe = open_pipe(&house, "slow");
    server.signal(Signal::TERM);
    assert_eq!(server.end(), Some(0), "it does not wait for workers");
    worker.signal(Signal::TERM);
    let port = url.rsplit(':').next().unwrap();
    let (_server, _) = house.serve(port);
    pipe.write_all(b"three words here").unwrap();
    drop(pipe);
    let done = house.run(&["runs", "follow", run.trim()]).expect(0);
    assert_eq!(done.json(), 3);
    let (told, code) = worker.end();
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn the_example_in_python_finishes_what_it_has_although_the_server_restarts_and_it_is_told_to_stop() {
    outlives_its_server(LONG);
}

#[test]
fn the_example_in_rust_finishes_what_it_has_although_the_server_restarts_and_it_is_told_to_stop() {
    outlives_its_server(Example::Rust);
}

#[test]
fn what_the_server_refuses_for_good_ends_the_example_in_python() {
    let house = House::new();
    let (_server, url) = house.serve("0");
    let name = "x".repeat(200);
    for (key, status) in [(house.key(), "422"), (None, "401"), (Some("another".to_owned()), "401")] {
        let mut command = LONG.command();
        command
            .args(["--server", &url, "--name", &name])
            .env_remove("SEAWALL_API_KEY");
        let told = command.envs(key.map(|key| ("SEAWALL_API_KEY", key))).output().unwrap();
        let words = String::from_utf8(told.stderr).unwrap();
        assert_eq!(told.status.code(), Some(1), "{words}");
        assert!(words.contains(status), "{words}");
    }
}

#[test]
fn a_worker_killed_in_mid_task_leaves_its_idempotent_task_to_the_next_one_and_its_once_task_unknown() {
    let house = House::new();
    let (_server, url) = house.serve("0");
    let flow = json!({"name": "hold", "steps": [held("again", "idempotent"), held("only", "once")],
        "output": "{{ [steps.again.output.words, steps.only.output] }}"});
    house.write("hold.json", &flow.to_string());
    let first = Worker::start(SHORT, &house, &url);
    for name in ["again", "only"] {
        make_pipe(&house, name);
    }
    let run = house.run(&["run", "hold.json", "--detach"]).expect(0).out;
    let run = run.trim();
    let pipes = (open_pipe(&house, "again"), open_pipe(&house, "only"));
    first.signal(Signal::KILL);
    let (told, code) = first.end();
    assert_eq!(code, None, "{told}");
    drop(pipes);
    let second = Worker::start(SHORT, &house, &url);
    open_pipe(&house, "again").write_all(b"three words here").unwrap();
    // Blocked: the outcome of the other one is for a person to find out.
    house.run(&["runs", "follow", run]).expect(3);
    let shown = house.run(&["runs", "show", run, "--json"]).expect(0).json();
    let steps = &shown["steps"];
    assert_eq!(
        (&steps[0]["status"], &steps[0]["attempts"]),
        (&json!("succeeded"), &json!(2))
    );
    assert_eq!(
        (&steps[1]["status"], &steps[1]["attempts"]),
        (&json!("unknown"), &json!(1))
    );
    assert_eq!(steps[1]["error"]["code"], "worker-vanished");
    house
        .run(&["runs", "resolve", run, "only", "succeeded", "--output", r#""found""#])
        .expect(0);
    let done = house.run(&["runs", "follow", run]).expect(0);
    assert_eq!(done.json(), json!([3, "found"]));
    second.signal(Signal::TERM);
    assert_eq!(second.end().1, Some(0));
}
