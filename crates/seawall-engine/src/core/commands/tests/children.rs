//! Child runs: started once per attempt, told to stop once, ended once.

use std::time::Duration;

use seawall_store::{RunId, RunStatus};
use serde_json::{Value, json};

use super::kit::{Subject, act, activity, by, child_that_takes, error, names, with};
use crate::core::Withdrawal;
use crate::core::command::{Command, Message};
use crate::core::event::{Event, Resolution, Supersession};
use crate::core::state::{Phase, StepStatus};
use crate::datum::Datum;
use crate::executor::Outcome;

fn parent() -> Subject {
    let child = json!({ "id": "a", "kind": "workflow", "timeout": "1m", "with": { "workflow": "w" } });
    Subject::of_steps(json!([child, act("b", "read")]))
}

/// Its child takes longer than a minute.
fn late() -> (Subject, RunId) {
    let mut run = parent();
    run.start_child("a");
    let child = run.child("a");
    let events = run.after(Duration::from_secs(60));
    assert_eq!(names(&events), ["timer.fired", "child.cancel_requested"]);
    assert!(run.is("a", StepStatus::Waiting));
    (run, child)
}

fn ended(run: &mut Subject, child: RunId, status: RunStatus) -> Vec<Event> {
    ended_for(run, "a", child, status)
}

fn ended_for(run: &mut Subject, name: &str, child: RunId, status: RunStatus) -> Vec<Event> {
    ended_in(run, name, child, (status, 0))
}

fn ended_again(run: &mut Subject, child: RunId, status: RunStatus, round: u32) -> Vec<Event> {
    ended_in(run, "a", child, (status, round))
}

