//! The clock is set by an hour, ahead or back: what begins after that takes its own time, and nothing is stuck.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::Timestamp;
use serde_json::{Value, json};

use super::kit::{LEASE, Subject, act, names, with};
use crate::core::command::Command;
use crate::core::event::Resolution;
use crate::core::state::StepStatus;
use crate::replay::{Replay, Verdict};

const HOUR: Duration = Duration::from_secs(3600);
const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// A run of a step and of what follows it. The clock is set back by an hour while the step runs.
fn set_back(then: Value) -> Subject {
    let mut run = Subject::queued(json!([act("first", "read"), with(then, json!({ "needs": ["first"] }))]));
    run.now = START.saturating_add(HOUR);
    run.tell(Command::Begin);
    run.now = START;
    run.succeed("first");
    assert_eq!(run.state.last_at, START.saturating_add(HOUR), "event time stands still");
    run
}

#[test]
fn a_wait_that_begins_after_the_clock_was_set_back_takes_its_own_time() {
    let minute = Duration::from_secs(60);
    for then in [
        json!({ "id": "a", "kind": "sleep", "with": { "for": "1m" } }),
        json!({ "id": "a", "kind": "wait_signal", "timeout": "1m", "with": { "name": "go" } }),
        json!({ "id": "a", "kind": "approval", "timeout": "1m", "with": { "message": "well?" } }),
        json!({ "id": "a", "kind": "workflow", "timeout": "1m", "with": { "workflow": "child" } }),
    ] {
        let mut run = set_back(then.clone());
        if then["kind"] == "workflow" {
            run.start_child("a");
        }
        assert_eq!(run.state.next_wake(), Some(START.saturating_add(minute)), "{then}");
        assert!(run.after(Duration::from_millis(59_999)).is_empty(), "{then}");
        assert_eq!(
            run.after(Duration::from_millis(1))
                .first()
                .map(crate::core::Event::name),
            Some("timer.fired")
        );
    }
}

#[test]
fn an_attempt_that_fails_after_the_clock_was_set_back_is_repeated_in_time() {
    let retry = json!({ "max_attempts": 2, "initial": "10s", "jitter": "none" });
    let mut run = set_back(with(act("a", "read"), json!({ "retry": retry })));
    assert_eq!(
        run.at("a").deadline,
        Some(START.saturating_add(Duration::from_secs(60)))
    );
    run.fail("a");
    assert!(run.after(Duration::from_secs(9)).is_empty());
    assert_eq!(names(&run.after(Duration::from_secs(1))), ["step.started"]);
}

#[test]
fn an_unknown_outcome_resolved_after_the_clock_was_set_back_is_repeated_at_once() {
    let mut run = Subject::of_steps(json!([act("a", "once")]));
    run.now = START;
    run.crash(true);
    run.now = Timestamp::from_millis(START.as_millis() - 3_600_000);
    run.resolve("a", Resolution::Retry);
    assert_eq!(names(&run.tell(Command::Tick)), ["step.started"]);
}

#[test]
fn an_old_process_is_waited_for_as_long_as_its_attempt_may_last_whatever_the_clock_was() {
    let minute = Duration::from_secs(60);
    let once = with(act("a", "once"), json!({ "timeout": "1m" }));
    let mut run = Subject::queued(json!([once]));
    run.now = START.saturating_add(HOUR);
    run.tell(Command::Begin);
    run.now = START;
    run.crash(false);
    run.resolve("a", Resolution::Retry);
    assert_eq!(run.state.next_wake(), Some(START.saturating_add(minute + LEASE)));
    // The same after a detour over a failure and a retry of the run: event time, an hour ahead, proves nothing.
    let mut run = Subject::queued(json!([with(act("a", "once"), json!({ "timeout": "1m" }))]));
    run.now = START.saturating_add(HOUR);
    run.tell(Command::Begin);
    run.now = START;
    run.crash(false);
    run.resolve("a", Resolution::Failed("it did not".to_owned()));
    run.retry();
    assert!(run.is("a", StepStatus::Retrying), "{:?}", run.at("a"));
    assert!(run.after(minute).is_empty());
    assert_eq!(names(&run.after(LEASE)), ["step.started"]);
}

#[test]
fn a_retried_run_begins_at_once_what_no_old_process_can_be_at_any_more() {
    let mut run = Subject::of_steps(json!([with(act("a", "once"), json!({ "timeout": "1m" }))]));
    run.crash(false);
    run.resolve("a", Resolution::Failed("it did not".to_owned()));
    run.now = run.now.saturating_add(HOUR);
    assert_eq!(names(&run.retry()), ["run.retried", "step.started"]);
}

#[test]
fn a_wait_that_was_begun_before_the_clock_went_ahead_is_over_when_the_clock_says_so() {
    let mut run = Subject::of(&json!({ "name": "w", "timeout": "2h", "steps": [
        { "id": "a", "kind": "sleep", "with": { "for": "30m" } },
        with(act("b", "read"), json!({ "needs": ["a"] })),
    ] }));
    run.tell(Command::Begin);
    assert_eq!(
        names(&run.after(HOUR)),
        ["timer.fired", "step.succeeded", "step.started"]
    );
    assert_eq!(names(&run.after(HOUR))[0], "run.timed_out");
}

#[test]
fn a_recovery_of_several_attempts_replays_wherever_the_clock_stood() {
    let once =
        |id: &str, timeout: &str, needs: Value| with(act(id, "once"), json!({ "timeout": timeout, "needs": needs }));
    let quarters = (0..480).map(|quarter| Duration::from_millis(250) * quarter);
    let others = [Duration::from_millis(1), Duration::from_millis(340), HOUR, 2 * HOUR];
    for back in quarters.chain(others) {
        for deadly in [false, true] {
            let mut run = Subject::of_steps(json!([
                once("a", "1m", json!([])),
                { "id": "nap", "kind": "sleep", "with": { "for": "20s" } },
                once("b", "90s", json!(["nap"])),
                once("c", "10s", json!(["nap"])),
            ]));
            run.after(Duration::from_secs(20));
            let back = i64::try_from(back.as_millis()).unwrap_or(i64::MAX);
            run.now = Timestamp::from_millis(run.now.as_millis() + 5000 - back);
            if deadly {
                run.tell(Command::BlockDeadly { deaths: 10 });
            } else {
                run.crash(false);
            }
            assert!(["a", "b", "c"].iter().all(|id| run.is(id, StepStatus::Unknown)));
            let replay = Replay::new(Arc::clone(&run.definition), &run.journal).unwrap();
            assert_eq!(replay.finish(), Verdict::Identical, "{back} ms: {:#?}", run.journal);
        }
    }
}
