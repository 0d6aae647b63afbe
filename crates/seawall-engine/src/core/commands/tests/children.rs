//! Child runs: started once per attempt, told to stop once, ended once.

use std::time::Duration;

use seawall_store::{RunId, RunStatus};
use serde_json::json;

use super::kit::{Subject, act, activity, child_that_takes, error, names, with};
use crate::core::command::{Command, Message};
use crate::core::event::Event;
use crate::core::state::{Phase, StepStatus};
use crate::datum::Datum;

fn parent() -> Subject {
    let child = json!({ "id": "a", "kind": "workflow", "timeout": "1m", "with": { "workflow": "w" } });
    Subject::of_steps(json!([child, act("b", "read")]))
}

fn ended(run: &mut Subject, child: RunId, status: RunStatus) -> Vec<Event> {
    ended_for(run, "a", child, status)
}

fn ended_for(run: &mut Subject, name: &str, child: RunId, status: RunStatus) -> Vec<Event> {
    run.message(Message::ChildEnded {
        child,
        activity: activity(name),
        generation: 0,
        status,
        output: Datum::new(json!(1)),
        error: None,
    })
}

#[test]
fn a_childs_output_is_the_steps() {
    let mut run = parent();
    assert_eq!(names(&run.start_child("a")), ["child.started"]);
    assert!(run.start_child("a").is_empty());
    let child = run.child("a");
    assert_eq!(
        names(&ended(&mut run, child, RunStatus::Succeeded)),
        ["child.finished", "step.succeeded"]
    );
    assert!(ended(&mut run, child, RunStatus::Failed).is_empty());
}

#[test]
fn a_childs_failure_fails_the_step() {
    for status in [RunStatus::Failed, RunStatus::Cancelled] {
        let mut run = parent();
        run.start_child("a");
        let child = run.child("a");
        assert_eq!(
            names(&ended(&mut run, child, status)),
            ["child.finished", "step.failed"]
        );
    }
}

#[test]
fn a_child_that_takes_too_long_is_told_to_stop_and_not_waited_for() {
    let mut run = parent();
    run.start_child("a");
    let child = run.child("a");
    let events = run.after(Duration::from_secs(60));
    assert_eq!(names(&events), ["timer.fired", "child.cancel_requested", "step.failed"]);
    assert!(ended(&mut run, child, RunStatus::Cancelled).is_empty());
}

#[test]
fn a_run_that_stops_tells_its_child_once_and_waits_for_its_end_past_any_timeout() {
    let mut run = parent();
    run.start_child("a");
    let child = run.child("a");
    assert_eq!(names(&run.cancel()), ["run.cancel_requested", "child.cancel_requested"]);
    assert!(run.crash(true).iter().all(|event| event.name() == "step.cancelled"));
    assert_eq!(run.state.next_wake(), None, "nothing to be woken for");
    assert!(run.after(Duration::from_secs(60)).is_empty());
    let events = ended(&mut run, child, RunStatus::Cancelled);
    assert_eq!(names(&events), ["child.finished", "step.cancelled", "run.cancelled"]);
}

#[test]
fn a_child_that_was_looked_up_while_the_run_stopped_is_not_started() {
    let mut run = parent();
    run.cancel();
    assert_eq!(names(&run.start_child("a")), ["step.cancelled"]);
}

#[test]
fn a_workflow_that_is_not_found_fails_the_step() {
    let mut run = parent();
    let found = Err(error("no-such-workflow"));
    run.tell(Command::StartChild {
        activity: activity("a"),
        attempt: 1,
        found,
    });
    assert!(run.is("a", StepStatus::Failed) && matches!(run.state.phase, Phase::Failing(_)));
}

#[test]
fn an_input_that_the_childs_workflow_does_not_take_fails_the_step_and_makes_no_child() {
    let found = |schema| {
        let mut run = parent();
        let events = run.tell(Command::StartChild {
            activity: activity("a"),
            attempt: 1,
            found: Ok(child_that_takes(&schema)),
        });
        (run, events)
    };
    let (run, events) = found(json!({ "type": "object", "required": ["from", "to"] }));
    let [Event::StepFailed { error, retry_at, .. }] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(
        (&*error.code, error.retryable, *retry_at),
        ("input-invalid", false, None)
    );
    assert_eq!(
        error.message,
        "workflow w, version 1, does not take this input: `from` is missing (at /input/from); and 1 more"
    );
    assert!(matches!(&run.state.phase, Phase::Failing(error) if &*error.code == "input-invalid"));
    let (_, events) = found(json!({ "type": "object" }));
    assert_eq!(names(&events), ["child.started"]);
}

#[test]
fn of_two_children_that_take_too_long_at_once_the_second_is_told_once_and_waited_for() {
    let step = json!({ "kind": "workflow", "timeout": "1m", "with": { "workflow": "w" } });
    let mut run = Subject::of_steps(json!([{ "id": "m", "kind": "map", "with": { "over": [1, 2], "step": step } }]));
    run.start_child("m[0]");
    run.start_child("m[1]");
    let events = run.after(Duration::from_secs(60));
    let told = "child.cancel_requested";
    assert_eq!(names(&events), ["timer.fired", told, "step.failed", told]);
    assert!(run.is("m[1]", StepStatus::Waiting) && run.is("m", StepStatus::Running));
}

/// `a` is undone by an attempt, `b` by a child run that takes longer than a minute, `c` has failed.
fn slow_compensation() -> (Subject, RunId) {
    let by_child = json!({ "kind": "workflow", "timeout": "1m", "with": { "workflow": "undo" } });
    let by_attempt = json!({ "kind": "act", "effect": "once" });
    let mut run = Subject::of_steps(json!([
        with(act("a", "read"), json!({ "compensate": by_attempt })),
        with(act("b", "read"), json!({ "needs": ["a"], "compensate": by_child })),
        with(act("c", "read"), json!({ "needs": ["b"] })),
    ]));
    run.succeed("a");
    run.succeed("b");
    run.fail("c");
    run.start_child("b.compensate");
    let child = run.child("b.compensate");
    let events = run.after(Duration::from_secs(60));
    assert_eq!(names(&events), ["timer.fired", "child.cancel_requested"]);
    assert!(run.starts().is_empty(), "the child is at work still");
    assert!(run.after(Duration::from_secs(60)).is_empty(), "it is told once");
    (run, child)
}

#[test]
fn the_next_compensation_waits_for_the_end_of_a_child_that_takes_too_long() {
    for status in [RunStatus::Cancelled, RunStatus::Failed] {
        let (mut run, child) = slow_compensation();
        let events = ended_for(&mut run, "b.compensate", child, status);
        assert_eq!(names(&events), ["child.finished", "step.failed", "step.started"]);
        let error = run.at("b.compensate").error.clone().expect("it failed");
        assert_eq!(&*error.code, "timeout");
        assert_eq!(run.starts()[0].activity.to_string(), "a.compensate");
    }
}

#[test]
fn a_child_that_undid_all_the_same_has_undone() {
    let (mut run, child) = slow_compensation();
    let events = ended_for(&mut run, "b.compensate", child, RunStatus::Succeeded);
    assert_eq!(names(&events), ["child.finished", "step.succeeded", "step.started"]);
}
