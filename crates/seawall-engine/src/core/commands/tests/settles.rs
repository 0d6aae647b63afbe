//! The end of an attempt: what is known of it, by effect class and retry policy.

use std::time::Duration;

use serde_json::json;

use super::kit::{Subject, act, error, names, with};
use crate::core::state::{Phase, StepStatus};
use crate::executor::{Outcome, StepError};

const CLASSES: [&str; 4] = ["pure", "read", "idempotent", "once"];

#[expect(clippy::needless_pass_by_value, reason = "`json!` stands in the call")]
fn retried(effect: &str, retry: serde_json::Value) -> Subject {
    Subject::of_steps(json!([with(act("a", effect), json!({ "retry": retry }))]))
}

#[test]
fn what_has_not_begun_is_retried_by_policy_in_every_class() {
    for class in CLASSES {
        let mut run = retried(class, json!({ "max_attempts": 2 }));
        run.settle("a", Outcome::NotBegun(error("dns-failed")));
        assert!(run.is("a", StepStatus::Retrying), "{class}");
        run.after(Duration::from_secs(60));
        run.settle("a", Outcome::NotBegun(error("dns-failed")));
        assert!(run.is("a", StepStatus::Failed), "{class}");
    }
}

#[test]
fn a_once_step_without_a_policy_is_attempted_once_even_if_it_has_not_begun() {
    let steps = json!([act("a", "once"), act("b", "read")]);
    let defaults = json!({ "retry": { "max_attempts": 3 } });
    let mut run = Subject::of(&json!({ "name": "w", "defaults": defaults, "steps": steps }));
    run.tell(crate::core::command::Command::Begin);
    run.settle("b", Outcome::NotBegun(error("dns-failed")));
    assert!(run.is("b", StepStatus::Retrying));
    run.settle("a", Outcome::NotBegun(error("dns-failed")));
    assert!(run.is("a", StepStatus::Failed));
}

#[test]
fn what_has_finished_is_retried_but_for_once_only_where_the_step_names_it() {
    for (class, on, status) in [
        ("pure", None, StepStatus::Retrying),
        ("read", None, StepStatus::Retrying),
        ("idempotent", None, StepStatus::Retrying),
        ("once", None, StepStatus::Failed),
        ("once", Some("other"), StepStatus::Failed),
        ("once", Some("bad"), StepStatus::Retrying),
        ("once", Some("ba*"), StepStatus::Retrying),
        ("once", Some("good*"), StepStatus::Failed),
        ("read", Some("other"), StepStatus::Failed),
    ] {
        let mut retry = json!({ "max_attempts": 2 });
        if let Some(code) = on {
            retry["on"] = json!([code]);
        }
        let mut run = retried(class, retry);
        run.fail("a");
        assert!(run.is("a", status), "{class} {on:?}");
    }
}

#[test]
fn an_unknown_outcome_is_tried_again_under_the_same_key_unless_it_was_once() {
    for class in ["pure", "read", "idempotent"] {
        let mut run = retried(class, json!({ "max_attempts": 2 }));
        let key = run.starts()[0].effect_key;
        run.settle("a", Outcome::Unknown(error("reset")));
        assert!(run.at("a").in_doubt, "{class}");
        run.after(Duration::from_secs(60));
        assert_eq!(run.starts()[0].effect_key, key, "{class}");
    }
    let mut run = retried("once", json!({ "max_attempts": 2, "on": ["any"] }));
    let events = run.settle("a", Outcome::Unknown(error("reset")));
    assert_eq!(names(&events), ["step.outcome_unknown", "run.blocked"]);
}

#[test]
fn an_attempt_in_doubt_is_not_repeated_after_its_key_has_aged() {
    let mut run = retried("idempotent", json!({ "max_attempts": 2 }));
    let later = run.now.saturating_add(Duration::from_secs(24 * 3600));
    let deferred = Outcome::Deferred {
        until: later,
        reason: "the breaker is open".to_owned(),
    };
    run.settle("a", Outcome::Unknown(error("reset")));
    run.after(Duration::from_secs(60));
    run.settle("a", deferred);
    let events = run.after(Duration::from_secs(24 * 3600));
    assert_eq!(names(&events), ["step.outcome_unknown", "run.blocked"]);
    assert_eq!(run.at("a").error.as_ref().map(|e| &*e.code), Some("effect-key-expired"));
}

#[test]
fn a_useless_repetition_is_not_made() {
    let mut run = retried("read", json!({ "max_attempts": 5 }));
    run.settle("a", Outcome::Failed(StepError::permanent("bad", "")));
    assert!(run.is("a", StepStatus::Failed));
}

#[test]
fn a_retry_waits_at_least_as_long_as_the_other_side_asks() {
    let mut run = retried("read", json!({ "max_attempts": 2, "initial": "1s", "jitter": "none" }));
    let asked = StepError {
        retry_after: Some(Duration::from_secs(30)),
        ..error("busy")
    };
    run.settle("a", Outcome::Failed(asked));
    assert_eq!(
        run.state.next_wake(),
        Some(run.now.saturating_add(Duration::from_secs(30)))
    );
}

#[test]
fn a_deferred_attempt_burns_none() {
    let mut run = Subject::of_steps(json!([act("a", "once")]));
    for _ in 0..3 {
        let until = run.now.saturating_add(Duration::from_secs(1));
        let reason = "the breaker is open".to_owned();
        run.settle("a", Outcome::Deferred { until, reason });
        assert_eq!(run.at("a").deferred.as_deref(), Some("the breaker is open"));
        run.after(Duration::from_secs(1));
    }
    run.succeed("a");
    assert_eq!((&run.state.phase, run.at("a").failures), (&Phase::Succeeded, 0));
}

#[test]
fn an_end_that_comes_late_says_nothing() {
    let mut run = retried("read", json!({ "max_attempts": 2 }));
    run.fail("a");
    run.after(Duration::from_secs(60));
    let late = crate::core::command::Command::Settle {
        activity: super::kit::activity("a"),
        attempt: 1,
        outcome: Outcome::Succeeded(json!(1)),
    };
    assert!(run.tell(late).is_empty());
    run.succeed("a");
    assert!(run.succeed("a").is_empty());
}

#[test]
fn an_output_that_the_run_cannot_hold_fails_the_step() {
    let mut run = Subject::of_steps(json!([act("a", "read")]));
    run.settle("a", Outcome::Succeeded(json!("x".repeat(64 * 1024 * 1024))));
    assert_eq!(run.at("a").error.as_ref().map(|e| &*e.code), Some("run-too-large"));
}
