//! Runs whose holders keep dying.

use serde_json::json;

use super::kit::{Subject, act, names, with};
use crate::core::command::Command;
use crate::core::event::Resolution;
use crate::core::state::{Phase, StepStatus};
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

/// `a` and `b` can be undone; `c` fails, and what undoes `b` kills every process.
fn deadly_compensation(effect: &str) -> Subject {
    let undoable = |id: &str, needs: &[&str]| {
        let compensate = json!({ "kind": "act", "effect": effect });
        with(act(id, "read"), json!({ "needs": needs, "compensate": compensate }))
    };
    let mut run = Subject::of_steps(json!([
        undoable("a", &[]),
        undoable("b", &["a"]),
        with(act("c", "read"), json!({ "needs": ["b"] })),
    ]));
    run.succeed("a");
    run.succeed("b");
    run.fail("c");
    assert_eq!(names(&deadly(&mut run)), ["run.blocked", "step.deferred"]);
    run
}

#[test]
fn a_compensation_that_kills_its_processes_can_be_given_up() {
    for effect in ["read", "idempotent"] {
        let mut run = deadly_compensation(effect);
        assert!(run.cancel().is_empty(), "the run stops already");
        for resolution in [Resolution::Retry, Resolution::Succeeded(json!(1).into())] {
            assert!(run.resolve("b.compensate", resolution).is_empty());
        }
        let given_up = Resolution::Failed("it kills its processes".to_owned());
        assert!(run.resolve("b", given_up.clone()).is_empty(), "it is not in work");
        assert_eq!(
            names(&run.resolve("b.compensate", given_up.clone())),
            ["step.outcome_resolved", "step.failed"]
        );
        assert!(run.resolve("b.compensate", given_up).is_empty());
        assert_eq!(run.state.status(), RunStatus::Blocked, "nothing begins by itself");
        assert_eq!(names(&run.resume()), ["run.unblocked", "step.started"]);
        assert_eq!(run.starts()[0].activity.to_string(), "a.compensate");
        assert_eq!(names(&run.succeed("a.compensate")), ["step.succeeded", "run.failed"]);
        let error = run.state.error.clone().expect("it failed");
        assert!(error.message.contains("it kills its processes"), "{error:?}");
    }
}

#[test]
fn a_run_ends_when_its_last_compensation_is_given_up() {
    let mut run = deadly_compensation("read");
    run.resume();
    run.succeed("b.compensate");
    assert_eq!(names(&deadly(&mut run)), ["run.blocked", "step.deferred"]);
    let given_up = Resolution::Failed("it kills its processes".to_owned());
    assert_eq!(
        names(&run.resolve("a.compensate", given_up)),
        ["step.outcome_resolved", "step.failed", "run.failed"]
    );
    assert_eq!(run.state.phase, Phase::Failed);
}

#[test]
fn a_compensation_that_only_waits_for_its_next_attempt_is_not_given_up() {
    let compensate = json!({ "kind": "act", "effect": "read", "retry": { "max_attempts": 3 } });
    let mut run = Subject::of_steps(json!([
        with(act("a", "read"), json!({ "compensate": compensate })),
        with(act("c", "read"), json!({ "needs": ["a"] })),
    ]));
    run.succeed("a");
    run.fail("c");
    run.fail("a.compensate");
    assert!(run.is("a.compensate", StepStatus::Retrying));
    assert!(
        run.resolve("a.compensate", Resolution::Failed(String::new()))
            .is_empty()
    );
}
