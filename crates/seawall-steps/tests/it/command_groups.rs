//! Nothing outlives its attempt.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use seawall_engine::EffectClass::Once;
use seawall_engine::Outcome;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Rig, code, eventually, is_alive, not_begun, soon, succeeded, unknown};

/// The number that a script wrote into a file of its folder.
fn pid_in(rig: &Rig, file: &str) -> Option<i32> {
    let text = std::fs::read_to_string(rig.root.path().join(file)).ok()?;
    text.strip_suffix('\n')?.parse().ok()
}

async fn pid_of(rig: &Rig, file: &str) -> i32 {
    eventually(file, || pid_in(rig, file).is_some()).await;
    pid_in(rig, file).expect("a number")
}

fn script(text: &str) -> Value {
    json!({"argv": ["sh", "-c", text]})
}

/// Starts the script, cancels it once `file` holds a process number, and gives that number and the outcome.
async fn cancelled_when_ready(rig: &Rig, text: &str, file: &str) -> (i32, Outcome) {
    let mut tasks = JoinSet::new();
    tasks.spawn(rig.start("command", Once, script(text)));
    let pid = pid_of(rig, file).await;
    rig.cancel.cancel();
    (pid, soon(tasks.join_next()).await.expect("a task").expect("an outcome"))
}

