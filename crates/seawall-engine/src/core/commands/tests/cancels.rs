//! Cancel and pause in every phase.

use std::time::Duration;

use serde_json::json;

use super::kit::{Subject, act, error, names, with};
use crate::core::event::Resolution;
use crate::core::state::{Phase, StepStatus};
use crate::executor::Outcome;

#[test]
fn a_queued_run_is_cancelled_at_once() {
    let mut run = Subject::queued(json!([act("a", "read")]));
    assert_eq!(names(&run.cancel()), ["run.cancel_requested", "run.cancelled"]);
    assert!(run.cancel().is_empty());
}

#[test]
fn what_is_in_flight_is_told_and_settles_by_its_class() {
    let mut run = Subject::of_steps(json!([
        act("a", "once"),
        act("b", "read"),
        { "id": "c", "kind": "approval", "with": { "message": "well?" } },
        with(act("d", "read"), json!({ "needs": ["a"] })),
    ]));
    let approval = run.approval("c");
    assert_eq!(names(&run.cancel()), ["run.cancel_requested", "step.cancelled"]);
    assert_eq!(run.stops(), ["a", "b"]);
    assert!(run.decide(approval, true).is_empty());
    assert_eq!(
        names(&run.settle("b", Outcome::Unknown(error("cancelled")))),
        ["step.cancelled"]
    );
    assert!(run.stops().is_empty(), "told once");
    assert_eq!(names(&run.succeed("a")), ["step.succeeded", "run.cancelled"]);
    assert!(run.is("d", StepStatus::Pending));
}

#[test]
fn a_once_step_that_was_killed_blocks_the_end_of_a_cancelled_run() {
    let mut run = Subject::of_steps(json!([act("a", "once")]));
    run.cancel();
    let events = run.settle("a", Outcome::Unknown(error("killed")));
    assert_eq!(names(&events), ["step.outcome_unknown", "run.blocked"]);
    let events = run.resolve("a", Resolution::Failed("it was not done".to_owned()));
    assert_eq!(
        names(&events),
        ["run.unblocked", "step.outcome_resolved", "step.failed", "run.cancelled"]
    );
}

#[test]
fn what_was_killed_for_a_cancel_and_may_be_repeated_is_cancelled() {
    for class in ["pure", "read", "idempotent"] {
        let mut run = Subject::of_steps(json!([act("a", class)]));
        run.cancel();
        let events = run.settle("a", Outcome::Unknown(error("killed")));
        assert_eq!(names(&events), ["step.cancelled", "run.cancelled"], "{class}");
    }
}

#[test]
fn a_run_that_fails_already_is_not_cancelled() {
    let mut run = Subject::of_steps(json!([act("a", "read"), act("b", "read")]));
    run.fail("a");
    assert!(run.cancel().is_empty());
    run.succeed("b");
    assert_eq!(run.state.phase, Phase::Failed);
}

#[test]
fn while_paused_nothing_begins_and_what_runs_runs_on() {
    let retry = json!({ "retry": { "max_attempts": 2 } });
    let mut run = Subject::of_steps(json!([
        with(act("a", "read"), retry),
        act("b", "read"),
        with(act("c", "read"), json!({ "needs": ["b"] })),
    ]));
    assert_eq!(names(&run.pause()), ["run.paused"]);
    assert!(run.pause().is_empty());
    assert_eq!(names(&run.fail("a")), ["step.failed"]);
    assert_eq!(names(&run.succeed("b")), ["step.succeeded"]);
    assert_eq!(run.state.next_wake(), None);
    assert!(run.after(Duration::from_secs(60)).is_empty());
    assert_eq!(names(&run.resume()), ["run.resumed", "step.started", "step.started"]);
    assert!(run.resume().is_empty());
}

#[test]
fn a_paused_run_is_cancelled() {
    let mut run = Subject::of_steps(json!([with(
        act("a", "read"),
        json!({ "retry": { "max_attempts": 2 } })
    )]));
    run.pause();
    run.fail("a");
    assert_eq!(
        names(&run.cancel()),
        ["run.cancel_requested", "step.cancelled", "run.cancelled"]
    );
    assert!(run.is("a", StepStatus::Cancelled));
}

#[test]
fn a_run_that_has_ended_takes_nothing() {
    let mut run = Subject::of_steps(json!([act("a", "read")]));
    run.succeed("a");
    assert!(run.cancel().is_empty() && run.pause().is_empty() && run.resume().is_empty());
    assert!(run.signal("go", json!(1)).is_empty() && run.after(Duration::from_secs(1)).is_empty());
    assert!(run.crash(true).is_empty());
}
