//! Sleeps, signals and approvals: each wait is settled once, by what comes first.

use std::time::Duration;

use seawall_store::Awaits;
use serde_json::json;

use super::kit::{Subject, names};
use crate::core::event::{Decided, Event};
use crate::core::state::StepStatus;

fn signal(timeout: &str) -> Subject {
    Subject::of_steps(json!([{ "id": "a", "kind": "wait_signal", "timeout": timeout, "with": { "name": "go" } }]))
}

fn approval(on_timeout: &str) -> Subject {
    let with = json!({ "message": "well?", "on_timeout": on_timeout });
    Subject::of_steps(json!([{ "id": "a", "kind": "approval", "timeout": "1m", "with": with }]))
}

#[test]
fn a_sleep_ends_in_its_time_also_while_paused() {
    let mut run = Subject::of_steps(json!([{ "id": "a", "kind": "sleep", "with": { "for": "1m" } }]));
    run.pause();
    assert!(run.after(Duration::from_secs(59)).is_empty());
    assert_eq!(
        names(&run.after(Duration::from_secs(1))),
        ["timer.fired", "step.succeeded", "run.succeeded"]
    );
}

#[test]
fn a_sleep_that_is_longer_than_its_timeout_fails_then() {
    let step = json!({ "id": "a", "kind": "sleep", "timeout": "10s", "with": { "for": "1m" } });
    let mut run = Subject::of_steps(json!([step]));
    assert_eq!(
        names(&run.after(Duration::from_secs(10))),
        ["timer.fired", "step.failed", "run.failed"]
    );
    assert_eq!(run.at("a").error.as_ref().map(|e| &*e.code), Some("timeout"));
}

#[test]
fn a_signal_ends_the_wait_and_the_timeout_comes_too_late() {
    let mut run = signal("1m");
    assert_eq!(run.state.awaits(), Awaits::Person);
    assert_eq!(
        names(&run.signal("go", json!(7))),
        ["signal.received", "step.succeeded", "run.succeeded"]
    );
    assert_eq!(run.at("a").output.as_ref().map(|o| o.json().clone()), Some(json!(7)));
    assert!(run.after(Duration::from_secs(60)).is_empty());
}

#[test]
fn a_signal_of_another_name_is_kept() {
    let mut run = signal("1m");
    assert_eq!(names(&run.signal("stop", json!(7))), ["signal.received"]);
    assert_eq!(
        names(&run.after(Duration::from_secs(60))),
        ["timer.fired", "step.failed", "run.failed"]
    );
    assert!(run.signal("go", json!(7)).is_empty());
}

#[test]
fn signals_that_came_before_the_wait_are_taken_oldest_first_each_once() {
    let wait =
        |id: &str, needs: &[&str]| json!({ "id": id, "kind": "wait_signal", "needs": needs, "with": { "name": "go" } });
    let mut run = Subject::queued(json!([wait("a", &[]), wait("b", &["a"]), wait("c", &["b"])]));
    run.signal("go", json!(1));
    run.signal("go", json!(2));
    run.tell(crate::core::command::Command::Begin);
    let output = |run: &Subject, name: &str| run.at(name).output.as_ref().map(|o| o.json().clone());
    assert_eq!((output(&run, "a"), output(&run, "b")), (Some(json!(1)), Some(json!(2))));
    assert!(run.is("c", StepStatus::Waiting) && run.state.signals.is_empty());
}

#[test]
fn signals_are_kept_only_as_far_as_the_run_can_hold_them() {
    let mut run = signal("1h");
    for _ in 0..70 {
        run.signal("stop", json!("x".repeat(1024 * 1024)));
    }
    assert_eq!(run.state.signals.len(), 63);
}

#[test]
fn an_approval_is_decided_once() {
    for (approve, ends) in [(true, "run.succeeded"), (false, "run.failed")] {
        let mut run = approval("fail");
        let id = run.approval("a");
        assert_eq!(names(&run.decide(id, approve)).last(), Some(&ends));
        assert!(run.decide(id, !approve).is_empty());
        assert!(run.after(Duration::from_secs(60)).is_empty());
    }
}

#[test]
fn an_approval_that_nobody_decides_ends_as_its_author_says() {
    for (on_timeout, decided, status) in [
        ("approve", Decided::Approved, StepStatus::Succeeded),
        ("reject", Decided::Rejected, StepStatus::Failed),
        ("fail", Decided::Expired, StepStatus::Failed),
    ] {
        let mut run = approval(on_timeout);
        let id = run.approval("a");
        let events = run.after(Duration::from_secs(60));
        let found = events
            .iter()
            .any(|event| matches!(event, Event::ApprovalDecided { decision, .. } if *decision == decided));
        assert!(found && run.is("a", status), "{on_timeout}: {events:?}");
        assert!(run.decide(id, true).is_empty(), "the loser of the race changes nothing");
    }
}

#[test]
fn an_approval_that_is_asked_for_again_is_another_one() {
    let mut run = approval("fail");
    let first = run.approval("a");
    run.cancel();
    run.retry();
    assert_ne!(run.approval("a"), first);
    assert!(run.decide(first, true).is_empty());
}

#[test]
fn an_approval_has_somebody_to_decide_it_and_not_too_many() {
    let deciders = |list: &str| {
        let with = json!({ "message": "well?", "deciders": list });
        let mut run = Subject::queued(json!([{ "id": "a", "kind": "approval", "with": with }]));
        run.tell(crate::core::command::Command::Begin);
        run
    };
    for list in ["{{ [] }}", "{{ range(101) | list }}", "{{ 1 }}"] {
        let run = deciders(list);
        let error = run.at("a").error.clone().expect("it failed");
        assert_eq!((&*error.code, error.retryable), ("deciders", false), "{list}");
    }
    for list in ["{{ ['ann'] }}", "{{ range(100) | list }}"] {
        assert!(deciders(list).is("a", StepStatus::Waiting), "{list}");
    }
}
