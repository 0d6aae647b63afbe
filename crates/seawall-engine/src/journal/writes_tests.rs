use seawall_store::{ApprovalStatus, Digest, OwnTurn, RunStatus};
use serde_json::json;

use super::arbitrary::{approval, item, journal, ms, queue, run_id, step, task, version};
use super::writes::Writes;
use super::{decode, decode_message, readmission_key, writes};
use crate::core::{
    ApprovalRequested, ChildStarted, Decided, Event, Message, RunError, RunState, StepStarted, TaskEnd, TaskOffered,
    TaskPlan, Withdrawal,
};
use crate::datum::Datum;
use crate::fixtures::{born, replay};
use crate::names::{ActivityRef, EffectKey, approval_id, child_id};

/// A run of `ask` and `sub`, after `before` and `events`; what follows from `events`.
fn after(child_of: Option<u128>, before: Vec<Event>, events: Vec<Event>) -> (RunState, Writes) {
    let definition = json!({"name": "parent", "steps": [
        {"id": "ask", "kind": "approval", "with": {"message": "Deploy?"}},
        {"id": "sub", "kind": "workflow", "with": {"workflow": "child"}},
    ]});
    let mut all = vec![born(&definition, child_of), Event::RunStarted];
    all.extend(before);
    let first = all.len();
    all.extend(events);
    let recorded = journal(1, all);
    let state = replay(&definition, &recorded);
    let writes = writes(&state, &recorded[first..], &[], ms(0));
    (state, writes)
}

fn started(activity: ActivityRef, attempt: u32) -> Event {
    Event::StepStarted(Box::new(StepStarted {
        activity,
        attempt,
        request_digest: None,
        deadline: None,
    }))
}

fn asked(attempt: u32) -> Event {
    Event::ApprovalRequested(Box::new(ApprovalRequested {
        activity: step("ask"),
        approval: approval_id(run_id(1), &step("ask"), attempt),
        message: "Deploy?".to_owned(),
        deciders: vec!["ann".to_owned()],
        expires_at: Some(ms(1_800_000_000_000)),
    }))
}

fn cancel_requested() -> Event {
    Event::CancelRequested { by: "ann".into() }
}

fn cancelled(id: &str) -> Event {
    Event::StepCancelled { activity: step(id) }
}

#[test]
fn an_approval_opens_with_its_event() {
    let (state, writes) = after(None, vec![], vec![started(step("ask"), 1), asked(1)]);
    let [opened] = &writes.opened[..] else {
        panic!("{writes:?}")
    };
    assert_eq!(opened.id, approval_id(state.run, &step("ask"), 1));
    assert_eq!((&*opened.step, opened.item), ("ask", None));
    assert_eq!(
        (&*opened.message, &opened.deciders[..]),
        ("Deploy?", &["ann".to_owned()][..])
    );
    assert_eq!(opened.requested_at, state.last_at);
    assert_eq!(opened.expires_at, Some(ms(1_800_000_000_000)));
    assert!(writes.settled.is_empty() && writes.children.is_empty() && writes.messages.is_empty());
}

#[test]
fn a_decision_settles_its_approval() {
    for (decision, by, status, decided_by) in [
        (Decided::Approved, "bob", ApprovalStatus::Approved, Some("bob")),
        (Decided::Rejected, "bob", ApprovalStatus::Rejected, Some("bob")),
        (Decided::Expired, "timeout", ApprovalStatus::Expired, None),
    ] {
        let decided = Event::ApprovalDecided {
            approval: approval(9),
            activity: step("ask"),
            decision,
            comment: Some("well".to_owned()),
            by: by.into(),
        };
        let (_, writes) = after(None, vec![started(step("ask"), 1), asked(1)], vec![decided]);
        let [settled] = &writes.settled[..] else {
            panic!("{writes:?}")
        };
        assert_eq!((settled.id, settled.status), (approval(9), status));
        assert_eq!(settled.decided_by.as_deref(), decided_by);
        assert_eq!(settled.comment.as_deref(), Some("well"));
    }
}

#[test]
fn an_approval_that_is_cancelled_with_its_step_is_settled() {
    let before = vec![started(step("ask"), 1), asked(1)];
    let events = vec![cancel_requested(), cancelled("ask"), Event::RunCancelled];
    let (state, writes) = after(None, before, events);
    let [settled] = &writes.settled[..] else {
        panic!("{writes:?}")
    };
    assert_eq!(settled.id, approval_id(state.run, &step("ask"), 1));
    assert_eq!(
        (settled.status, &settled.decided_by),
        (ApprovalStatus::Cancelled, &None)
    );
}

