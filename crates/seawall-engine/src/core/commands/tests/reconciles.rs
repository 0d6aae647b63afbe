//! A step finds out by itself how an attempt ended.

use std::time::Duration;

use serde_json::{Value, json};

use super::kit::{LEASE, Subject, act, error, names, with};
use crate::core::command::TaskEnd;
use crate::core::event::Resolution;
use crate::core::state::{Phase, StepStatus};
use crate::executor::Outcome;

fn looked_into(reconcile: Value) -> Value {
    with(
        act("a", "once"),
        json!({ "reconcile": with(json!({ "kind": "act", "effect": "read" }), reconcile) }),
    )
}

/// A run of `a`, whose outcome has just become unknown, with a reconcile step of this kind.
fn unknown(reconcile: Value) -> Subject {
    let mut run = Subject::of_steps(json!([
        looked_into(reconcile),
        with(act("b", "read"), json!({ "needs": ["a"] }))
    ]));
    run.settle("a", Outcome::Unknown(error("reset")));
    run.after(Duration::ZERO);
    run
}

fn answer(run: &mut Subject, answer: Value) -> Vec<&'static str> {
    names(&run.settle("a.reconcile", Outcome::Succeeded(answer)))
}

#[test]
fn the_run_is_not_blocked_while_a_reconcile_step_looks() {
    let mut run = Subject::of_steps(json!([looked_into(json!({}))]));
    assert_eq!(
        names(&run.settle("a", Outcome::Unknown(error("reset")))),
        ["step.outcome_unknown"]
    );
    assert_eq!(run.state.awaits(), seawall_store::Awaits::Nobody);
    assert_eq!(names(&run.after(Duration::ZERO)), ["step.started"]);
    assert_eq!(run.starts()[0].activity.to_string(), "a.reconcile");
    assert_eq!(run.state.status(), seawall_store::RunStatus::Running);
}

#[test]
fn it_says_that_the_step_succeeded_and_with_what() {
    let mut run = unknown(json!({}));
    let events = answer(&mut run, json!({ "outcome": "succeeded", "output": 7 }));
    assert_eq!(
        events,
        [
            "step.succeeded",
            "step.outcome_resolved",
            "step.succeeded",
            "step.started"
        ]
    );
    assert_eq!(run.at("a").output.as_ref().map(|o| o.json().clone()), Some(json!(7)));
}

#[test]
fn it_says_that_the_step_failed() {
    let mut run = unknown(json!({}));
    let events = answer(&mut run, json!({ "outcome": "failed", "message": "no money" }));
    assert_eq!(
        events,
        ["step.succeeded", "step.outcome_resolved", "step.failed", "run.failed"]
    );
    assert_eq!(run.state.error.clone().unwrap().message, "no money");
}

#[test]
fn it_says_that_the_step_is_to_run_again_under_another_key() {
    let mut run = Subject::of_steps(json!([looked_into(json!({}))]));
    let key = run.starts()[0].effect_key;
    run.settle("a", Outcome::Unknown(error("reset")));
    run.after(Duration::ZERO);
    let events = answer(&mut run, json!({ "outcome": "retry" }));
    assert_eq!(events, ["step.succeeded", "step.outcome_resolved", "step.deferred"]);
    run.after_backoff();
    assert_ne!(run.starts()[0].effect_key, key);
    // And again: another question, under another key.
    let asked = run.at("a.reconcile").generation;
    run.settle("a", Outcome::Unknown(error("reset")));
    run.after(Duration::ZERO);
    assert!(run.at("a.reconcile").generation > asked);
}

/// Each attempt ends in an unknown outcome, and its reconcile step says `retry`: how many attempts there are before the run
/// blocks, and how long is waited before each.
fn rounds(mut run: Subject) -> (u32, Vec<u128>) {
    let mut waited = Vec::new();
    for _ in 0..50 {
        run.settle("a", Outcome::Unknown(error("reset")));
        run.after(Duration::ZERO);
        let events = answer(&mut run, json!({ "outcome": "retry" }));
        if events.contains(&"run.blocked") {
            assert_eq!(events, ["step.failed", "run.blocked"]);
            assert_eq!(run.state.awaits(), seawall_store::Awaits::Person);
            assert_eq!(&*run.at("a.reconcile").error.clone().unwrap().code, "attempts-used-up");
            return (run.at("a").attempts, waited);
        }
        waited.push(run.after_backoff().as_millis());
    }
    panic!("it goes on for ever");
}

