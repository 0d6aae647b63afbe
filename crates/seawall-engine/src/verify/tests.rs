use seawall_store::{Seq, Timestamp};
use serde_json::json;

use super::finding::VerifyFindingKind;
use super::history;
use crate::core::{Event, Recorded, Resolution, StepStarted};
use crate::datum::Datum;
use crate::executor::StepError;
use crate::fixtures::{born, definition};
use crate::journal::arbitrary::{journal, step};

/// A run of a step of this class, and what is found in its journal after these events.
fn found(effect: &str, events: Vec<Event>) -> Vec<VerifyFindingKind> {
    let source = json!({"name": "parent", "steps": [
        {"id": "a", "kind": "transform", "effect": effect, "with": {"value": 1}},
    ]});
    let mut all = vec![born(&source, None), Event::RunStarted];
    all.extend(events);
    kinds(&source, &journal(1, all))
}

fn kinds(source: &serde_json::Value, recorded: &[Recorded]) -> Vec<VerifyFindingKind> {
    let mut found = Vec::new();
    history::replay(definition(source), recorded, &mut found).expect("it is its definition");
    found.into_iter().map(|found| found.kind).collect()
}

fn started(attempt: u32) -> Event {
    Event::StepStarted(Box::new(StepStarted {
        activity: step("a"),
        attempt,
        request_digest: None,
        deadline: None,
    }))
}

fn succeeded() -> Event {
    Event::StepSucceeded {
        activity: step("a"),
        output: Some(Datum::null()),
    }
}

fn unknown() -> Event {
    Event::StepOutcomeUnknown {
        activity: step("a"),
        error: StepError::new("reset", ""),
        safe_after: None,
    }
}

fn resolved(resolution: Resolution) -> Event {
    Event::StepOutcomeResolved {
        activity: step("a"),
        resolution,
        by: "ann".into(),
    }
}

#[test]
fn what_is_settled_once_is_in_order() {
    assert!(found("once", vec![started(1), succeeded()]).is_empty());
    let again = vec![
        started(1),
        unknown(),
        resolved(Resolution::Retry),
        started(2),
        succeeded(),
    ];
    assert!(found("once", again).is_empty());
    let crashed = vec![started(1), started(2), succeeded()];
    assert!(found("idempotent", crashed).is_empty());
}

#[test]
fn an_outcome_that_comes_twice_is_found() {
    let twice = vec![started(1), succeeded(), succeeded()];
    assert_eq!(found("read", twice), [VerifyFindingKind::DoubleOutcome]);
    let not_unknown = vec![started(1), resolved(Resolution::Retry)];
    assert_eq!(found("once", not_unknown), [VerifyFindingKind::DoubleOutcome]);
    let again = vec![started(1), succeeded(), started(2)];
    assert_eq!(found("read", again), [VerifyFindingKind::DoubleOutcome]);
    let nobody_waits = vec![Event::TimerFired { activity: step("a") }];
    assert_eq!(found("read", nobody_waits), [VerifyFindingKind::DoubleOutcome]);
}

#[test]
fn a_success_of_what_has_not_begun_or_does_not_exist_is_found() {
    assert_eq!(found("read", vec![succeeded()]), [VerifyFindingKind::OutOfOrder]);
    let nobody = Event::StepSucceeded {
        activity: step("nobody"),
        output: Some(Datum::null()),
    };
    assert_eq!(found("read", vec![nobody]), [VerifyFindingKind::OutOfOrder]);
    let begun = Event::StepStarted(Box::new(StepStarted {
        activity: step("nobody"),
        attempt: 1,
        request_digest: None,
        deadline: None,
    }));
    assert_eq!(found("read", vec![begun]), [VerifyFindingKind::OutOfOrder]);
    // What cannot begin fails: a template, say.
    let failed = Event::StepFailed {
        activity: step("a"),
        error: StepError::permanent("template-error", ""),
        in_doubt: false,
        retry_at: None,
        replaced_by: None,
    };
    assert!(found("read", vec![failed]).is_empty());
}

#[test]
fn an_effect_of_once_that_is_begun_again_is_found() {
    for before in [
        vec![started(1)],
        vec![started(1), succeeded()],
        vec![started(1), unknown()],
    ] {
        let events = [before, vec![started(2)]].concat();
        assert_eq!(found("once", events), [VerifyFindingKind::OnceRepeated]);
    }
}

#[test]
fn events_out_of_order_are_found() {
    assert_eq!(found("read", vec![started(2)]), [VerifyFindingKind::OutOfOrder]);
    let ended = Event::RunSucceeded { output: Datum::null() };
    let after_the_end = vec![started(1), succeeded(), ended, Event::RunPaused { by: "ann".into() }];
    assert_eq!(found("read", after_the_end), [VerifyFindingKind::OutOfOrder]);
    let source = json!({"name": "parent", "steps": [
        {"id": "a", "kind": "transform", "with": {"value": 1}},
    ]});
    let mut back = journal(1, vec![born(&source, None), Event::RunStarted]);
    back[1].at = Timestamp::ZERO;
    assert_eq!(kinds(&source, &back), [VerifyFindingKind::OutOfOrder]);
    let mut gap = journal(1, vec![born(&source, None), Event::RunStarted]);
    gap[1].seq = Seq(3);
    assert_eq!(kinds(&source, &gap), [VerifyFindingKind::OutOfOrder]);
}

#[test]
fn a_map_whose_items_were_fixed_twice_is_found() {
    let source = json!({"name": "parent", "steps": [
        {"id": "m", "kind": "map", "with": {"over": [1, 2], "step": {"kind": "transform", "with": {"value": 1}}}},
    ]});
    let map = || Event::MapStarted {
        step: crate::names::StepId::parse("m").unwrap(),
        items: vec![Datum::null(), Datum::null()],
    };
    let start = Event::StepStarted(Box::new(StepStarted {
        activity: step("m"),
        attempt: 1,
        request_digest: None,
        deadline: None,
    }));
    let twice = journal(1, vec![born(&source, None), Event::RunStarted, start, map(), map()]);
    let found = kinds(&source, &twice);
    assert!(found.contains(&VerifyFindingKind::DoubleOutcome), "{found:?}");
}
