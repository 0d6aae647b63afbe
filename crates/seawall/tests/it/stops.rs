//! Interrupted, killed, without a reader.

use std::process::Stdio;

use rustix::process::Signal;

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