#[test]
fn a_cancel_and_a_retry_in_one_append_settle_the_old_approval_and_open_the_new_one() {
    let before = vec![started(step("ask"), 1), asked(1)];
    let events = vec![
        cancel_requested(),
        cancelled("ask"),
        Event::RunCancelled,
        Event::RunRetried {
            by: "ann".into(),
            activities: vec![],
            anew: vec![],
        },
        started(step("ask"), 2),
        asked(2),
    ];
    let (state, writes) = after(None, before, events);
    let id = |attempt| approval_id(state.run, &step("ask"), attempt);
    assert_eq!(
        writes.settled.iter().map(|settled| settled.id).collect::<Vec<_>>(),
        [id(1)]
    );
    assert_eq!(
        writes.opened.iter().map(|opened| opened.id).collect::<Vec<_>>(),
        [id(2)]
    );
}

#[test]
fn a_cancelled_step_of_another_kind_settles_no_approval() {
    let (_, writes) = after(None, vec![started(step("sub"), 1)], vec![cancelled("sub")]);
    assert!(writes.settled.is_empty());
}

#[test]
fn a_child_is_born_with_the_event_of_its_parent() {
    let child = child_id(run_id(1), &step("sub"), 1);
    let event = Event::ChildStarted(Box::new(ChildStarted {
        activity: step("sub"),
        child,
        workflow: version("child"),
        definition: Digest::of(b"child"),
        depth: 1,
        input: json!({"n": 1}).into(),
        flow: crate::definition::FlowPlan::default(),
    }));
    let (state, writes) = after(None, vec![started(step("sub"), 1)], vec![event]);
    let [new] = &writes.children[..] else {
        panic!("{writes:?}")
    };
    assert_eq!((new.id, &new.workflow), (child, &version("child")));
    assert_eq!((&new.created_by, new.created_at), (&state.created_by, ms(0)));
    assert_eq!((new.hold, new.projection.status), (None, RunStatus::Queued));
    let first = decode(&new.segment).unwrap();
    let [first] = &first[..] else { panic!("{first:?}") };
    let Event::RunCreated(created) = &first.event else {
        panic!("{first:?}")
    };
    assert_eq!((first.seq.0, first.at), (1, ms(0)));
    assert_eq!((created.run, created.depth), (child, 1));
    assert_eq!(created.definition, Digest::of(b"child"));
    assert_eq!(created.input, Datum::new(json!({"n": 1})));
    assert_eq!(created.parent, new.parent);
    let parent = new.parent.as_ref().unwrap();
    assert_eq!((parent.run, &*parent.step, parent.item), (state.run, "sub", None));
}

#[test]
fn a_child_is_told_to_stop_once_under_one_key() {
    let event = Event::ChildCancelRequested {
        activity: step("sub"),
        child: run_id(5),
    };
    let (state, writes) = after(None, vec![started(step("sub"), 1)], vec![event]);
    let [message] = &writes.messages[..] else {
        panic!("{writes:?}")
    };
    assert_eq!((message.to, &*message.key.0), (run_id(5), "parent-cancel:1"));
    let by = state.run.to_string().into();
    assert_eq!(decode_message(&message.body).unwrap(), Message::Cancel { by });
}

#[test]
fn a_child_that_is_retried_is_told_so_under_a_key_of_that_attempt() {
    let event = Event::ChildRetried {
        activity: step("sub"),
        child: run_id(5),
    };
    let (state, writes) = after(None, vec![started(step("sub"), 3)], vec![event]);
    let [message] = &writes.messages[..] else {
        panic!("{writes:?}")
    };
    assert_eq!((message.to, &*message.key.0), (run_id(5), "parent-retry:3"));
    let by = state.run.to_string().into();
    assert_eq!(
        decode_message(&message.body).unwrap(),
        Message::ParentRetried { by, round: 3 }
    );
}

#[test]
fn a_child_asks_for_its_slot_with_the_event_that_says_so_and_gives_it_up_likewise() {
    let failed = || Event::RunFailed {
        error: RunError {
            code: "bad".into(),
            message: "no".to_owned(),
            step: None,
        },
    };
    let requested = |round| Event::RunRetryRequested {
        by: "someone".into(),
        round,
        gated: true,
    };
    let withdrawn = || Event::RunRetryWithdrawn {
        reason: Withdrawal::Rejected,
    };
    let (_, writes) = after(Some(8), vec![failed()], vec![requested(2)]);
    let OwnTurn::Ask { key, body } = &writes.turn else {
        panic!("{writes:?}")
    };
    assert_eq!(*key, readmission_key(2));
    assert_eq!(decode_message(body).unwrap(), Message::Admitted);
    assert!(writes.messages.is_empty());
    let (_, writes) = after(Some(8), vec![failed(), requested(2)], vec![withdrawn()]);
    assert_eq!(writes.turn, OwnTurn::GiveUp);
    let [message] = &writes.messages[..] else {
        panic!("{writes:?}")
    };
    let told = decode_message(&message.body).unwrap();
    let Message::ChildEnded {
        round, status, error, ..
    } = told
    else {
        panic!("{told:?}")
    };
    assert_eq!((round, status), (2, RunStatus::Failed));
    assert_eq!(
        error.map(|error| error.code.to_string()).as_deref(),
        Some("flow-rejected")
    );
    // The next request follows in the same append: that one is answered.
    let both = vec![withdrawn(), requested(3)];
    let (_, writes) = after(Some(8), vec![failed(), requested(2)], both);
    assert!(matches!(writes.turn, OwnTurn::Ask { .. }) && writes.messages.is_empty());
}

