//! A run that stops undoes what it has done.

use std::time::Duration;

use serde_json::{Value, json};

use super::kit::{LEASE, Subject, act, error, names, with};
use crate::core::command::Command;
use crate::core::event::{Event, Resolution};
use crate::core::state::{Phase, StepStatus};
use crate::executor::Outcome;

/// An effectful step with a way to undo it.
fn undoable(id: &str, effect: &str) -> Value {
    with(
        act(id, "read"),
        json!({ "compensate": { "kind": "act", "effect": effect } }),
    )
}

/// `a`, then `b`, then `c`, which fails; `a` and `b` can be undone.
fn failed(effect: &str) -> Subject {
    let mut run = Subject::of_steps(json!([
        undoable("a", effect),
        with(undoable("b", effect), json!({ "needs": ["a"] })),
        with(act("c", "read"), json!({ "needs": ["b"] })),
    ]));
    run.succeed("a");
    run.succeed("b");
    run.fail("c");
    run
}

fn announced(events: &[Event]) -> Vec<String> {
    let list = events.iter().find_map(|event| match event {
        Event::CompensationStarted { activities } => Some(activities),
        _ => None,
    });
    list.into_iter().flatten().map(ToString::to_string).collect()
}

#[test]
fn what_succeeded_last_is_undone_first_and_one_after_another() {
    let mut run = failed("once");
    assert_eq!(
        names(
            &run.journal
                .iter()
                .rev()
                .take(3)
                .map(|r| r.event.clone())
                .collect::<Vec<_>>()
        ),
        ["step.started", "compensation.started", "step.failed"]
    );
    assert!(run.state.is_compensating());
    assert!(run.is("b.compensate", StepStatus::Running));
    assert_eq!(names(&run.succeed("b.compensate")), ["step.succeeded", "step.started"]);
    assert_eq!(names(&run.succeed("a.compensate")), ["step.succeeded", "run.failed"]);
    assert_eq!(run.state.projection().completed_steps, 3);
    assert_eq!(run.state.projection().total_steps, 3);
    let error = run.state.error.clone().expect("it failed");
    assert_eq!((&*error.code, &*error.message), ("bad", ""));
}

#[test]
fn a_cancelled_run_is_undone_once_what_is_in_flight_has_settled() {
    let mut run = Subject::of_steps(json!([
        undoable("a", "once"),
        undoable("b", "once"),
        undoable("c", "once")
    ]));
    run.succeed("b");
    assert_eq!(names(&run.cancel()), ["run.cancel_requested"]);
    run.settle("c", Outcome::Unknown(error("cancelled")));
    let events = run.succeed("a");
    assert_eq!(announced(&events), ["a.compensate", "b.compensate"]);
    assert!(run.cancel().is_empty(), "a second cancel changes nothing");
    run.succeed("a.compensate");
    assert_eq!(names(&run.succeed("b.compensate")), ["step.succeeded", "run.cancelled"]);
}

#[test]
fn a_run_that_took_too_long_is_undone_without_a_limit() {
    let mut run = Subject::of(&json!({
        "name": "w",
        "timeout": "10s",
        "steps": [
            undoable("a", "once"),
            { "id": "b", "kind": "wait_signal", "needs": ["a"], "with": { "name": "go" } },
        ],
    }));
    run.tell(Command::Begin);
    run.succeed("a");
    let events = run.after(Duration::from_secs(10));
    assert_eq!(announced(&events), ["a.compensate"]);
    assert_eq!(run.state.next_wake(), None);
    assert!(run.after(Duration::from_secs(3600)).is_empty());
    assert_eq!(names(&run.succeed("a.compensate")), ["step.succeeded", "run.failed"]);
    assert_eq!(&*run.state.error.clone().unwrap().code, "run-timeout");
}