#[test]
fn an_answer_that_asks_for_another_attempt_uses_up_the_steps_own() {
    let step = looked_into(json!({ "retry": { "max_attempts": 9 } }));
    let own = json!({ "retry": { "max_attempts": 4, "initial": "2s", "jitter": "none" } });
    let (attempts, waited) = rounds(Subject::of_steps(json!([with(step.clone(), own)])));
    assert_eq!((attempts, waited), (4, vec![2000, 4000, 8000]));
    let (attempts, waited) = rounds(Subject::of_steps(json!([step])));
    assert_eq!((attempts, waited.len()), (10, 9));
    // With jitter, but not all of them at once.
    assert!(waited.iter().sum::<u128>() > 10_000, "{waited:?}");
}

#[test]
fn a_person_who_lets_the_step_run_again_gives_it_all_its_attempts_again() {
    let own = json!({ "retry": { "max_attempts": 2, "jitter": "none" } });
    let mut run = Subject::of_steps(json!([with(looked_into(json!({})), own)]));
    for _ in 0..2 {
        run.settle("a", Outcome::Unknown(error("reset")));
        run.after(Duration::ZERO);
        assert_eq!(answer(&mut run, json!({ "outcome": "retry" })).len(), 3);
        run.after_backoff();
        run.settle("a", Outcome::Unknown(error("reset")));
        run.after(Duration::ZERO);
        let events = answer(&mut run, json!({ "outcome": "retry" }));
        assert_eq!(events, ["step.failed", "run.blocked"]);
        run.resolve("a", Resolution::Retry);
        assert_eq!(names(&run.after(Duration::ZERO)), ["step.started"]);
    }
}

#[test]
fn its_templates_see_the_attempt_and_its_answer_the_result() {
    let mut run = unknown(json!({
        "with": { "do": "{{ [effect_key, attempt, error.code] }}" },
        "answer": { "outcome": "{{ 'succeeded' if result.found else 'retry' }}", "output": "{{ result.found ~ attempt }}" },
    }));
    let main = run.at("a").generation;
    let key = crate::names::EffectKey::derive(run.state.run, &super::kit::activity("a"), main).to_string();
    assert_eq!(run.starts()[0].request.value, json!({ "do": [key, 1, "reset"] }));
    answer(&mut run, json!({ "found": "x" }));
    assert_eq!(run.at("a").output.as_ref().map(|o| o.json().clone()), Some(json!("x1")));
}

