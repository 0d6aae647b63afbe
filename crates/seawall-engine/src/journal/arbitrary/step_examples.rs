//! Events of steps: attempts, doubts, waits, tasks, parts.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{Digest, RunStatus};
use serde_json::json;

use super::makers::{ann, approval, item, ms, queue, run_id, step, task, version};
use crate::core::{ApprovalRequested, ChildStarted, Decided, Event, Resolution, StepStarted, TaskOffered};
use crate::datum::Datum;
use crate::definition::FlowPlan;
use crate::executor::StepError;
use crate::names::{Part, StepId};

pub(super) fn step_examples() -> Vec<Event> {
    let error = StepError {
        retry_after: Some(Duration::from_secs(2)),
        ..StepError::new("http-status-503", "the server answered 503")
    };
    let failed = |activity, in_doubt, retry_at, replaced_by| Event::StepFailed {
        activity,
        error: error.clone(),
        in_doubt,
        retry_at,
        replaced_by,
    };
    let started = |activity, request: Option<&str>, deadline| {
        Event::StepStarted(Box::new(StepStarted {
            activity,
            attempt: 2,
            request_digest: request.map(|text| Digest::of(text.as_bytes())),
            deadline,
        }))
    };
    vec![
        started(step("fetch"), Some("request"), Some(ms(1_700_000_060_000))),
        started(item("each", 0), None, None),
        Event::StepSucceeded {
            activity: item("each", 0),
            output: Some(json!({"stdout": "a\nb"}).into()),
        },
        Event::StepSucceeded {
            activity: step("nothing"),
            output: Some(Datum::null()),
        },
        Event::StepSucceeded {
            activity: step("each"),
            output: None,
        },
        failed(step("fetch"), true, Some(ms(1_700_000_009_500)), None),
        failed(item("each", 7), false, None, None),
        failed(step("fetch"), false, None, Some(json!({"fallback": true}).into())),
        Event::StepFailed {
            activity: step("render"),
            error: StepError::permanent("template-error", "line 1: \u{1F600}\u{0}"),
            in_doubt: false,
            retry_at: None,
            replaced_by: Some(Datum::null()),
        },
        Event::StepSkipped {
            step: StepId::parse("report").unwrap(),
        },
        Event::StepCancelled {
            activity: item("each", 9999),
        },
        Event::StepDeferred {
            activity: step("fetch"),
            until: ms(1_700_000_030_000),
            reason: "the breaker of api.example.com is open".to_owned(),
            in_doubt: false,
        },
        Event::StepDeferred {
            activity: item("each", 1),
            until: ms(1_700_000_030_000),
            reason: "the process died while the attempt was running".to_owned(),
            in_doubt: true,
        },
    ]
}

pub(super) fn doubt_examples() -> Vec<Event> {
    let resolved = |resolution| Event::StepOutcomeResolved {
        activity: step("pay"),
        resolution,
        by: ann(),
    };
    vec![
        Event::StepOutcomeUnknown {
            activity: step("pay"),
            error: StepError::new("timeout", "no answer in 60 s"),
            safe_after: Some(ms(1_700_000_070_000)),
        },
        Event::StepOutcomeUnknown {
            activity: item("each", 3),
            error: StepError::new("reset", "the connection was reset"),
            safe_after: None,
        },
        resolved(Resolution::Succeeded(json!({"paid": 12.75}).into())),
        resolved(Resolution::Failed("no money".to_owned())),
        resolved(Resolution::Retry),
        Event::MapStarted {
            step: StepId::parse("each").unwrap(),
            items: vec![json!("a.rs").into(), json!({"n": 1}).into(), Datum::null()],
        },
    ]
}