#[tokio::test]
async fn a_cancelled_command_gets_time_to_clean_up() {
    let rig = Rig::new();
    let text = "trap 'echo cleaned > cleaned; exit 0' TERM; echo $$ > pid; while :; do sleep 0.01; done";
    let (pid, outcome) = cancelled_when_ready(&rig, text, "pid").await;
    assert_eq!(code(&unknown(outcome)), "cancelled");
    assert!(rig.root.path().join("cleaned").exists());
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn a_command_that_ignores_sigterm_is_killed_after_the_grace_time() {
    let grace = Duration::from_millis(100);
    let rig = Rig::new().with(|config| config.command.grace = grace);
    let begun = Instant::now();
    let (pid, outcome) = cancelled_when_ready(&rig, "trap '' TERM; echo $$ > pid; sleep 1000; sleep 1000", "pid").await;
    assert_eq!(code(&unknown(outcome)), "cancelled");
    assert!(begun.elapsed() >= grace);
    eventually("the leader is dead", || !is_alive(pid)).await;
}

#[tokio::test]
async fn a_command_that_prints_while_it_is_stopped_is_not_blocked_by_a_full_pipe() {
    let rig = Rig::new().with(|config| config.command.grace = Duration::from_secs(10));
    let text =
        "trap 'head -c 300000 /dev/zero; echo > cleaned; exit 0' TERM; echo $$ > pid; while :; do sleep 0.01; done";
    let (_, outcome) = cancelled_when_ready(&rig, text, "pid").await;
    assert_eq!(code(&unknown(outcome)), "cancelled");
    assert!(rig.root.path().join("cleaned").exists());
}

#[tokio::test]
async fn children_left_behind_are_killed_when_the_leader_exits() {
    let rig = Rig::new();
    // The child keeps the pipes open: without the kill this would last as long as it.
    let output = succeeded(rig.sh("sleep 1000 & echo $! > pid; echo out").await);
    assert_eq!(output["stdout"], "out\n");
    let pid = pid_of(&rig, "pid").await;
    eventually("the child is dead", || !is_alive(pid)).await;
}

#[tokio::test]
async fn children_die_with_a_cancelled_leader_even_if_they_ignore_sigterm() {
    let rig = Rig::new().with(|config| config.command.grace = Duration::from_millis(100));
    let text = "sh -c 'trap \"\" TERM; echo $$ > child; sleep 1000; sleep 1000' & wait";
    let (child, outcome) = cancelled_when_ready(&rig, text, "child").await;
    assert_eq!(code(&unknown(outcome)), "cancelled");
    eventually("the child is dead", || !is_alive(child)).await;
}

#[tokio::test]
async fn children_die_with_a_leader_that_prints_too_much() {
    let rig = Rig::new();
    let error = unknown(rig.sh("sleep 1000 & echo $! > pid; yes").await);
    assert_eq!(code(&error), "output-too-large");
    let pid = pid_of(&rig, "pid").await;
    eventually("the child is dead", || !is_alive(pid)).await;
}

#[tokio::test]
async fn a_child_that_left_the_group_cannot_hold_up_the_step() {
    let rig = Rig::new();
    let output = succeeded(
        rig.sh("setsid sh -c 'echo $$ > pid; sleep 1000' & while [ ! -s pid ]; do :; done; echo out")
            .await,
    );
    assert_eq!(output["stdout"], "out\n");
    // This one escapes, as the documentation says; the sweep of the next node finds it.
    let pid = pid_of(&rig, "pid").await;
    assert!(is_alive(pid));
    let next = seawall_engine::store::NodeId::generate();
    let swept = seawall_steps::sweep_predecessors(&rig.config.installation, next);
    assert_eq!(swept.left, 0);
    assert!(!is_alive(pid));
}

#[tokio::test]
async fn dropping_an_attempt_kills_its_group() {
    let rig = Rig::new();
    let mut tasks = JoinSet::new();
    tasks.spawn(rig.start(
        "command",
        Once,
        script("sleep 1000 & echo $! > child; echo $$ > pid; wait"),
    ));
    let (leader, child) = (pid_of(&rig, "pid").await, pid_of(&rig, "child").await);
    tasks.shutdown().await;
    eventually("leader and child are dead", || !is_alive(leader) && !is_alive(child)).await;
}

#[tokio::test]
async fn cancelling_before_the_start_begins_nothing() {
    let rig = Rig::new();
    rig.cancel.cancel();
    assert_eq!(code(&not_begun(rig.sh("touch started").await)), "cancelled");
    assert_eq!(rig.asked.times(), 0);
    assert!(!rig.root.path().join("started").exists());
}

#[tokio::test]
async fn commands_over_the_limit_wait_before_the_fence_is_asked() {
    let rig = Rig::new().with(|config| config.command.max_commands = 1);
    let registry = rig.registry();
    let mut tasks = JoinSet::new();
    let first = "echo $$ > pid; while [ ! -e go ]; do sleep 0.01; done";
    tasks.spawn(rig.start_in(&registry, "command", Once, script(first)));
    pid_of(&rig, "pid").await;
    let mut second = Box::pin(rig.start_in(&registry, "command", Once, script("touch second")));
    assert!(futures_util::poll!(&mut second).is_pending());
    assert_eq!(rig.asked.times(), 1);
    let go: PathBuf = rig.root.path().join("go");
    std::fs::write(go, "").expect("a file");
    succeeded(soon(tasks.join_next()).await.expect("a task").expect("an outcome"));
    succeeded(second.await);
    assert_eq!(rig.asked.times(), 2);
}

#[tokio::test]
async fn a_command_cancelled_while_it_waits_for_a_place_did_not_begin() {
    let rig = Rig::new().with(|config| config.command.max_commands = 1);
    let other = Rig::new();
    let registry = rig.registry();
    let mut tasks = JoinSet::new();
    tasks.spawn(rig.start_in(
        &registry,
        "command",
        Once,
        script("echo $$ > pid; while [ ! -e go ]; do sleep 0.01; done"),
    ));
    pid_of(&rig, "pid").await;
    let mut second = Box::pin(other.start_in(&registry, "command", Once, script("touch second")));
    assert!(futures_util::poll!(&mut second).is_pending());
    other.cancel.cancel();
    assert_eq!(code(&not_begun(second.await)), "cancelled");
    assert_eq!(other.asked.times(), 0);
    std::fs::write(rig.root.path().join("go"), "").expect("a file");
    succeeded(soon(tasks.join_next()).await.expect("a task").expect("an outcome"));
}
