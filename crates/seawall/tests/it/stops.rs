//! Interrupted, killed, without a reader.

use std::fs::{self, File};
use std::io::Read as _;
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use serde_json::json;

use crate::house::House;

#[test]
fn ctrl_c_puts_a_run_aside_and_follow_drives_it_on() {
    let house = House::new();
    house.write(
        "flow.yaml",
        "name: flow\nsteps:\n  - { id: first, kind: command, with: { argv: [sh, -c, 'echo first >> log'] } }\n  - { id: \
         nap, kind: sleep, needs: [first], with: { for: 1s } }\n  - { id: second, kind: command, needs: [nap], with: { argv: \
         [sh, -c, 'echo second >> log'] } }\n",
    );
    let mut running = house.start(&["run", "flow.yaml"]);
    running.wait_for("sleeps until");
    running.signal(Signal::INT);
    let told = running.wait_for("is put aside");
    assert!(told.contains("runs follow run_"), "{told}");
    assert_eq!(running.end(), Some(130));
    assert_eq!(house.read("log"), "first\n");
    let listed = house.run(&["runs", "list", "--json"]).expect(0).json();
    assert_eq!(listed["items"][0]["status"], "waiting", "looking executes nothing");
    house
        .run(&["runs", "follow", listed["items"][0]["id"].as_str().unwrap()])
        .expect(0);
    assert_eq!(house.read("log"), "first\nsecond\n");
}

#[test]
fn a_crash_in_a_once_step_blocks_the_run_until_somebody_resolves_it() {
    let house = House::new();
    house.write(
        "crash.yaml",
        "name: crash\nsteps:\n  - { id: hit, kind: command, with: { argv: [sh, -c, 'echo hit >> log; kill -9 $PPID; sleep \
         60'] } }\noutput: \"{{ steps.hit.output }}\"\n",
    );
    assert_eq!(house.run(&["run", "crash.yaml"]).code, None, "SIGKILL");
    let run = house.run(&["runs", "list", "--json"]).expect(0).json()["items"][0]["id"].clone();
    let run = run.as_str().unwrap();
    let done = house.run(&["runs", "follow", run]).expect(3);
    assert!(
        done.err.contains(&format!("runs resolve {run} hit succeeded")),
        "{}",
        done.err
    );
    let done = house
        .run(&["runs", "resolve", run, "hit", "succeeded", "--output", r#""seen""#])
        .expect(0);
    assert_eq!(done.out, "seen\n");
    assert_eq!(house.read("log"), "hit\n", "it was not run again");
    house.run(&["runs", "resolve", run, "hit", "retry"]).expect(1);
}

#[test]
fn a_reader_that_went_away_does_not_stop_the_work() {
    let house = House::new();
    house.write(
        "flow.yaml",
        "name: flow\nsteps:\n  - { id: a, kind: command, with: { argv: [touch, done] } }\n",
    );
    let mut command = house.command(&["run", "flow.yaml", "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(house.path().join("done").exists());
}

#[test]
fn a_signal_ends_a_question_that_nobody_answers_and_gives_the_terminal_back() {
    let house = House::new();
    house.write(
        "ask.yaml",
        "name: ask\nsteps:\n  - { id: ask, kind: approval, with: { message: 'Really?' } }\n",
    );
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let theirs = open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    let stdio = || Stdio::from(theirs.try_clone().unwrap());
    let mut command = house.command(&["run", "ask.yaml"]);
    command
        .env("TERM", "xterm")
        .stdin(stdio())
        .stdout(stdio())
        .stderr(stdio());
    let mut child = command.spawn().unwrap();
    let mut screen = File::from(ours);
    let mut shown = String::new();
    let mut bytes = [0; 1024];
    while !shown.contains("reject") {
        let count = screen.read(&mut bytes).unwrap();
        shown.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    assert!(!tcgetattr(&theirs).unwrap().local_modes.contains(LocalModes::ICANON));
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{shown}");
    assert!(tcgetattr(&theirs).unwrap().local_modes.contains(LocalModes::ICANON));
}

#[test]
fn a_server_that_is_stopped_over_a_long_step_does_it_again_and_has_not_failed_it() {
    let house = House::new();
    // Less than the commands take the first time.
    house.write(".env.dev", "SHUTDOWN_DEADLINE=1s\n");
    let pipe = house.path().join("begun");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Without a policy: one failure would be the run's.
    let step = |effect: &str| {
        let script = format!(
            "echo {effect} >> {effect}; test $(wc -l < {effect}) -eq 2 || {{ echo {effect} > begun; exec sleep 600; }}"
        );
        let step = json!({ "id": "a", "kind": "command", "effect": effect, "with": { "argv": ["sh", "-c", script] } });
        house.write(
            &format!("{effect}.yaml"),
            &json!({ "name": effect, "steps": [step] }).to_string(),
        );
        let run = house.run(&["run", &format!("{effect}.yaml"), "--detach"]).expect(0).out;
        assert_eq!(fs::read_to_string(&pipe).unwrap().trim(), effect);
        run.trim().to_owned()
    };
    let (server, _) = house.serve("0");
    let (idempotent, read, once) = (step("idempotent"), step("read"), step("once"));
    server.signal(Signal::TERM);
    assert_eq!(server.end(), Some(0));
    assert_eq!(house.read("idempotent"), "idempotent\n");
    let (server, _) = house.serve("0");
    house.run(&["runs", "follow", &idempotent]).expect(0);
    house.run(&["runs", "follow", &read]).expect(0);
    let done = house.run(&["runs", "follow", &once]).expect(3);
    assert!(
        done.err.contains(&format!("runs resolve {once} a succeeded")),
        "{}",
        done.err
    );
    assert_eq!(house.read("idempotent"), "idempotent\nidempotent\n");
    assert_eq!(house.read("once"), "once\n", "it was not run again");
    let events = house.run(&["runs", "events", &idempotent, "--json"]).expect(0);
    assert!(!events.out.contains("step.failed"), "{}", events.out);
    server.signal(Signal::TERM);
    assert_eq!(server.end(), Some(0));
    house.run(&["verify"]).expect(0);
}