#[test]
fn what_failed_and_was_replaced_or_was_skipped_is_not_undone() {
    let mut run = Subject::of_steps(json!([
        with(undoable("a", "once"), json!({ "on_error": { "value": 1 } })),
        with(undoable("b", "once"), json!({ "when": "{{ false }}" })),
        with(undoable("c", "once"), json!({ "on_error": "continue" })),
        act("d", "read"),
    ]));
    run.fail("a");
    run.fail("c");
    assert_eq!(names(&run.fail("d")), ["step.failed", "run.failed"]);
}

#[test]
fn a_compensation_sees_what_its_step_gave() {
    let compensate = json!({ "kind": "act", "with": { "do": "{{ steps.a.output }} {{ input.x }}" } });
    let definition = json!({ "name": "w", "steps": [
        with(act("a", "read"), json!({ "compensate": compensate })),
        with(act("b", "read"), json!({ "needs": ["a"] })),
    ] });
    let mut run = Subject::with_input(&definition, json!({ "x": 7 }));
    run.tell(Command::Begin);
    run.succeed("a");
    run.fail("b");
    assert_eq!(run.starts()[0].request.value, json!({ "do": "a 7" }));
}

#[test]
fn items_are_undone_one_by_one_and_see_their_output() {
    let compensate = json!({ "kind": "act", "with": { "do": "{{ [n, index, item_output] }}" } });
    let step = json!({ "kind": "act", "effect": "read", "compensate": compensate });
    let mut run = Subject::of_steps(json!([{ "id": "m", "kind": "map",
        "with": { "over": [5, 6, 7], "as": "n", "step": step } }]));
    run.succeed("m[1]");
    run.succeed("m[0]");
    let events = run.fail("m[2]");
    assert_eq!(announced(&events), ["m[0].compensate", "m[1].compensate"]);
    assert_eq!(run.starts()[0].request.value, json!({ "do": [5, 0, "m[0]"] }));
    run.succeed("m[0].compensate");
    assert_eq!(names(&run.succeed("m[1].compensate")), ["step.succeeded", "run.failed"]);
}

#[test]
fn a_compensation_is_retried_and_deferred_like_any_step() {
    let compensate = json!({ "kind": "act", "effect": "idempotent", "retry": { "max_attempts": 3, "jitter": "none" } });
    let mut run = Subject::of_steps(json!([
        with(act("a", "read"), json!({ "compensate": compensate })),
        with(act("b", "read"), json!({ "needs": ["a"] })),
    ]));
    run.succeed("a");
    run.fail("b");
    let key = run.starts()[0].effect_key;
    assert_eq!(names(&run.fail("a.compensate")), ["step.failed"]);
    assert_eq!(names(&run.after(Duration::from_millis(500))), ["step.started"]);
    assert_eq!(run.starts()[0].effect_key, key);
    let until = run.now.saturating_add(Duration::from_secs(5));
    let reason = "the breaker is open".to_owned();
    assert_eq!(
        names(&run.settle("a.compensate", Outcome::Deferred { until, reason })),
        ["step.deferred"]
    );
    assert_eq!(names(&run.after(Duration::from_secs(5))), ["step.started"]);
    assert_eq!(names(&run.crash(true)), ["step.started"]);
    assert_eq!(names(&run.succeed("a.compensate")), ["step.succeeded", "run.failed"]);
}