pub(super) fn wait_examples() -> Vec<Event> {
    let asked = |deciders: &[&str], expires_at| {
        Event::ApprovalRequested(Box::new(ApprovalRequested {
            activity: step("ask"),
            approval: approval(9),
            message: "Deploy?".to_owned(),
            deciders: deciders.iter().map(|&who| who.to_owned()).collect(),
            expires_at,
        }))
    };
    let decided = |activity, decision, comment: Option<&str>| Event::ApprovalDecided {
        approval: approval(9),
        activity,
        decision,
        comment: comment.map(str::to_owned),
        by: ann(),
    };
    vec![
        Event::TimerSet {
            activity: step("nap"),
            until: ms(1_700_000_600_000),
        },
        Event::TimerFired { activity: step("nap") },
        Event::SignalAwaited {
            activity: step("wait"),
            name: "go".to_owned(),
            until: Some(ms(1_700_000_600_000)),
        },
        Event::SignalAwaited {
            activity: item("each", 1),
            name: "go".to_owned(),
            until: None,
        },
        Event::SignalReceived {
            id: "s-1".to_owned(),
            name: "go".to_owned(),
            payload: json!({"speed": 1}).into(),
        },
        asked(&["ann", "bob"], Some(ms(1_700_000_600_000))),
        asked(&[], None),
        decided(step("ask"), Decided::Approved, Some("fine")),
        decided(item("each", 1), Decided::Rejected, None),
        decided(step("ask"), Decided::Expired, None),
        Event::ChildStarted(Box::new(ChildStarted {
            activity: item("each", 4),
            child: run_id(3),
            workflow: version("child"),
            definition: Digest::of(b"child"),
            depth: 1,
            input: json!({"n": 4}).into(),
            flow: FlowPlan::default(),
        })),
        Event::ChildCancelRequested {
            activity: item("each", 4),
            child: run_id(3),
        },
        Event::ChildFinished {
            activity: item("each", 4),
            child: run_id(3),
            status: RunStatus::Succeeded,
        },
    ]
}

pub(super) fn part_examples() -> Vec<Event> {
    let undo = || step("book").with_part(Part::Compensate);
    let look = || item("each", 3).with_part(Part::Reconcile);
    vec![
        Event::CompensationStarted {
            activities: vec![item("each", 1).with_part(Part::Compensate), undo()],
        },
        Event::StepStarted(Box::new(StepStarted {
            activity: look(),
            attempt: 1,
            request_digest: Some(Digest::of(b"request")),
            deadline: None,
        })),
        Event::StepSucceeded {
            activity: look(),
            output: Some(json!({"outcome": "retry"}).into()),
        },
        Event::StepCancelled { activity: look() },
        Event::StepOutcomeUnknown {
            activity: undo(),
            error: StepError::new("reset", "the connection was reset"),
            safe_after: None,
        },
        Event::RunRetried {
            by: ann(),
            activities: vec![step("book")],
            anew: vec![StepId::parse("each").unwrap()],
        },
        Event::TaskOffered(Box::new(TaskOffered {
            activity: undo(),
            task: task(5),
            queue: queue("resize.images"),
            key: None,
            priority: 0,
        })),
        Event::TaskClaimed {
            activity: undo(),
            task: task(5),
            worker: Arc::from("host-1/7"),
            claimed_at: ms(1_700_000_050_500),
        },
        Event::TaskCancelRequested {
            activity: look(),
            task: task(5),
        },
    ]
}

pub(super) fn task_examples() -> Vec<Event> {
    let offered = |activity, key: Option<&str>, priority| {
        Event::TaskOffered(Box::new(TaskOffered {
            activity,
            task: task(5),
            queue: queue("resize.images"),
            key: key.map(str::to_owned),
            priority,
        }))
    };
    vec![
        offered(step("resize"), Some("customer-7"), -3),
        offered(item("each", 2), None, 0),
        Event::TaskClaimed {
            activity: step("resize"),
            task: task(5),
            worker: Arc::from("host-1/7"),
            claimed_at: ms(1_700_000_050_500),
        },
        Event::TaskCancelRequested {
            activity: item("each", 2),
            task: task(5),
        },
    ]
}
