//! Maps: none, some and many items; failures of items; retries of half a map.

use std::time::Duration;

use serde_json::{Value, json};

use super::kit::{Subject, act, error, names, with};
use crate::core::command::Command;
use crate::core::event::Resolution;
use crate::core::state::{Phase, StepStatus};
use crate::executor::Outcome;

#[expect(clippy::needless_pass_by_value, reason = "`json!` stands in the call")]
fn map(over: Value, options: Value, step: Value) -> Value {
    json!({ "id": "m", "kind": "map", "with": with(json!({ "over": over, "step": step }), options) })
}

fn each(effect: &str) -> Value {
    json!({ "kind": "act", "effect": effect })
}

fn output(run: &Subject) -> Value {
    run.at("m").output.as_ref().expect("it has succeeded").json().clone()
}

#[test]
fn a_map_over_nothing_gives_an_empty_list() {
    let run = Subject::of_steps(json!([map(json!([]), json!({}), each("read"))]));
    assert_eq!((output(&run), &run.state.phase), (json!([]), &Phase::Succeeded));
}

#[test]
fn a_map_over_something_else_than_a_list_fails() {
    let run = Subject::of_steps(json!([map(json!("{{ 5 }}"), json!({}), each("read"))]));
    assert_eq!(run.at("m").error.as_ref().map(|e| &*e.code), Some("not-a-list"));
}

#[test]
fn no_more_items_are_in_work_than_allowed_and_outputs_stand_in_order() {
    let options = json!({ "max_parallel": 2 });
    let mut run = Subject::of_steps(json!([map(json!([1, 2, 3]), options, each("read"))]));
    assert_eq!(run.starts().len(), 2);
    run.succeed("m[1]");
    assert_eq!(run.starts().len(), 1);
    run.succeed("m[2]");
    run.succeed("m[0]");
    assert_eq!(output(&run), json!(["m[0]", "m[1]", "m[2]"]));
    assert_eq!(run.state.projection().completed_steps, 1);
}

#[test]
fn collected_errors_stand_beside_the_outputs() {
    let options = json!({ "on_item_error": "collect" });
    let mut run = Subject::of_steps(json!([map(json!([1, 2]), options, each("read"))]));
    run.fail("m[0]");
    run.succeed("m[1]");
    let failed = json!({ "ok": false, "error": { "code": "bad", "message": "" } });
    assert_eq!(output(&run), json!([failed, { "ok": true, "output": "m[1]" }]));
}

#[test]
fn the_first_failed_item_stops_the_others_and_fails_the_map_when_they_have_settled() {
    let options = json!({ "max_parallel": 3 });
    let mut run = Subject::of_steps(json!([map(json!([1, 2, 3, 4]), options, each("read"))]));
    assert_eq!(names(&run.fail("m[1]")), ["step.failed"]);
    assert_eq!(run.stops(), ["m[0]", "m[2]"]);
    assert_eq!(names(&run.succeed("m[0]")), ["step.succeeded"]);
    assert!(run.stops().is_empty(), "told once");
    let events = run.settle("m[2]", Outcome::NotBegun(error("cancelled")));
    assert_eq!(
        names(&events),
        ["step.deferred", "step.cancelled", "step.failed", "run.failed"]
    );
    assert!(run.is("m[3]", StepStatus::Pending));
    let error = run.at("m").error.as_ref().expect("it failed");
    assert_eq!((&*error.code, error.message.as_str()), ("bad", "item 1: "));
}

#[test]
fn a_failed_map_waits_for_its_unknown_item() {
    let mut run = Subject::of_steps(json!([map(json!([1, 2]), json!({}), each("once"))]));
    run.settle("m[0]", Outcome::Unknown(error("reset")));
    assert_eq!(names(&run.fail("m[1]")), ["step.failed", "run.blocked"]);
    let events = run.resolve("m[0]", Resolution::Retry);
    let ends = [
        "run.unblocked",
        "step.outcome_resolved",
        "step.cancelled",
        "step.failed",
        "run.failed",
    ];
    assert_eq!(names(&events), ends);
}

