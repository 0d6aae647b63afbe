//! Events of whole runs: their lives, where they come from, their admission.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{Digest, ParentLink, Rate, ScheduleId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::makers::{ann, item, ms, run_id, step, version};
use crate::core::{
    BlockReason, ChildStarted, CopiedStatus, Event, RunCreated, RunError, ScheduledFor, StepCopied, Supersession,
    Withdrawal,
};
use crate::datum::Datum;
use crate::definition::{Conflict, FlowPlan, Gate, Quiet};
use crate::executor::StepError;
use crate::names::StepId;

pub(super) fn schedule_examples() -> Vec<Event> {
    vec![Event::RunCreated(Box::new(RunCreated {
        run: run_id(1),
        workflow: version("repo-report"),
        definition: Digest::of(b"definition"),
        input: json!({"root": "."}).into(),
        created_by: Arc::from("schedule:sched_00000000000000000000000009"),
        parent: None,
        depth: 0,
        scheduled: Some(ScheduledFor {
            schedule: ScheduleId::from_uuid(Uuid::from_u128(9)),
            fire_at: ms(1_700_000_000_000),
        }),
        gated: false,
        priority: 0,
        trace: None,
    }))]
}

pub(super) fn trace_examples() -> Vec<Event> {
    vec![Event::RunCreated(Box::new(RunCreated {
        run: run_id(1),
        workflow: version("repo-report"),
        definition: Digest::of(b"definition"),
        input: Datum::null(),
        created_by: ann(),
        parent: None,
        depth: 0,
        scheduled: None,
        gated: false,
        priority: 0,
        trace: Some(Arc::from("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")),
    }))]
}

pub(super) fn run_examples() -> Vec<Event> {
    let created = RunCreated {
        run: run_id(1),
        workflow: version("repo-report"),
        definition: Digest::of(b"definition"),
        input: json!({"root": ".", "depth": 3}).into(),
        created_by: ann(),
        parent: None,
        depth: 0,
        scheduled: None,
        gated: false,
        priority: 0,
        trace: None,
    };
    let parent = ParentLink {
        run: run_id(2),
        step: "each".to_owned(),
        item: Some(4),
        generation: 1,
    };
    let child = RunCreated {
        parent: Some(parent),
        depth: 1,
        ..created.clone()
    };
    let error = |step: Option<&str>| RunError {
        code: Arc::from("run-timeout"),
        message: "the run took longer than its \"timeout\"".to_owned(),
        step: step.map(|id| StepId::parse(id).unwrap()),
    };
    vec![
        Event::RunCreated(Box::new(created)),
        Event::RunCreated(Box::new(child)),
        Event::RunStarted,
        Event::RunPaused { by: ann() },
        Event::RunResumed { by: ann() },
        Event::CancelRequested { by: ann() },
        Event::RunRetried {
            by: ann(),
            activities: vec![step("fetch"), item("each", 2)],
            anew: vec![],
        },
        Event::RunBlocked {
            reason: BlockReason::UnknownOutcome(vec![step("pay"), item("each", 0)]),
        },
        Event::RunBlocked {
            reason: BlockReason::HoldersDied(10),
        },
        Event::RunUnblocked { by: ann() },
        Event::RunTimedOut,
        Event::RunSucceeded {
            output: json!([1, -2, 2.5, null, true, "ü"]).into(),
        },
        Event::RunFailed { error: error(None) },
        Event::RunFailed {
            error: error(Some("fetch")),
        },
        Event::RunCancelled,
    ]
}

pub(super) fn again_examples() -> Vec<Event> {
    vec![
        Event::ChildRetried {
            activity: item("each", 4),
            child: run_id(3),
        },
        Event::RunRetryRequested {
            by: Arc::from("run_00000000000000000000000001"),
            round: 2,
            gated: false,
        },
        Event::RunRetryRequested {
            by: Arc::from("run_00000000000000000000000001"),
            round: 3,
            gated: true,
        },
        Event::RunRetryWithdrawn {
            reason: Withdrawal::Cancelled { by: ann() },
        },
        Event::RunRetryWithdrawn {
            reason: Withdrawal::Superseded { by: run_id(4) },
        },
        Event::RunRetryWithdrawn {
            reason: Withdrawal::Rejected,
        },
    ]
}

pub(super) fn fork_examples() -> Vec<Event> {
    let copied = |status, output: Value, error| {
        Event::StepCopied(Box::new(StepCopied {
            step: StepId::parse("fetch").unwrap(),
            status,
            output: output.into(),
            error,
        }))
    };
    let error = || Some(StepError::permanent("http-status-404", "the server answered 404"));
    vec![
        Event::RunForked {
            from: run_id(6),
            from_step: StepId::parse("pay").unwrap(),
        },
        copied(CopiedStatus::Succeeded, json!({"status": 200}), None),
        copied(CopiedStatus::Succeeded, json!("instead"), error()),
        copied(CopiedStatus::Skipped, Value::Null, None),
        copied(CopiedStatus::Failed, Value::Null, error()),
    ]
}

pub(super) fn flow_examples() -> Vec<Event> {
    let superseded = |reason| Event::RunSuperseded { by: run_id(4), reason };
    let child = |flow| {
        Event::ChildStarted(Box::new(ChildStarted {
            activity: step("call"),
            child: run_id(3),
            workflow: version("child"),
            definition: Digest::of(b"child"),
            depth: 1,
            input: Datum::null(),
            flow,
        }))
    };
    let gate = Gate {
        key: Some(Arc::from("customer-7")),
        slots: Some(2),
        rate: Some(Rate {
            limit: 10,
            per: Duration::from_secs(60),
        }),
        on_conflict: Conflict::CancelRunning,
        debounce: Some(Quiet {
            key: Some(Arc::from("customer-7")),
            period: Duration::from_secs(5),
            max_wait: Duration::from_secs(50),
        }),
        timeout: Some(Duration::from_secs(600)),
    };
    let bare = Gate {
        key: None,
        slots: Some(1),
        rate: None,
        on_conflict: Conflict::Reject,
        debounce: None,
        timeout: None,
    };
    vec![
        Event::RunCreated(Box::new(RunCreated {
            run: run_id(1),
            workflow: version("repo-report"),
            definition: Digest::of(b"definition"),
            input: Datum::null(),
            created_by: ann(),
            parent: None,
            depth: 0,
            scheduled: None,
            gated: true,
            priority: -100,
            trace: None,
        })),
        Event::RunAdmitted { waited_ms: 1500 },
        superseded(Supersession::Debounce),
        superseded(Supersession::CancelRunning),
        Event::RunRejected,
        child(FlowPlan {
            priority: 100,
            gate: Some(gate),
        }),
        child(FlowPlan {
            priority: 0,
            gate: Some(bare),
        }),
    ]
}
