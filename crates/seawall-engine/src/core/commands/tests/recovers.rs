//! The effect class table: what a crash in mid-attempt leads to.

use std::time::Duration;

use serde_json::json;

use super::kit::{LEASE, Subject, act, names, with};
use crate::core::command::Command;
use crate::core::event::Resolution;
use crate::core::state::StepStatus;

#[test]
fn pure_read_and_idempotent_attempts_are_made_again_under_the_same_key() {
    for class in ["pure", "read", "idempotent"] {
        // Whether the process died, or only lost the run.
        for dead in [true, false] {
            let mut run = Subject::of_steps(json!([act("a", class)]));
            let key = run.starts()[0].effect_key;
            assert_eq!(names(&run.crash(dead)), ["step.started"], "{class} {dead}");
            assert_eq!(
                (run.starts()[0].effect_key, run.starts()[0].attempt),
                (key, 2),
                "{class} {dead}"
            );
            assert_eq!(run.at("a").failures, 0, "a crash is not the step's fault");
        }
    }
}

#[test]
fn what_has_succeeded_is_not_done_again_after_a_crash() {
    for class in ["pure", "read", "idempotent", "once"] {
        let nap = json!({ "id": "nap", "kind": "sleep", "with": { "for": "1h" }, "needs": ["a"] });
        let mut run = Subject::of_steps(json!([act("a", class), nap]));
        run.succeed("a");
        assert!(run.crash(true).is_empty(), "{class}");
        assert!(run.starts().is_empty() && run.is("a", StepStatus::Succeeded), "{class}");
    }
}

#[test]
fn only_idempotent_and_once_attempts_wait_until_they_are_durable() {
    for (class, waits) in [("pure", false), ("read", false), ("idempotent", true), ("once", true)] {
        let run = Subject::of_steps(json!([act("a", class)]));
        assert_eq!(run.starts()[0].effect.waits_for_durability(), waits, "{class}");
    }
}

#[test]
fn a_once_attempt_becomes_unknown_and_blocks_the_run() {
    let mut run = Subject::of_steps(json!([act("a", "once")]));
    assert_eq!(names(&run.crash(true)), ["step.outcome_unknown", "run.blocked"]);
    assert!(run.starts().is_empty());
    assert!(run.crash(true).is_empty(), "another crash changes nothing");
}

#[test]
fn a_once_attempt_whose_process_may_live_is_not_repeated_before_its_deadline_and_a_lease() {
    let mut run = Subject::of_steps(json!([with(act("a", "once"), json!({ "timeout": "30s" }))]));
    let safe = run.now.saturating_add(Duration::from_secs(30)).saturating_add(LEASE);
    run.crash(false);
    run.resolve("a", Resolution::Retry);
    assert_eq!(run.state.next_wake(), Some(safe));
    assert!(run.after(Duration::from_secs(39)).is_empty());
    assert_eq!(names(&run.after(Duration::from_secs(1))), ["step.started"]);
}

#[test]
fn siblings_of_an_unknown_step_go_on_before_the_run_is_blocked() {
    let mut run = Subject::of_steps(json!([
        act("a", "once"),
        act("b", "read"),
        with(act("c", "read"), json!({ "needs": ["a"] })),
        with(act("d", "read"), json!({ "needs": ["b"] })),
    ]));
    assert_eq!(names(&run.crash(true)), ["step.outcome_unknown", "step.started"]);
    run.succeed("b");
    assert!(run.is("d", StepStatus::Running) && run.is("c", StepStatus::Pending));
    assert_eq!(names(&run.succeed("d")), ["step.succeeded", "run.blocked"]);
}

#[test]
fn a_paused_run_makes_its_attempts_again_after_the_pause() {
    let mut run = Subject::of_steps(json!([act("a", "idempotent")]));
    run.pause();
    assert_eq!(names(&run.crash(true)), ["step.deferred"]);
    assert_eq!(run.state.next_wake(), None);
    assert!(run.after(Duration::from_secs(9)).is_empty());
    assert_eq!(names(&run.resume()), ["run.resumed", "step.started"]);
}

#[test]
fn a_run_that_stops_makes_nothing_again() {
    for (class, ends) in [
        ("pure", vec!["step.cancelled", "run.cancelled"]),
        ("read", vec!["step.cancelled", "run.cancelled"]),
        ("idempotent", vec!["step.cancelled", "run.cancelled"]),
        ("once", vec!["step.outcome_unknown", "run.blocked"]),
    ] {
        let mut run = Subject::of_steps(json!([act("a", class)]));
        run.cancel();
        assert_eq!(names(&run.crash(true)), ends, "{class}");
    }
}

#[test]
fn a_repeated_attempt_whose_request_has_changed_is_unknown() {
    let what = json!({ "with": { "do": "{{ run.attempt }}" } });
    for class in ["pure", "read", "idempotent"] {
        let mut run = Subject::of_steps(json!([with(act("a", class), what.clone())]));
        run.cancel();
        run.crash(true);
        let events = run.retry();
        if class == "idempotent" {
            assert_eq!(names(&events), ["run.retried", "step.outcome_unknown", "run.blocked"]);
            assert_eq!(run.at("a").error.as_ref().map(|e| &*e.code), Some("request-changed"));
        } else {
            assert_eq!(names(&events), ["run.retried", "step.started"], "{class}");
        }
    }
    let mut run = Subject::of_steps(json!([with(act("a", "once"), what)]));
    run.cancel();
    run.crash(true);
    assert!(
        run.is("a", StepStatus::Unknown),
        "the cancelled run ends after it is resolved"
    );
}

#[test]
fn an_attempt_that_was_in_flight_a_day_ago_is_not_repeated_under_its_key() {
    let day = Duration::from_secs(24 * 3600);
    for (class, code) in [
        ("pure", None),
        ("read", None),
        ("idempotent", Some("effect-key-expired")),
        ("once", Some("holder-died")),
    ] {
        for (down, is_over) in [(day - Duration::from_secs(1), false), (day, true)] {
            let mut run = Subject::of_steps(json!([act("a", class)]));
            run.now = run.now.saturating_add(down);
            let events = run.crash(true);
            match code.filter(|_| is_over || class == "once") {
                None => assert_eq!(names(&events), ["step.started"], "{class} {down:?}"),
                Some(code) => {
                    assert_eq!(
                        names(&events),
                        ["step.outcome_unknown", "run.blocked"],
                        "{class} {down:?}"
                    );
                    assert_eq!(run.at("a").error.as_ref().map(|e| &*e.code), Some(code));
                }
            }
        }
    }
}

#[test]
fn a_queued_run_begins_when_it_is_recovered() {
    let mut run = Subject::queued(json!([act("a", "read")]));
    assert_eq!(
        names(&run.tell(Command::Recover { predecessor_dead: true })),
        ["run.started", "step.started"]
    );
}

#[test]
fn a_child_that_was_being_looked_up_is_looked_up_again() {
    let mut run = Subject::of_steps(json!([{ "id": "a", "kind": "workflow", "with": { "workflow": "w" } }]));
    assert!(run.crash(true).is_empty());
    assert_eq!(run.actions.len(), 1);
    assert_eq!(names(&run.start_child("a")), ["child.started"]);
}