#[test]
fn without_an_answer_it_asks_again_and_then_a_person() {
    let mut run = unknown(json!({ "retry": { "max_attempts": 4, "jitter": "none" } }));
    for bad in [
        json!({ "outcome": "unknown" }),
        json!("what?"),
        json!({ "outcome": "perhaps" }),
    ] {
        assert_eq!(answer(&mut run, bad), ["step.failed"]);
        let wake = run.state.next_wake().expect("another attempt");
        assert_eq!(names(&run.after(wake.since(run.now))), ["step.started"]);
    }
    assert_eq!(
        names(&run.settle("a.reconcile", Outcome::Failed(error("down")))),
        ["step.failed", "run.blocked"]
    );
    assert_eq!(run.state.awaits(), seawall_store::Awaits::Person);
    let events = run.resolve("a", Resolution::Succeeded(json!(1).into()));
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
fn it_begins_when_the_old_process_can_no_longer_be_at_work() {
    let mut run = Subject::of_steps(json!([looked_into(json!({}))]));
    assert_eq!(names(&run.crash(false)), ["step.outcome_unknown"]);
    assert!(run.after(LEASE).is_empty());
    let wake = run.state.next_wake().expect("it begins by itself");
    assert_eq!(names(&run.after(wake.since(run.now))), ["step.started"]);
}

#[test]
fn a_person_who_is_first_settles_it() {
    let mut run = unknown(json!({}));
    let events = run.resolve("a", Resolution::Succeeded(json!(1).into()));
    assert_eq!(
        names(&events),
        ["step.outcome_resolved", "step.succeeded", "step.started"]
    );
    assert_eq!(run.stops(), ["a.reconcile"]);
    assert_eq!(answer(&mut run, json!({ "outcome": "failed" })), ["step.cancelled"]);
    run.succeed("b");
    assert_eq!(run.state.phase, Phase::Succeeded);
}

#[test]
fn the_run_ends_only_when_a_needless_reconcile_has() {
    let mut run = Subject::of_steps(json!([looked_into(json!({}))]));
    run.settle("a", Outcome::Unknown(error("reset")));
    run.after(Duration::ZERO);
    let events = run.resolve("a", Resolution::Succeeded(json!(1).into()));
    assert_eq!(names(&events), ["step.outcome_resolved", "step.succeeded"]);
    let events = run.settle("a.reconcile", Outcome::NotBegun(error("cancelled")));
    assert_eq!(names(&events), ["step.cancelled", "run.succeeded"]);
}

#[test]
fn an_answer_about_an_earlier_attempt_counts_for_nothing() {
    let mut run = unknown(json!({}));
    run.resolve("a", Resolution::Retry);
    run.after(Duration::ZERO);
    run.settle("a", Outcome::Unknown(error("reset")));
    assert_eq!(answer(&mut run, json!({ "outcome": "failed" })), ["step.deferred"]);
    assert_eq!(names(&run.after(Duration::ZERO)), ["step.started"]);
    let events = answer(&mut run, json!({ "outcome": "succeeded" }));
    assert_eq!(
        &events[..3],
        ["step.succeeded", "step.outcome_resolved", "step.succeeded"]
    );
}

#[test]
fn what_an_old_process_may_be_at_is_looked_into_when_it_cannot_be_any_more_whatever_the_clock_was() {
    let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3600));
    let mut run = Subject::of_steps(json!([looked_into(
        json!({ "kind": "task", "with": { "queue": "q", "payload": 1 } })
    )]));
    run.settle("a", Outcome::Unknown(error("reset")));
    run.after(Duration::ZERO);
    run.resolve("a", Resolution::Retry);
    run.after(Duration::ZERO);
    assert_eq!(names(&run.crash(false)), ["step.outcome_unknown"]);
    run.now = seawall_store::Timestamp::from_millis(run.now.as_millis() - 3_600_000);
    // Its task was about the first attempt.
    assert_eq!(
        names(&run.end_task("a.reconcile", TaskEnd::Withdrawn)),
        ["step.deferred"]
    );
    let wait = run
        .state
        .next_wake()
        .expect("until the old process is gone")
        .since(run.now);
    assert!(minute + LEASE <= wait && wait <= 2 * minute && wait < hour, "{wait:?}");
    assert!(run.after(wait - Duration::from_millis(1)).is_empty());
    assert_eq!(names(&run.after(Duration::from_millis(1)))[0], "step.started");
}

#[test]
fn it_works_while_the_run_is_being_cancelled() {
    let mut run = Subject::of_steps(json!([with(
        looked_into(json!({})),
        json!({ "compensate": { "kind": "act" } })
    )]));
    run.cancel();
    assert_eq!(
        names(&run.settle("a", Outcome::Unknown(error("killed")))),
        ["step.outcome_unknown"]
    );
    assert_eq!(names(&run.after(Duration::ZERO)), ["step.started"]);
    let events = answer(&mut run, json!({ "outcome": "succeeded" }));
    assert_eq!(
        events,
        [
            "step.succeeded",
            "step.outcome_resolved",
            "step.succeeded",
            "compensation.started",
            "step.started"
        ]
    );
    assert!(run.is("a.compensate", StepStatus::Running));
}

#[test]
fn it_is_begun_again_after_a_crash_and_left_alone_when_nobody_needs_it() {
    let mut run = unknown(json!({}));
    assert_eq!(names(&run.crash(true)), ["step.started"]);
    run.resolve("a", Resolution::Failed("no".to_owned()));
    assert_eq!(names(&run.crash(true)), ["step.cancelled", "run.failed"]);
}

#[test]
fn items_are_looked_into_one_by_one() {
    let mut run = Subject::of_steps(
        json!([{ "id": "m", "kind": "map", "with": { "over": [5, 6], "as": "n", "step": {
        "kind": "act", "effect": "once",
        "reconcile": { "kind": "act", "effect": "read", "with": { "do": "{{ n }}" } },
    } } }]),
    );
    run.settle("m[1]", Outcome::Unknown(error("reset")));
    run.after(Duration::ZERO);
    assert_eq!(run.starts()[0].request.value, json!({ "do": 6 }));
    // A failed item stops its siblings, not what looks into them.
    run.fail("m[0]");
    assert!(run.stops().is_empty() && run.is("m[1].reconcile", StepStatus::Running));
    let events = run.settle("m[1].reconcile", Outcome::Succeeded(json!({ "outcome": "succeeded" })));
    assert_eq!(
        names(&events),
        [
            "step.succeeded",
            "step.outcome_resolved",
            "step.succeeded",
            "step.failed",
            "run.failed"
        ]
    );
}
