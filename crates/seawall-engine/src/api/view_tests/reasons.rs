//! Why a run stands still.

use seawall_store::{NodeId, Timestamp};
use serde_json::json;

use super::kit::{LATER, failed, flow, map_of, started, state};
use crate::api::why;
use crate::api::why_queue::Tasks;
use crate::core::{ApprovalRequested, BlockReason, ChildStarted, Event, RunState};
use crate::executor::StepError;
use crate::fixtures::{born, record, replay};
use crate::journal::arbitrary::{approval, item, journal, ms, run_id, step, version};

/// Kinds, steps and details of the reasons of a run that nobody holds and nothing is due for.
fn reasons(state: &RunState) -> Vec<(&'static str, Option<String>, Option<i64>, String)> {
    why(&record(state), state, &Tasks::default(), ms(LATER))
        .into_iter()
        .map(|reason| {
            let step = reason.step.map(|id| id.to_string());
            (reason.kind, step, reason.until.map(Timestamp::as_millis), reason.detail)
        })
        .collect()
}

#[track_caller]
fn one_reason(events: Vec<Event>, kind: &str, step: Option<&str>, until: Option<i64>) -> String {
    let found = reasons(&state(events));
    let [(found_kind, found_step, found_until, detail)] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!((*found_kind, found_step.as_deref(), *found_until), (kind, step, until));
    detail.clone()
}

#[test]
fn a_sleeping_run_waits_for_its_timer() {
    let until = Event::TimerSet {
        activity: step("nap"),
        until: ms(LATER + 5),
    };
    one_reason(
        vec![started(step("nap"), 1, None), until],
        "timer",
        Some("nap"),
        Some(LATER + 5),
    );
}

#[test]
fn a_run_that_waits_for_a_signal_names_it() {
    let awaited = Event::SignalAwaited {
        activity: step("hear"),
        name: "go".to_owned(),
        until: None,
    };
    let detail = one_reason(
        vec![started(step("hear"), 1, None), awaited],
        "signal",
        Some("hear"),
        None,
    );
    assert!(detail.contains("`go`"), "{detail}");
}

#[test]
fn a_run_that_waits_for_a_decision_names_the_approval() {
    let asked = Event::ApprovalRequested(Box::new(ApprovalRequested {
        activity: step("ask"),
        approval: approval(9),
        message: String::new(),
        deciders: vec![],
        expires_at: Some(ms(LATER)),
    }));
    let detail = one_reason(
        vec![started(step("ask"), 1, None), asked],
        "approval",
        Some("ask"),
        Some(LATER),
    );
    assert!(detail.contains(&approval(9).to_string()), "{detail}");
}

#[test]
fn a_run_that_waits_for_a_child_names_the_child() {
    let child = Event::ChildStarted(Box::new(ChildStarted {
        activity: step("sub"),
        child: run_id(5),
        workflow: version("child"),
        definition: seawall_store::Digest::of(b""),
        depth: 1,
        input: json!({}).into(),
        flow: crate::definition::FlowPlan::default(),
    }));
    let mut events = vec![started(step("sub"), 1, None), child];
    let told = Event::ChildCancelRequested {
        activity: step("sub"),
        child: run_id(5),
    };
    let detail = one_reason(events.clone(), "child", Some("sub"), None);
    assert!(
        detail.contains(&run_id(5).to_string()) && !detail.contains("told"),
        "{detail}"
    );
    let late = one_reason(
        [events.clone(), vec![told.clone()]].concat(),
        "child",
        Some("sub"),
        None,
    );
    assert!(late.contains("took too long") && late.contains("resolve"), "{late}");
    events.push(Event::CancelRequested { by: "ann".into() });
    events.push(told);
    let found = reasons(&state(events));
    let kinds: Vec<_> = found.iter().map(|reason| reason.0).collect();
    assert_eq!(kinds, ["stopping", "child"]);
    assert!(
        found[1].3.contains("told to stop") && !found[1].3.contains("too long"),
        "{found:?}"
    );
}

#[test]
fn a_retry_says_which_attempt_follows_when_and_after_what() {
    let events = vec![started(step("pay"), 1, None), failed(step("pay"), Some(LATER + 7))];
    let detail = one_reason(events, "retry", Some("pay"), Some(LATER + 7));
    assert!(
        detail.contains("attempt 2") && detail.contains("exit-code-75: try later"),
        "{detail}"
    );
}

#[test]
fn a_deferred_step_says_what_it_was_told() {
    let deferred = Event::StepDeferred {
        activity: step("pay"),
        until: ms(LATER + 7),
        reason: "the breaker is open".to_owned(),
        in_doubt: false,
    };
    let detail = one_reason(
        vec![started(step("pay"), 1, None), deferred],
        "deferred",
        Some("pay"),
        Some(LATER + 7),
    );
    assert!(detail.contains("the breaker is open"), "{detail}");
}

