//! Runs and events as clients see them.

use seawall_store::{Awaits, RunStatus};
use serde_json::json;

use super::kit::{LATER, failed, map_of, started, state};
use crate::api::view::{list_view, run_view};
use crate::api::view_journal::journal_item;
use crate::core::{Event, RunError, StepStatus};
use crate::effect::EffectClass;
use crate::executor::StepError;
use crate::fixtures::record;
use crate::journal::arbitrary::{EVENTS, examples, item, journal, place, step};

#[test]
fn a_view_shows_every_step_in_the_order_of_the_definition() {
    let mut events = vec![
        started(step("pay"), 1, Some(LATER)),
        failed(step("pay"), Some(LATER)),
        started(step("pay"), 2, Some(LATER)),
        Event::StepSucceeded {
            activity: step("pay"),
            output: Some(json!({"paid": 1}).into()),
        },
    ];
    events.extend(map_of(3));
    events.push(started(item("each", 0), 1, None));
    events.push(Event::StepSucceeded {
        activity: item("each", 0),
        output: Some(json!("a").into()),
    });
    events.push(started(item("each", 1), 1, None));
    let state = state(events);
    let view = run_view(&record(&state), &state, &[]);

    assert_eq!((view.status, view.awaits), (RunStatus::Running, Awaits::Nobody));
    assert_eq!((view.completed_steps, view.total_steps), (1, 6));
    assert_eq!((view.seq, view.input.json()), (state.seq, &json!({"n": 1})));
    let ids: Vec<_> = view.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["nap", "hear", "ask", "sub", "pay", "each"]);
    let pay = &view.steps[4];
    assert_eq!(
        (&*pay.kind, pay.effect, pay.attempts),
        ("transform", EffectClass::Once, 2)
    );
    assert_eq!(
        (pay.status, pay.output.json()),
        (StepStatus::Succeeded, &json!({"paid": 1}))
    );
    assert!(pay.error.is_none() && pay.started_at < pay.finished_at);
    let each = &view.steps[5];
    assert_eq!(
        (&*each.kind, each.effect, each.items),
        ("map", EffectClass::Read, Some((1, 3)))
    );
    assert_eq!((each.status, each.attempts), (StepStatus::Running, 1));
    assert_eq!(view.steps[0].status, StepStatus::Pending);
}

#[test]
fn a_map_shows_what_its_liveliest_item_does() {
    let unknown = |index| Event::StepOutcomeUnknown {
        activity: item("each", index),
        error: StepError::new("reset", "gone"),
        safe_after: None,
    };
    let mut events = map_of(2);
    events.extend([started(item("each", 0), 1, None), started(item("each", 1), 1, None)]);
    let status = |events: &[Event]| {
        let state = state(events.to_vec());
        run_view(&record(&state), &state, &[]).steps[5].status
    };
    events.push(unknown(0));
    assert_eq!(status(&events), StepStatus::Running);
    events.push(failed(item("each", 1), Some(LATER)));
    assert_eq!(status(&events), StepStatus::Retrying);
    *events.last_mut().unwrap() = unknown(1);
    assert_eq!(status(&events), StepStatus::Unknown);
}

#[test]
fn a_failing_run_shows_its_error_before_it_has_failed() {
    let mut events = vec![started(step("pay"), 1, None), failed(step("pay"), None)];
    let failing = state(events.clone());
    let view = run_view(&record(&failing), &failing, &[]);
    let error = view.error.unwrap();
    assert_eq!(
        (&*error.code, error.message.as_deref()),
        ("exit-code-75", Some("try later"))
    );
    assert_eq!(error.step, Some(step("pay").step));
    assert_eq!(view.steps[4].error.as_ref().unwrap().step, Some(step("pay").step));

    events.push(Event::RunFailed {
        error: RunError {
            code: "exit-code-75".into(),
            message: "try later".to_owned(),
            step: Some(step("pay").step),
        },
    });
    let failed = state(events);
    let view = run_view(&record(&failed), &failed, &[]);
    assert_eq!(
        (view.status, view.finished_at),
        (RunStatus::Failed, Some(failed.last_at))
    );
    let listed = list_view(&record(&failed));
    assert_eq!(
        (listed.status, &*listed.error.unwrap().code),
        (RunStatus::Failed, "exit-code-75")
    );
    assert!(listed.steps.is_empty() && listed.input.json().is_null());
}

#[test]
fn every_event_has_a_form_for_clients() {
    let mut shown = Vec::new();
    for recorded in journal(1, examples()) {
        let item = journal_item(&recorded);
        assert_eq!(
            (item.seq, item.at, item.kind),
            (recorded.seq, recorded.at, recorded.event.name())
        );
        shown.push((place(&recorded.event), format!("{} {}", item.kind, item.data)));
    }
    assert_eq!(shown.iter().map(|(place, _)| *place).max(), Some(EVENTS - 1));
    let lines: Vec<_> = shown.into_iter().map(|(_, line)| line).collect();
    insta::assert_snapshot!(lines.join("\n"));
}
