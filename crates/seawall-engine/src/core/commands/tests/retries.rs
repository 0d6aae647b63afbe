//! Retry of a run: from what failed, keeping what succeeded, with new keys where the old ones are used up.

use serde_json::json;

use super::kit::{Subject, act, error, names, with};
use crate::core::state::{Phase, StepStatus};
use crate::executor::Outcome;

#[test]
fn only_a_run_that_failed_or_was_cancelled_is_retried() {
    let mut run = Subject::of_steps(json!([act("a", "read")]));
    assert!(run.retry().is_empty());
    run.succeed("a");
    assert!(run.retry().is_empty());
}

#[test]
fn what_succeeded_stays_and_what_failed_gets_a_new_key() {
    let mut run = Subject::of_steps(json!([
        act("a", "once"),
        with(act("b", "once"), json!({ "needs": ["a"] }))
    ]));
    run.succeed("a");
    let key = run.starts()[0].effect_key;
    run.fail("b");
    assert_eq!(names(&run.retry()), ["run.retried", "step.started"]);
    assert_ne!(run.starts()[0].effect_key, key);
    assert_eq!(
        (run.at("b").generation, run.at("b").attempts, run.state.attempt),
        (1, 2, 2)
    );
    run.succeed("b");
    assert_eq!((run.at("a").attempts, &run.state.phase), (1, &Phase::Succeeded));
}

#[test]
fn a_step_possibly_in_effect_keeps_its_key() {
    let mut failed = Subject::of_steps(json!([act("a", "idempotent")]));
    let key = failed.starts()[0].effect_key;
    failed.settle("a", Outcome::Unknown(error("reset")));
    assert!(failed.is("a", StepStatus::Failed), "one attempt is its policy");
    failed.retry();
    assert_eq!(failed.starts()[0].effect_key, key);

    let mut cancelled = Subject::of_steps(json!([act("a", "idempotent")]));
    cancelled.cancel();
    cancelled.settle("a", Outcome::Unknown(error("cancelled")));
    assert!(cancelled.at("a").in_doubt);
    cancelled.retry();
    assert_eq!(cancelled.starts()[0].effect_key, key);
}

#[test]
fn what_was_stopped_before_it_began_is_in_no_doubt() {
    let mut run = Subject::of_steps(json!([act("a", "idempotent")]));
    run.cancel();
    run.settle("a", Outcome::NotBegun(error("cancelled")));
    assert!(run.is("a", StepStatus::Cancelled) && !run.at("a").in_doubt);
}

#[test]
fn what_failed_while_the_run_went_on_stays_failed() {
    let mut run = Subject::of_steps(json!([
        with(act("a", "read"), json!({ "on_error": "continue" })),
        act("b", "read"),
    ]));
    run.fail("a");
    run.fail("b");
    run.retry();
    assert!(run.is("a", StepStatus::Failed) && run.is("b", StepStatus::Running));
}

#[test]
fn a_run_that_was_cancelled_before_it_began_starts_when_it_is_retried() {
    let mut run = Subject::queued(json!([act("a", "read")]));
    run.cancel();
    assert_eq!(names(&run.retry()), ["run.retried", "step.started"]);
    assert!(run.state.started_at.is_some());
}

#[test]
fn a_child_run_is_not_retried_its_parent_has_used_its_end() {
    let mut run = Subject::of_steps(json!([act("a", "read")]));
    run.state.parent = Some(seawall_store::ParentLink {
        run: run.state.run,
        step: "p".to_owned(),
        item: None,
        generation: 0,
    });
    run.fail("a");
    assert!(run.retry().is_empty());
}

#[test]
fn the_time_of_a_retried_run_begins_anew() {
    let steps = json!([act("a", "read")]);
    let mut run = Subject::of(&json!({ "name": "w", "timeout": "1m", "steps": steps }));
    run.tell(crate::core::command::Command::Begin);
    let minute = std::time::Duration::from_secs(60);
    run.after(minute);
    run.fail("a");
    run.retry();
    assert_eq!(run.state.next_wake(), Some(run.now.saturating_add(minute)));
}