#[test]
fn the_end_of_a_child_is_told_to_its_parent() {
    let failure = RunError {
        code: "timeout".into(),
        message: "too slow".to_owned(),
        step: None,
    };
    let output = Datum::new(json!(42));
    for (end, status, result, code) in [
        (
            Event::RunSucceeded { output: output.clone() },
            RunStatus::Succeeded,
            output,
            None,
        ),
        (
            Event::RunFailed { error: failure },
            RunStatus::Failed,
            Datum::null(),
            Some("timeout"),
        ),
        (
            Event::RunCancelled,
            RunStatus::Cancelled,
            Datum::null(),
            Some("child-cancelled"),
        ),
    ] {
        let (state, writes) = after(Some(8), vec![], vec![end]);
        let [message] = &writes.messages[..] else {
            panic!("{writes:?}")
        };
        assert_eq!(message.to, run_id(8));
        assert_eq!(message.key.0, format!("child:{}", state.run));
        let Message::ChildEnded {
            child,
            activity,
            generation,
            status: told,
            output,
            error,
            round,
        } = decode_message(&message.body).unwrap()
        else {
            panic!("{message:?}")
        };
        assert_eq!((child, activity, generation, round), (state.run, step("outer"), 2, 0));
        assert_eq!((told, output), (status, result));
        assert_eq!(error.map(|error| error.code.into_owned()).as_deref(), code);
    }
}

#[test]
fn the_end_of_a_run_without_a_parent_is_told_to_nobody() {
    let (_, writes) = after(None, vec![], vec![Event::RunCancelled]);
    assert!(writes.messages.is_empty());
}

fn offered(activity: ActivityRef, number: u128) -> Event {
    Event::TaskOffered(Box::new(TaskOffered {
        activity,
        task: task(number),
        queue: queue("q"),
        key: Some("k".to_owned()),
        priority: 5,
    }))
}

fn plan(activity: &ActivityRef, number: u128) -> TaskPlan {
    TaskPlan {
        task: task(number),
        attempt: 2,
        effect_key: EffectKey::derive(run_id(1), activity, 0),
        payload: format!("{number}").into_bytes().into(),
        timeout: std::time::Duration::from_secs(7),
    }
}

#[test]
fn a_task_is_written_with_its_event_and_the_payload_that_came_beside_it() {
    let definition = json!({"name": "parent", "steps": [{"id": "ask", "kind": "approval", "with": {"message": "?"}}]});
    let (one, other) = (step("one"), item("each", 3));
    let recorded = journal(
        1,
        vec![
            born(&definition, None),
            offered(one.clone(), 1),
            Event::RunStarted,
            offered(other.clone(), 2),
        ],
    );
    let state = replay(&definition, &recorded);
    let written = writes(&state, &recorded, &[plan(&one, 1), plan(&other, 2)], ms(7));
    let [first, second] = &written.tasks[..] else {
        panic!("{written:?}")
    };
    assert_eq!(
        (first.id, &*first.activity, &*first.payload),
        (task(1), "one", b"1".as_slice())
    );
    assert_eq!(
        (second.id, &*second.activity, &*second.payload),
        (task(2), "each[3]", b"2".as_slice())
    );
    assert_eq!((first.attempt, first.priority, first.key.as_deref()), (2, 5, Some("k")));
    assert_eq!(first.offered_at, ms(7), "by the clock: newer runs have no other time");
    assert_eq!(first.effect_key, EffectKey::derive(run_id(1), &one, 0).to_string());
}

#[test]
fn a_task_that_is_taken_back_brings_the_message_that_nobody_had_it() {
    let taken_back = Event::TaskCancelRequested {
        activity: step("ask"),
        task: task(1),
    };
    let (state, written) = after(None, vec![], vec![taken_back]);
    let [withdrawn] = &written.withdrawn[..] else {
        panic!("{written:?}")
    };
    assert_eq!((withdrawn.id, withdrawn.message.to), (task(1), state.run));
    assert_eq!(
        withdrawn.message.key.0,
        format!("task:{}", task(1)),
        "the key of every last word about it"
    );
    let Ok(Message::TaskEnded(ended)) = decode_message(&withdrawn.message.body) else {
        panic!("{withdrawn:?}")
    };
    assert_eq!(
        (ended.task, ended.claim, ended.end),
        (task(1), None, TaskEnd::Withdrawn)
    );
}
