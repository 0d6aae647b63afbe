//! Begin, the order of steps, `when`, `on_error`, and how a run ends.

use std::time::Duration;

use serde_json::json;

use super::kit::{Subject, act, names, with};
use crate::core::command::Command;
use crate::core::event::Event;
use crate::core::state::{Phase, StepStatus};

#[test]
fn a_created_run_begins_once_and_starts_what_needs_nothing() {
    let mut run = Subject::queued(json!([
        act("a", "read"),
        with(act("b", "read"), json!({ "needs": ["a"] }))
    ]));
    assert_eq!(names(&run.tell(Command::Begin)), ["run.started", "step.started"]);
    assert_eq!(run.starts().len(), 1);
    assert!(run.tell(Command::Begin).is_empty());
    assert_eq!(names(&run.succeed("a")), ["step.succeeded", "step.started"]);
    assert_eq!(names(&run.succeed("b")), ["step.succeeded", "run.succeeded"]);
}

#[test]
fn a_step_whose_condition_is_false_is_skipped_and_meets_the_needs_of_others() {
    let run = Subject::of_steps(json!([
        with(act("a", "read"), json!({ "when": "{{ false }}" })),
        with(
            act("b", "read"),
            json!({ "needs": ["a"], "when": "{{ steps.a.status == 'skipped' }}" })
        ),
    ]));
    assert!(run.is("a", StepStatus::Skipped) && run.is("b", StepStatus::Running));
}

#[test]
fn a_condition_that_is_no_boolean_fails_the_step_before_it_began() {
    let run = Subject::of_steps(json!([with(act("a", "read"), json!({ "when": "{{ 1 }}" }))]));
    assert!(run.is("a", StepStatus::Failed));
    assert_eq!((run.at("a").attempts, &run.state.phase), (0, &Phase::Failed));
}

#[test]
fn a_failure_that_is_continued_gives_null_and_meets_needs() {
    let mut run = Subject::of_steps(json!([
        with(act("a", "read"), json!({ "on_error": "continue" })),
        { "id": "b", "kind": "transform", "needs": ["a"],
          "with": { "value": "{{ steps.a.error.code ~ steps.a.output is none }}" } },
    ]));
    run.fail("a");
    assert!(run.is("a", StepStatus::Failed) && run.is("b", StepStatus::Running));
}

#[test]
fn a_failure_that_is_replaced_counts_as_success_and_keeps_its_error() {
    let mut run = Subject::of_steps(json!([with(act("a", "read"), json!({ "on_error": { "value": 7 } }))]));
    run.fail("a");
    assert!(run.is("a", StepStatus::Succeeded));
    assert_eq!(
        run.at("a").output.as_ref().map(|output| output.json().clone()),
        Some(json!(7))
    );
    assert_eq!(run.at("a").error.as_ref().map(|error| &*error.code), Some("bad"));
    assert_eq!(run.state.phase, Phase::Succeeded);
}

#[test]
fn a_replacement_that_cannot_be_rendered_fails_the_run() {
    let value = json!({ "on_error": { "value": "{{ input.nothing }}" } });
    let mut run = Subject::of_steps(json!([
        with(act("a", "read"), value),
        with(act("b", "read"), json!({ "needs": ["a"] })),
    ]));
    run.fail("a");
    assert_eq!(run.state.phase, Phase::Failed);
    assert!(run.is("b", StepStatus::Pending));
}

#[test]
fn the_first_failure_stops_the_others_and_gives_the_run_its_error() {
    let mut run = Subject::of_steps(json!([
        act("a", "once"),
        act("b", "read"),
        { "id": "c", "kind": "sleep", "with": { "for": "1h" } },
    ]));
    assert_eq!(names(&run.fail("a")), ["step.failed", "step.cancelled"]);
    assert_eq!(run.stops(), ["b"]);
    assert_eq!(names(&run.fail("b")), ["step.failed", "run.failed"]);
    let error = run.state.error.as_ref().expect("it failed");
    assert_eq!(error.step.as_ref().map(ToString::to_string).as_deref(), Some("a"));
}

#[test]
fn a_run_out_of_time_fails_even_while_paused() {
    let steps = json!([act("a", "read")]);
    let mut run = Subject::of(&json!({ "name": "w", "timeout": "1m", "steps": steps }));
    run.tell(Command::Begin);
    run.pause();
    assert!(run.after(Duration::from_secs(59)).is_empty());
    assert_eq!(names(&run.after(Duration::from_secs(1))), ["run.timed_out"]);
    assert!(!run.state.paused);
    assert_eq!(run.stops(), ["a"]);
    assert_eq!(names(&run.succeed("a")), ["step.succeeded", "run.failed"]);
    assert_eq!(run.state.error.as_ref().map(|error| &*error.code), Some("run-timeout"));
}

#[test]
fn a_run_that_is_never_begun_runs_out_of_time_too() {
    let mut run = Subject::of(&json!({ "name": "w", "timeout": "1m", "steps": [act("a", "read")] }));
    assert_eq!(
        names(&run.after(Duration::from_secs(60))),
        ["run.timed_out", "run.failed"]
    );
}

#[test]
fn an_output_that_cannot_be_rendered_fails_the_run() {
    let steps = json!([act("a", "read")]);
    let mut run = Subject::of(&json!({ "name": "w", "output": "{{ input.nothing }}", "steps": steps }));
    run.tell(Command::Begin);
    run.succeed("a");
    assert_eq!(run.state.error.as_ref().map(|error| &*error.code), Some("output-error"));
}

#[test]
fn event_time_stands_still_when_the_clock_runs_backwards() {
    let mut run = Subject::of_steps(json!([act("a", "read")]));
    let began = run.state.last_at;
    run.now = seawall_store::Timestamp::ZERO;
    run.succeed("a");
    assert_eq!(run.state.last_at, began);
}

#[test]
fn a_failing_step_fails_with_its_message() {
    let run = Subject::of_steps(json!([{ "id": "a", "kind": "fail", "with": { "message": "no" } }]));
    let failed = run.journal.iter().find_map(|recorded| match &recorded.event {
        Event::StepFailed { error, .. } => Some((error.code.to_string(), error.message.clone())),
        _ => None,
    });
    assert_eq!(failed, Some(("fail".to_owned(), "no".to_owned())));
}