#[test]
fn an_item_that_is_due_when_its_map_fails_does_not_begin() {
    let retry = json!({ "kind": "act", "effect": "read",
                        "retry": { "max_attempts": 2, "on": ["again"], "initial": "1s", "jitter": "none" } });
    let mut run = Subject::of_steps(json!([map(json!([1, 2]), json!({}), retry)]));
    run.settle("m[0]", Outcome::Failed(error("again")));
    assert_eq!(
        names(&run.fail("m[1]")),
        ["step.failed", "step.cancelled", "step.failed", "run.failed"]
    );
    assert!(run.after(Duration::from_secs(1)).is_empty());
}

#[test]
fn of_waits_that_end_at_once_the_first_fails_the_map_and_the_others_are_cancelled() {
    let inner = json!({ "kind": "wait_signal", "timeout": "1s", "with": { "name": "go" } });
    let mut run = Subject::of_steps(json!([map(json!([1, 2]), json!({}), inner)]));
    let events = run.after(Duration::from_secs(1));
    assert_eq!(
        names(&events),
        [
            "timer.fired",
            "step.failed",
            "step.cancelled",
            "step.failed",
            "run.failed"
        ]
    );
}

#[test]
fn a_retried_run_goes_on_with_what_is_left_of_a_map() {
    let options = json!({ "max_parallel": 2 });
    let mut run = Subject::of_steps(json!([map(json!([1, 2, 3]), options, each("once"))]));
    run.succeed("m[0]");
    run.fail("m[1]");
    run.settle("m[2]", Outcome::NotBegun(error("cancelled")));
    assert_eq!(run.state.phase, Phase::Failed);
    run.retry();
    let begun: Vec<String> = run.starts().iter().map(|plan| plan.activity.to_string()).collect();
    assert_eq!(begun, ["m[1]", "m[2]"]);
    assert_eq!((run.at("m[1]").generation, run.at("m[2]").generation), (1, 0));
    run.succeed("m[1]");
    run.succeed("m[2]");
    assert_eq!(output(&run), json!(["m[0]", "m[1]", "m[2]"]));
}

#[test]
fn a_retried_run_leaves_a_map_alone_whose_failure_it_has_used() {
    for on_error in [json!("continue"), json!({ "value": 7 })] {
        let mut run = Subject::of_steps(json!([
            with(
                map(json!([1, 2]), json!({ "max_parallel": 1 }), each("read")),
                json!({ "on_error": on_error })
            ),
            with(act("b", "read"), json!({ "needs": ["m"] })),
        ]));
        run.fail("m[0]");
        run.fail("b");
        assert_eq!(run.state.phase, Phase::Failed);
        run.retry();
        let begun: Vec<String> = run.starts().iter().map(|plan| plan.activity.to_string()).collect();
        assert_eq!(begun, ["b"], "{on_error}");
        run.succeed("b");
        assert_eq!(run.state.phase, Phase::Succeeded, "{on_error}");
    }
}

#[test]
fn a_map_whose_outputs_are_too_large_fails_again_in_a_retried_run() {
    let over: Vec<u8> = (0..20).collect();
    let mut run = Subject::of_steps(json!([
        map(json!(over), json!({ "max_parallel": 20 }), each("read")),
        with(act("b", "read"), json!({ "needs": ["m"] })),
    ]));
    for item in 0..20 {
        run.settle(
            &format!("m[{item}]"),
            Outcome::Succeeded(json!("x".repeat(1024 * 1024))),
        );
    }
    assert_eq!(run.at("m").error.as_ref().map(|e| &*e.code), Some("output-too-large"));
    assert_eq!(names(&run.retry()), ["run.retried", "step.failed", "run.failed"]);
}

#[test]
fn of_ten_thousand_items_each_one_in_flight_is_told_once_to_stop() {
    let over: Vec<u32> = (0..10_000).collect();
    let step = map(json!("{{ input.all }}"), json!({ "max_parallel": 1000 }), each("read"));
    let mut run = Subject::with_input(&json!({ "name": "w", "steps": [step] }), json!({ "all": over }));
    run.tell_unchecked(Command::Begin);
    assert_eq!(run.starts().len(), 1000);
    run.settle_unchecked("m[0]", Outcome::Failed(error("bad")));
    let mut stops = run.stops().len();
    for item in 1..1000 {
        run.settle_unchecked(&format!("m[{item}]"), Outcome::Succeeded(json!(item)));
        stops += run.stops().len();
    }
    assert_eq!((stops, &run.state.phase), (999, &Phase::Failed));
}
