//! A retry after a compensation: what was undone is done again before what comes after it, however far off.

use serde_json::{Value, json};

use super::kit::{Subject, act, names, with};
use crate::core::event::Event;
use crate::core::state::{Phase, StepStatus};
use crate::executor::Outcome;

/// `a`, which can be undone, then `middle`, then `c` of class once, which fails and looks at both.
fn undone(middle: Value) -> Subject {
    let looks = json!({ "do": "{{ [steps.a.output, steps.a.status, steps.x.output] }}" });
    let mut run = Subject::of_steps(json!([
        with(
            act("a", "read"),
            json!({ "compensate": { "kind": "act", "effect": "once" } })
        ),
        with(middle, json!({ "id": "x", "needs": ["a"] })),
        with(act("c", "once"), json!({ "needs": ["x"], "with": looks })),
    ]));
    run.succeed("a");
    run
}

fn begun(run: &Subject) -> Vec<String> {
    run.starts().iter().map(|start| start.activity.to_string()).collect()
}

/// `c` has failed; what was done is undone, and the run is retried.
fn retried(run: &mut Subject) -> Vec<Event> {
    run.fail("c");
    run.succeed("a.compensate");
    run.retry()
}

#[test]
fn what_has_an_effect_stays_and_what_comes_after_it_waits_for_what_is_done_again() {
    for effect in ["once", "idempotent"] {
        let mut run = undone(act("x", effect));
        run.succeed("x");
        assert_eq!(names(&retried(&mut run)), ["run.retried", "step.started"]);
        assert_eq!(begun(&run), ["a"], "`c` needs it through `x`");
        assert!(run.is("x", StepStatus::Succeeded), "it was not undone");
        run.settle("a", Outcome::Succeeded(json!("again")));
        assert_eq!(begun(&run), ["c"]);
        assert_eq!(
            run.starts()[0].request.value,
            json!({ "do": ["again", "succeeded", "x"] })
        );
        run.succeed("c");
        assert_eq!((&run.state.phase, run.at("x").attempts), (&Phase::Succeeded, 1));
    }
}

#[test]
fn what_only_computed_or_looked_is_done_again_in_its_turn() {
    for effect in ["pure", "read"] {
        let mut run = undone(act("x", effect));
        run.succeed("x");
        retried(&mut run);
        assert!(run.is("x", StepStatus::Pending) && run.at("x").output.is_none());
        assert_eq!(begun(&run), ["a"]);
        run.succeed("a");
        assert_eq!(begun(&run), ["x"]);
        run.settle("x", Outcome::Succeeded(json!("new")));
        assert_eq!(
            run.starts()[0].request.value,
            json!({ "do": ["a", "succeeded", "new"] })
        );
    }
}

#[test]
fn a_condition_that_was_not_met_is_looked_at_again_and_a_person_is_asked_again() {
    let condition = "{{ steps.a.output == 'yes' }}";
    let mut run = undone(with(act("x", "once"), json!({ "when": condition })));
    assert!(run.is("x", StepStatus::Skipped));
    retried(&mut run);
    run.settle("a", Outcome::Succeeded(json!("yes")));
    assert_eq!(begun(&run), ["x"]);

    let mut run = undone(json!({ "kind": "approval", "with": { "message": "{{ steps.a.output }}" } }));
    let asked = run.approval("x");
    run.decide(asked, true);
    retried(&mut run);
    run.succeed("a");
    assert_ne!(run.approval("x"), asked, "what was approved is gone");
}

#[test]
fn a_child_run_that_ended_well_is_not_made_a_second_time() {
    let mut run = undone(json!({ "kind": "workflow", "with": { "workflow": "w" } }));
    run.start_child("x");
    let child = run.child("x");
    run.message(crate::core::command::Message::ChildEnded {
        child,
        activity: super::kit::activity("x"),
        generation: 0,
        status: seawall_store::RunStatus::Succeeded,
        output: json!(1).into(),
        error: None,
    });
    retried(&mut run);
    assert!(run.is("x", StepStatus::Succeeded));
}

#[test]
fn a_map_without_effects_renders_its_list_again_and_one_with_effects_stays() {
    let map = |effect: &str| {
        json!({ "kind": "map", "with": { "over": "{{ steps.a.output }}",
            "step": { "kind": "act", "effect": effect } } })
    };
    for (effect, stays) in [("read", false), ("once", true)] {
        let mut run = Subject::of_steps(json!([
            with(
                act("a", "read"),
                json!({ "compensate": { "kind": "act", "effect": "once" } })
            ),
            with(map(effect), json!({ "id": "x", "needs": ["a"] })),
            with(act("c", "once"), json!({ "needs": ["x"] })),
        ]));
        run.settle("a", Outcome::Succeeded(json!([1, 2])));
        run.succeed("x[0]");
        run.succeed("x[1]");
        retried(&mut run);
        assert_eq!(run.is("x", StepStatus::Succeeded), stays);
        run.settle("a", Outcome::Succeeded(json!([3])));
        let next = if stays { "c" } else { "x[0]" };
        assert_eq!(begun(&run), [next]);
    }
}

#[test]
fn what_could_not_be_undone_is_still_in_effect_and_stays_whatever_its_class() {
    let mut run = undone(with(
        act("x", "read"),
        json!({ "compensate": { "kind": "act", "effect": "once" } }),
    ));
    run.succeed("x");
    run.fail("c");
    run.fail("x.compensate");
    run.succeed("a.compensate");
    assert_eq!(names(&run.retry()), ["run.retried", "step.started"]);
    assert_eq!(begun(&run), ["a"]);
    assert!(run.is("x", StepStatus::Succeeded));
    run.succeed("a");
    assert_eq!(begun(&run), ["c"]);
}

#[test]
fn a_retry_in_which_nothing_was_undone_does_nothing_again() {
    let mut run = Subject::of_steps(json!([
        act("a", "read"),
        with(act("x", "read"), json!({ "needs": ["a"] })),
        with(act("c", "read"), json!({ "needs": ["x"] })),
    ]));
    run.succeed("a");
    run.succeed("x");
    run.fail("c");
    run.retry();
    assert_eq!(begun(&run), ["c"]);
}
