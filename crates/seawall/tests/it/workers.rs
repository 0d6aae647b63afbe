//! `examples/worker.py` against the real program: it does its work, and dies over it.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::house::{House, example};

/// A worker process; killed when it is dropped.
struct Worker {
    child: Child,
    told: BufReader<ChildStderr>,
}

impl Worker {
    /// None: there is no Python here. Only this example needs it.
    fn start(house: &House, url: &str) -> Option<Self> {
        let spawned = Command::new("python3")
            .args([
                &example("worker.py"),
                "--server",
                url,
                "--lease",
                "2s",
                "--threads",
                "2",
            ])
            .current_dir(house.path())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = spawned.ok()?;
        let told = BufReader::new(child.stderr.take().unwrap());
        Some(Self { child, told })
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

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn served(house: &House) -> (crate::house::Running, String) {
    let mut server = house.start(&["serve", "--port", "0"]);
    server.wait_for("Seawall listens on http://127.0.0.1:");
    let told: Value = serde_json::from_str(&house.read("data/server.json")).unwrap();
    (server, told["url"].as_str().unwrap().to_owned())
}

#[test]
fn the_example_counts_files_enters_them_once_and_stops_when_it_is_told() {
    let house = House::new();
    let (_server, url) = served(&house);
    house.write("one.txt", "a b\nc");
    house.write("two.txt", "");
    house.write("three.txt", &"word ".repeat(500_000));
    let Some(worker) = Worker::start(&house, &url) else {
        eprintln!("not checked: there is no python3 here");
        return;
    };
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
fn a_worker_killed_in_mid_task_leaves_its_idempotent_task_to_the_next_one_and_its_once_task_unknown() {
    let house = House::new();
    let (_server, url) = served(&house);
    let task = |id: &str, effect: &str| {
        json!({"id": id, "kind": "task", "effect": effect,
            "with": {"queue": "files.words", "payload": {"path": format!("{id}.fifo")}}})
    };
    let flow = json!({"name": "hold", "steps": [task("again", "idempotent"), task("only", "once")],
        "output": "{{ [steps.again.output.words, steps.only.output] }}"});
    house.write("hold.json", &flow.to_string());
    let Some(first) = Worker::start(&house, &url) else {
        eprintln!("not checked: there is no python3 here");
        return;
    };
    let fifo = |name: &str| house.path().join(format!("{name}.fifo"));
    for name in ["again", "only"] {
        assert!(Command::new("mkfifo").arg(fifo(name)).status().unwrap().success());
    }
    let run = house.run(&["run", "hold.json", "--detach"]).expect(0).out;
    let run = run.trim();
    // A pipe can be opened for writing once somebody has opened it for reading: the worker is at both tasks.
    let open = |name: &str| OpenOptions::new().write(true).open(fifo(name)).unwrap();
    let pipes = (open("again"), open("only"));
    first.signal(Signal::KILL);
    let (told, code) = first.end();
    assert_eq!(code, None, "{told}");
    drop(pipes);
    let Some(second) = Worker::start(&house, &url) else {
        return;
    };
    open("again").write_all(b"three words here").unwrap();
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
