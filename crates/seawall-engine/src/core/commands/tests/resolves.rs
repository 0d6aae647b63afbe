//! A person has found out what became of an unknown outcome.

use serde_json::json;

use super::kit::{Subject, act, names, with};
use crate::core::event::Resolution;
use crate::core::state::{Phase, StepStatus};
use crate::datum::Datum;

fn unknown() -> Subject {
    let mut run = Subject::of_steps(json!([
        act("a", "once"),
        with(act("b", "read"), json!({ "needs": ["a"] }))
    ]));
    run.crash(true);
    run
}

#[test]
fn found_to_have_succeeded_the_run_goes_on() {
    let mut run = unknown();
    let events = run.resolve("a", Resolution::Succeeded(Datum::new(json!(1))));
    assert_eq!(
        names(&events),
        [
            "run.unblocked",
            "step.outcome_resolved",
            "step.succeeded",
            "step.started"
        ]
    );
}

#[test]
fn found_to_have_failed_the_run_fails_and_a_retry_makes_a_new_effect() {
    let mut run = unknown();
    let events = run.resolve("a", Resolution::Failed("it did not".to_owned()));
    assert_eq!(
        names(&events),
        ["run.unblocked", "step.outcome_resolved", "step.failed", "run.failed"]
    );
    run.retry();
    assert_eq!((run.at("a").generation, run.starts().len()), (1, 1));
}

#[test]
fn to_be_run_again_it_gets_another_key() {
    let mut run = Subject::of_steps(json!([act("a", "once")]));
    let key = run.starts()[0].effect_key;
    run.crash(true);
    run.resolve("a", Resolution::Retry);
    run.tell(crate::core::command::Command::Tick);
    assert_ne!(run.starts()[0].effect_key, key);
}

#[test]
fn to_be_run_again_in_a_run_that_stops_it_is_cancelled() {
    let mut run = unknown();
    run.cancel();
    let events = run.resolve("a", Resolution::Retry);
    assert_eq!(
        names(&events),
        [
            "run.unblocked",
            "step.outcome_resolved",
            "step.cancelled",
            "run.cancelled"
        ]
    );
}

#[test]
fn what_may_still_be_at_work_is_not_repeated_by_cancelling_and_retrying_the_run() {
    let mut run = Subject::of_steps(json!([act("a", "once")]));
    run.crash(false);
    run.cancel();
    run.resolve("a", Resolution::Retry);
    assert_eq!(run.state.phase, Phase::Cancelled);
    assert_eq!(names(&run.retry()), ["run.retried"]);
    let wake = run.state.next_wake().expect("it waits for its old process");
    assert_eq!(names(&run.after(wake.since(run.now))), ["step.started"]);
}

#[test]
fn with_one_of_two_resolved_the_run_is_blocked_again() {
    let mut run = Subject::of_steps(json!([act("a", "once"), act("b", "once")]));
    run.crash(true);
    let events = run.resolve("a", Resolution::Succeeded(Datum::null()));
    assert_eq!(
        names(&events),
        [
            "run.unblocked",
            "step.outcome_resolved",
            "step.succeeded",
            "run.blocked"
        ]
    );
}

#[test]
fn what_is_not_unknown_is_not_resolved() {
    let mut run = Subject::of_steps(json!([act("a", "once")]));
    for resolution in [
        Resolution::Retry,
        Resolution::Failed(String::new()),
        Resolution::Succeeded(Datum::null()),
    ] {
        assert!(run.resolve("a", resolution).is_empty());
    }
    assert!(run.is("a", StepStatus::Running));
}
