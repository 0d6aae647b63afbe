//! Runs whose holders keep dying.

use serde_json::json;

use super::kit::{Subject, act, names};
use crate::core::command::Command;
use crate::core::state::StepStatus;
use seawall_store::RunStatus;

fn deadly(run: &mut Subject) -> Vec<crate::core::event::Event> {
    run.tell(Command::BlockDeadly { deaths: 10 })
}

#[test]
fn what_was_in_flight_is_held_back_until_a_person_says_so() {
    let mut run = Subject::of_steps(json!([act("a", "idempotent")]));
    assert_eq!(names(&deadly(&mut run)), ["run.blocked", "step.deferred"]);
    assert!(deadly(&mut run).is_empty());
    assert_eq!((run.state.status(), run.state.next_wake()), (RunStatus::Blocked, None));
    assert!(run.tell(Command::Tick).is_empty());
    assert_eq!(names(&run.resume()), ["run.unblocked", "step.started"]);
}

#[test]
fn a_once_attempt_is_unknown_all_the_same_and_blocks_after_the_other_block() {
    let mut run = Subject::of_steps(json!([act("a", "once")]));
    assert_eq!(names(&deadly(&mut run)), ["run.blocked", "step.outcome_unknown"]);
    assert!(
        run.at("a").deadline.is_some(),
        "nobody knows that the last process is dead"
    );
    assert_eq!(names(&run.resume()), ["run.unblocked", "run.blocked"]);
    assert!(run.is("a", StepStatus::Unknown));
}

#[test]
fn a_run_that_killed_its_holders_before_it_began_begins_when_it_is_resumed() {
    let mut run = Subject::queued(json!([act("a", "read")]));
    deadly(&mut run);
    assert_eq!(run.state.status(), RunStatus::Blocked);
    assert!(run.tell(Command::Begin).is_empty());
    assert!(run.crash(true).is_empty());
    assert_eq!(names(&run.resume()), ["run.unblocked", "run.started", "step.started"]);
}