#[test]
fn a_compensation_of_which_nobody_knows_blocks_until_somebody_resolves_it() {
    let mut run = failed("once");
    assert_eq!(names(&run.crash(true)), ["step.outcome_unknown", "run.blocked"]);
    assert!(run.is("b.compensate", StepStatus::Unknown));
    let events = run.resolve("b.compensate", Resolution::Retry);
    assert_eq!(names(&events), ["run.unblocked", "step.outcome_resolved"]);
    assert_eq!(names(&run.after(Duration::ZERO)), ["step.started"]);
    run.settle("b.compensate", Outcome::Unknown(error("reset")));
    let events = run.resolve("b.compensate", Resolution::Succeeded(json!(1).into()));
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
fn a_compensation_that_fails_is_told_and_the_others_still_run() {
    let mut run = failed("once");
    run.fail("b.compensate");
    let events = run.succeed("a.compensate");
    assert_eq!(names(&events), ["step.succeeded", "run.failed"]);
    let error = run.state.error.clone().expect("it failed");
    assert_eq!(&*error.code, "bad");
    assert!(
        error.message.contains("the compensation of b failed (bad: )"),
        "{error:?}"
    );
}

#[test]
fn a_cancelled_run_that_could_not_be_undone_has_failed() {
    let mut run = Subject::of_steps(json!([undoable("a", "once"), act("b", "read")]));
    run.succeed("a");
    run.cancel();
    run.settle("b", Outcome::NotBegun(error("cancelled")));
    run.fail("a.compensate");
    let error = run.state.error.clone().expect("it failed");
    assert_eq!(
        (&run.state.phase, &*error.code),
        (&Phase::Failed, "compensation-failed")
    );
    assert_eq!(error.step.unwrap().as_str(), "a");
}

#[test]
fn a_compensation_whose_template_fails_does_not_hold_the_others_up() {
    let compensate = json!({ "kind": "act", "with": { "do": "{{ input.nothing }}" } });
    let mut run = Subject::of_steps(json!([
        undoable("a", "once"),
        with(act("b", "read"), json!({ "needs": ["a"], "compensate": compensate })),
        with(act("c", "read"), json!({ "needs": ["b"] })),
    ]));
    run.succeed("a");
    run.succeed("b");
    let events = run.fail("c");
    assert_eq!(
        names(&events),
        ["step.failed", "compensation.started", "step.failed", "step.started"]
    );
    run.succeed("a.compensate");
    assert!(run.state.is_terminal());
}

#[test]
fn while_paused_nothing_is_undone() {
    let mut run = failed("once");
    assert_eq!(names(&run.pause()), ["run.paused"]);
    assert_eq!(names(&run.succeed("b.compensate")), ["step.succeeded"]);
    assert_eq!(run.state.status(), seawall_store::RunStatus::Paused);
    assert_eq!(names(&run.resume()), ["run.resumed", "step.started"]);
}

#[test]
fn a_child_run_undoes_too() {
    let compensate = json!({ "kind": "workflow", "with": { "workflow": "undo", "input": "{{ steps.a.output }}" } });
    let mut run = Subject::of_steps(json!([
        with(act("a", "read"), json!({ "compensate": compensate })),
        with(act("b", "read"), json!({ "needs": ["a"] })),
    ]));
    run.succeed("a");
    run.fail("b");
    assert_eq!(names(&run.start_child("a.compensate")), ["child.started"]);
    assert_eq!(run.state.status(), seawall_store::RunStatus::Waiting);
}

#[test]
fn a_retry_does_again_what_was_undone_and_under_another_key() {
    let mut run = failed("once");
    let undone_with = run.starts()[0].effect_key;
    run.succeed("b.compensate");
    run.fail("a.compensate");
    let events = run.retry();
    // `a` is still in effect; `b` is not.
    assert_eq!(names(&events), ["run.retried", "step.started"]);
    assert_eq!(run.starts()[0].activity.to_string(), "b");
    assert_eq!((run.at("a").attempts, run.at("b").generation), (1, 1));
    run.succeed("b");
    let events = run.fail("c");
    assert_eq!(announced(&events), ["b.compensate", "a.compensate"]);
    assert_ne!(run.starts()[0].effect_key, undone_with);
    run.succeed("b.compensate");
    assert_eq!(names(&run.succeed("a.compensate")), ["step.succeeded", "run.failed"]);
    assert_eq!(run.state.error.clone().unwrap().message, "");
}

#[test]
fn a_map_that_looks_at_what_is_done_again_renders_its_list_again() {
    let mut run = Subject::of_steps(json!([
        undoable("a", "once"),
        { "id": "m", "kind": "map", "needs": ["a"],
          "with": { "over": "{{ steps.a.output }}", "step": act_body() } },
    ]));
    run.settle("a", Outcome::Succeeded(json!([1, 2])));
    run.fail("m[0]");
    run.settle("m[1]", Outcome::NotBegun(error("cancelled")));
    run.succeed("a.compensate");
    assert_eq!(names(&run.retry()), ["run.retried", "step.started"]);
    let events = run.settle("a", Outcome::Succeeded(json!([3])));
    assert_eq!(
        names(&events),
        ["step.succeeded", "step.started", "map.started", "step.started"]
    );
    assert_eq!((run.at("m[0]").generation, run.at("m[0]").attempts), (2, 2));
}

#[test]
fn a_map_with_an_item_in_effect_keeps_its_list() {
    let mut run = Subject::of_steps(json!([
        undoable("a", "once"),
        { "id": "m", "kind": "map", "needs": ["a"],
          "with": { "over": "{{ steps.a.output }}", "step": { "kind": "act", "effect": "once" } } },
    ]));
    run.settle("a", Outcome::Succeeded(json!([1, 2])));
    run.succeed("m[1]");
    run.fail("m[0]");
    run.succeed("a.compensate");
    assert_eq!(names(&run.retry()), ["run.retried", "step.started"]);
    // What the list was rendered from is done again first; the list stays.
    let events = run.settle("a", Outcome::Succeeded(json!([3])));
    assert_eq!(names(&events), ["step.succeeded", "step.started"]);
    assert_eq!(run.starts()[0].activity.to_string(), "m[0]");
    assert!(run.is("m[1]", StepStatus::Succeeded));
}

#[test]
fn a_map_undone_as_a_whole_is_done_again_as_a_whole() {
    let mut run = Subject::of_steps(json!([
        { "id": "m", "kind": "map", "compensate": { "kind": "act", "effect": "once" },
          "with": { "over": [1, 2], "step": act_body() } },
        with(act("z", "read"), json!({ "needs": ["m"] })),
    ]));
    run.succeed("m[0]");
    run.succeed("m[1]");
    let events = run.fail("z");
    assert_eq!(announced(&events), ["m.compensate"]);
    run.succeed("m.compensate");
    assert_eq!(
        names(&run.retry()),
        [
            "run.retried",
            "step.started",
            "map.started",
            "step.started",
            "step.started"
        ]
    );
    assert_eq!(run.at("m[1]").attempts, 2);
}

#[test]
fn an_old_process_is_waited_for_before_a_compensation_is_made_again() {
    let mut run = failed("once");
    run.crash(false);
    run.resolve("b.compensate", Resolution::Failed("it did not".to_owned()));
    run.succeed("a.compensate");
    run.retry();
    run.succeed("a");
    let events = run.fail("c");
    assert_eq!(names(&events), ["step.failed", "compensation.started", "step.started"]);
    assert_eq!(announced(&events), ["a.compensate", "b.compensate"]);
    assert_eq!(names(&run.succeed("a.compensate")), ["step.succeeded", "step.deferred"]);
    let wake = run.state.next_wake().expect("until the old process is gone");
    assert!(wake.since(run.now) >= LEASE);
    assert_eq!(names(&run.after(wake.since(run.now))), ["step.started"]);
}

#[test]
fn an_old_process_of_a_compensation_is_waited_for_no_longer_than_it_can_last_whatever_the_clock_was() {
    let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3600));
    let mut run = failed("once");
    run.crash(false);
    run.resolve("b.compensate", Resolution::Failed("it did not".to_owned()));
    run.succeed("a.compensate");
    run.retry();
    run.succeed("a");
    run.now = seawall_store::Timestamp::from_millis(run.now.as_millis() - 3_600_000);
    run.fail("c");
    assert_eq!(names(&run.succeed("a.compensate")), ["step.succeeded", "step.deferred"]);
    let wait = run
        .state
        .next_wake()
        .expect("until the old process is gone")
        .since(run.now);
    assert!(minute + LEASE <= wait && wait <= 2 * minute && wait < hour, "{wait:?}");
    assert!(run.after(wait - Duration::from_millis(1)).is_empty());
    assert_eq!(names(&run.after(Duration::from_millis(1))), ["step.started"]);
}

fn act_body() -> Value {
    json!({ "kind": "act", "effect": "read" })
}