#[test]
fn an_attempt_in_flight_shows_its_deadline() {
    let state = state(vec![started(step("pay"), 3, Some(LATER + 9))]);
    let mut row = record(&state);
    row.holder = Some(NodeId::from_uuid(uuid::Uuid::from_u128(1)));
    let found = why(&row, &state, &Tasks::default(), ms(LATER));
    assert_eq!((found[0].kind, found[0].until), ("attempt", Some(ms(LATER + 9))));
    assert_eq!(found[0].detail, "attempt 3 is in progress");
    assert_eq!(found[1].kind, "holder");
}

#[test]
fn an_attempt_whose_process_is_gone_is_not_in_progress() {
    let detail = one_reason(
        vec![started(step("pay"), 9, Some(LATER + 9))],
        "attempt",
        Some("pay"),
        None,
    );
    assert!(detail.starts_with("attempt 9 was in progress when"), "{detail}");
}

#[test]
fn an_unknown_outcome_says_what_a_person_can_do() {
    let unknown = Event::StepOutcomeUnknown {
        activity: step("pay"),
        error: StepError::new("timeout", "no answer"),
        safe_after: Some(ms(1_700_001_000_000)),
    };
    let blocked = Event::RunBlocked {
        reason: BlockReason::UnknownOutcome(vec![step("pay")]),
    };
    let detail = one_reason(
        vec![started(step("pay"), 1, None), unknown, blocked],
        "unknown-outcome",
        Some("pay"),
        None,
    );
    for part in [
        "timeout: no answer",
        "succeeded, failed or retry",
        "2023-11-14T22:30:00Z",
    ] {
        assert!(detail.contains(part), "{detail}");
    }
}

#[test]
fn a_paused_run_says_so_and_what_is_held_back() {
    let events = vec![
        started(step("pay"), 1, None),
        failed(step("pay"), Some(LATER)),
        Event::RunPaused { by: "ann".into() },
    ];
    let found = reasons(&state(events));
    let kinds: Vec<_> = found.iter().map(|reason| reason.0).collect();
    assert_eq!(kinds, ["paused", "retry"]);
    assert!(found[1].3.contains("does not begin while"), "{found:?}");
}

#[test]
fn a_run_whose_holders_died_is_blocked_with_their_number() {
    let blocked = Event::RunBlocked {
        reason: BlockReason::HoldersDied(10),
    };
    let detail = one_reason(vec![blocked], "blocked", None, None);
    assert!(detail.starts_with("10 processes"), "{detail}");
}

#[test]
fn an_ended_run_says_only_that() {
    let detail = one_reason(
        vec![Event::RunSucceeded {
            output: json!(1).into(),
        }],
        "ended",
        None,
        Some(1_700_000_003_000),
    );
    assert!(detail.contains("succeeded"), "{detail}");
    let mut gone = record(&state(vec![Event::RunCancelled]));
    gone.holder = Some(NodeId::from_uuid(uuid::Uuid::from_u128(1)));
    let found = why(&gone, &state(vec![Event::RunCancelled]), &Tasks::default(), ms(LATER));
    assert_eq!(found.iter().map(|reason| reason.kind).collect::<Vec<_>>(), ["ended"]);
}

#[test]
fn who_executes_the_run_or_why_nobody_does_is_said() {
    let flow = flow();
    let queued = replay(&flow, &journal(1, vec![born(&flow, None)]));
    let running = state(vec![]);
    let node = NodeId::from_uuid(uuid::Uuid::from_u128(1));
    for (state, holder, due, deaths, kind, until) in [
        (&queued, None, Some(LATER), 0, "queued", None),
        (&queued, Some(node), None, 0, "holder", None),
        (&running, Some(node), None, 0, "holder", None),
        (&running, None, Some(LATER - 1), 0, "unclaimed", None),
        (&running, None, Some(LATER - 1), 1, "unclaimed", None),
        (&running, None, Some(LATER + 1), 4, "unclaimed", Some(LATER + 1)),
        (&running, None, Some(LATER + 1), 0, "unclaimed", Some(LATER + 1)),
        (&running, None, None, 0, "unclaimed", None),
    ] {
        let mut row = record(state);
        (row.holder, row.due, row.deaths) = (holder, due.map(ms), deaths);
        let found = why(&row, state, &Tasks::default(), ms(LATER));
        let [reason] = &found[..] else {
            panic!("{kind}: {found:?}")
        };
        assert_eq!((reason.kind, reason.until), (kind, until.map(ms)), "{reason:?}");
    }
}

#[test]
fn a_map_of_many_waits_is_told_in_short() {
    let mut events = map_of(60);
    events.extend((0..60).map(|n| started(item("each", n), 1, None)));
    let found = reasons(&state(events));
    assert_eq!(found.len(), 51);
    assert!(found[0].3.starts_with("item 0: "), "{:?}", found[0]);
    assert_eq!((found[50].0, found[50].3.starts_with("and 10 more")), ("more", true));
}