fn ended_in(run: &mut Subject, name: &str, child: RunId, (status, round): (RunStatus, u32)) -> Vec<Event> {
    run.message(Message::ChildEnded {
        child,
        activity: activity(name),
        generation: 0,
        round,
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
fn a_child_that_takes_too_long_is_told_to_stop_and_fails_the_step_when_it_has_ended() {
    for status in [RunStatus::Cancelled, RunStatus::Failed] {
        let (mut run, child) = late();
        run.crash(true);
        assert_eq!(run.state.next_wake(), None, "nothing to be woken for");
        assert_eq!(
            names(&ended(&mut run, child, status)),
            ["child.finished", "step.failed"]
        );
        assert_eq!(run.at("a").error.as_ref().map(|error| &*error.code), Some("timeout"));
    }
}

#[test]
fn a_child_that_succeeds_although_it_took_too_long_gives_its_output() {
    let (mut run, child) = late();
    let events = ended(&mut run, child, RunStatus::Succeeded);
    assert_eq!(names(&events), ["child.finished", "step.succeeded"]);
}

#[test]
fn a_run_that_stops_does_not_tell_its_late_child_again() {
    let (mut run, child) = late();
    run.succeed("b");
    assert_eq!(names(&run.cancel()), ["run.cancel_requested"]);
    let events = ended(&mut run, child, RunStatus::Cancelled);
    assert_eq!(names(&events), ["child.finished", "step.cancelled", "run.cancelled"]);
}

#[test]
fn nothing_is_undone_beside_what_a_child_that_took_too_long_does_still() {
    let undo = json!({ "kind": "act", "effect": "once" });
    let child = json!({ "id": "b", "kind": "workflow", "timeout": "1m", "needs": ["a"], "with": { "workflow": "w" } });
    let mut run = Subject::of_steps(json!([with(act("a", "read"), json!({ "compensate": undo })), child]));
    run.succeed("a");
    run.start_child("b");
    let child = run.child("b");
    run.after(Duration::from_secs(60));
    assert!(run.starts().is_empty(), "the child is at work still");
    let events = ended_for(&mut run, "b", child, RunStatus::Cancelled);
    let undoes = ["compensation.started", "step.started"];
    assert_eq!(names(&events), [["child.finished", "step.failed"], undoes].concat());
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
fn of_two_children_that_take_too_long_at_once_each_is_told_once_and_waited_for() {
    let step = json!({ "kind": "workflow", "timeout": "1m", "with": { "workflow": "w" } });
    let mut run = Subject::of_steps(json!([{ "id": "m", "kind": "map", "with": { "over": [1, 2], "step": step } }]));
    run.start_child("m[0]");
    run.start_child("m[1]");
    let events = run.after(Duration::from_secs(60));
    let told = ["timer.fired", "child.cancel_requested"];
    assert_eq!(names(&events), [told, told].concat());
    assert_eq!(
        names(&run.end_child("m[0]", RunStatus::Cancelled)),
        ["child.finished", "step.failed"]
    );
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

#[test]
fn a_retry_of_the_run_retries_the_child_that_failed_and_waits_for_its_next_end() {
    let mut run = parent();
    run.start_child("a");
    let child = run.child("a");
    run.succeed("b");
    ended(&mut run, child, RunStatus::Failed);
    assert_eq!(run.state.phase, Phase::Failed);
    assert_eq!(names(&run.retry()), ["run.retried", "step.started", "child.retried"]);
    assert!(run.child("a") == child && run.actions.is_empty());
    // Its end of before is nobody's any more.
    assert!(ended(&mut run, child, RunStatus::Failed).is_empty());
    run.crash(true);
    let events = ended_again(&mut run, child, RunStatus::Succeeded, 2);
    assert_eq!(names(&events), ["child.finished", "step.succeeded", "run.succeeded"]);
}

#[test]
fn a_child_that_took_too_long_is_retried_and_can_be_told_to_stop_again() {
    let (mut run, child) = late();
    run.succeed("b");
    ended(&mut run, child, RunStatus::Cancelled);
    assert_eq!(run.state.phase, Phase::Failed);
    assert_eq!(names(&run.retry()), ["run.retried", "step.started", "child.retried"]);
    // What it came to when it was told to stop.
    assert!(ended(&mut run, child, RunStatus::Cancelled).is_empty());
    assert_eq!(names(&run.cancel()), ["run.cancel_requested", "child.cancel_requested"]);
    let events = ended_again(&mut run, child, RunStatus::Cancelled, 2);
    assert_eq!(names(&events), ["child.finished", "step.cancelled", "run.cancelled"]);
    assert_eq!(names(&run.retry()), ["run.retried", "step.started", "child.retried"]);
}

/// A child whose `x` has succeeded and whose `y` has not.
fn child() -> Subject {
    let steps = json!([act("x", "once"), with(act("y", "once"), json!({ "needs": ["x"] }))]);
    let mut run = Subject::queued(steps).into_child();
    run.tell(Command::Begin);
    run.succeed("x");
    run
}

fn asked(run: &mut Subject, round: u32) -> Vec<&'static str> {
    names(&run.message(Message::ParentRetried { by: by(), round }))
}

#[test]
fn a_child_whose_parent_was_retried_goes_on_from_what_failed() {
    let mut run = child();
    run.fail("y");
    let events = asked(&mut run, 2);
    assert_eq!(events, ["run.retry_requested", "run.retried", "step.started"]);
    assert!(asked(&mut run, 2).is_empty());
    run.succeed("y");
    assert_eq!((run.at("x").attempts, run.state.asked), (1, 2));
    // Asked once more, it says once more what it came to.
    assert_eq!(asked(&mut run, 3), ["run.retry_requested"]);
    assert_eq!(run.state.phase, Phase::Succeeded);
}

#[test]
fn a_child_that_is_being_stopped_is_retried_when_that_is_over() {
    let mut run = child();
    run.cancel();
    run.settle("y", Outcome::Unknown(error("killed")));
    assert_eq!(asked(&mut run, 2), ["run.retry_requested"]);
    assert_eq!(run.state.status(), RunStatus::Blocked);
    run.crash(true);
    let events = run.resolve("y", Resolution::Succeeded(json!(1).into()));
    assert_eq!(
        names(&events)[2..],
        ["step.succeeded", "run.cancelled", "run.retried", "run.succeeded"]
    );
}

#[test]
fn a_child_that_is_told_to_stop_meanwhile_is_not_retried() {
    let mut run = child();
    run.cancel();
    run.settle("y", Outcome::Unknown(error("killed")));
    asked(&mut run, 2);
    assert_eq!(names(&run.cancel()), ["run.cancel_requested"]);
    assert_eq!(run.state.status(), RunStatus::Blocked);
    let events = run.resolve("y", Resolution::Failed("no".to_owned()));
    assert_eq!(names(&events).last(), Some(&"run.cancelled"));
}

/// A list in a list in a list …
fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

#[test]
fn an_input_beyond_the_bounds_of_one_fails_the_step_and_no_child_is_begun() {
    for (input, code) in [
        (json!("{{ input }}"), None),
        (json!(["{{ input }}"]), Some("input-too-deep")),
        (json!({ "down": { "there": "{{ input }}" } }), Some("input-too-deep")),
    ] {
        let definition = json!({ "name": "w", "steps": [{ "id": "a", "kind": "workflow",
            "with": { "workflow": "w", "input": input } }] });
        let mut run = Subject::with_input(&definition, nested(64));
        run.tell(Command::Begin);
        let events = run.start_child("a");
        let Some(code) = code else {
            assert_eq!(names(&events), ["child.started"]);
            continue;
        };
        assert_eq!(names(&events), ["step.failed", "run.failed"]);
        assert_eq!(run.at("a").error.as_ref().map(|error| &*error.code), Some(code));
    }
}

#[test]
fn a_value_of_on_error_beyond_the_bounds_of_an_output_fails_the_step() {
    let step = with(act("a", "read"), json!({ "on_error": { "value": ["{{ input }}"] } }));
    let mut run = Subject::with_input(&json!({ "name": "w", "steps": [step] }), nested(64));
    run.tell(Command::Begin);
    assert_eq!(names(&run.fail("a")), ["step.failed", "run.failed"]);
    assert_eq!(
        run.at("a").error.as_ref().map(|error| &*error.code),
        Some("output-too-deep")
    );
}

/// A child under flow control of which one step has failed.
fn limited_child() -> Subject {
    let definition = json!({ "name": "w", "concurrency": 1, "steps": [act("x", "once")] });
    let mut run = Subject::of(&definition).into_child();
    run.message(Message::Admitted);
    run.fail("x");
    run
}

#[test]
fn a_retried_child_under_flow_control_waits_for_its_admission() {
    let mut run = limited_child();
    assert_eq!(asked(&mut run, 2), ["run.retry_requested"]);
    assert!(run.state.awaits_readmission());
    assert_eq!(run.state.phase, Phase::Failed);
    run.crash(true);
    run.after(Duration::from_secs(3));
    let events = run.message(Message::Admitted);
    assert_eq!(names(&events), ["run.admitted", "run.retried", "step.started"]);
    assert!(
        matches!(events[0], Event::RunAdmitted { waited_ms: 3000 }),
        "{events:?}"
    );
    assert!(run.message(Message::Admitted).is_empty());
}

#[test]
fn what_ends_the_wait_of_a_retried_child_answers_its_parent_and_leaves_it_as_it_was() {
    let newer = RunId::derived(&[b"newer"]);
    for (message, reason) in [
        (Message::Cancel { by: by() }, Withdrawal::Cancelled { by: by() }),
        (Message::WithdrawRetry { by: by() }, Withdrawal::Cancelled { by: by() }),
        (
            Message::Superseded {
                by: newer,
                reason: Supersession::CancelRunning,
            },
            Withdrawal::Superseded { by: newer },
        ),
        (Message::Rejected, Withdrawal::Rejected),
    ] {
        let mut run = limited_child();
        asked(&mut run, 2);
        let events = run.message(message.clone());
        assert_eq!(events, [Event::RunRetryWithdrawn { reason }]);
        assert_eq!((&run.state.phase, run.state.asked), (&Phase::Failed, 2));
        // What comes too late: its admission, and the same once more.
        assert!(run.message(Message::Admitted).is_empty() && run.message(message).is_empty());
        assert_eq!(asked(&mut run, 3), ["run.retry_requested"]);
        assert!(run.state.awaits_readmission());
    }
}

#[test]
fn a_child_that_still_stops_when_its_parent_is_retried_keeps_its_slot() {
    let definition = json!({ "name": "w", "concurrency": 1, "steps": [act("x", "once")] });
    let mut run = Subject::of(&definition).into_child();
    run.message(Message::Admitted);
    run.cancel();
    let events = run.message(Message::ParentRetried { by: by(), round: 2 });
    assert!(
        matches!(events[..], [Event::RunRetryRequested { gated: false, .. }]),
        "{events:?}"
    );
    let events = run.settle("x", Outcome::Failed(error("bad")));
    assert_eq!(names(&events)[1..], ["run.cancelled", "run.retried", "step.started"]);
}

#[test]
fn the_withdrawal_of_a_retry_stands_in_the_journal_of_a_run_that_has_ended() {
    let mut run = Subject::of_steps(json!([act("x", "once")]));
    assert!(
        run.message(Message::WithdrawRetry { by: by() }).is_empty(),
        "it goes on"
    );
    run.fail("x");
    let events = run.message(Message::WithdrawRetry { by: by() });
    assert_eq!(names(&events), ["run.retry_withdrawn"]);
    assert_eq!(names(&run.retry())[0], "run.retried");
}

#[test]
fn a_child_that_never_had_a_slot_asks_for_one_before_it_is_retried() {
    let definition = json!({ "name": "w", "concurrency": 1, "steps": [act("x", "once")] });
    let mut run = Subject::of(&definition).into_child();
    assert_eq!(asked(&mut run, 2), ["run.retry_requested"]);
    assert!(!run.state.awaits_readmission(), "it waits for its first one");
    let events = names(&run.message(Message::Rejected));
    assert_eq!(events, ["run.rejected", "run.failed", "run.retry_requested"]);
    assert!(run.state.awaits_readmission());
    assert_eq!(
        names(&run.message(Message::Admitted))[..2],
        ["run.admitted", "run.retried"]
    );
}
