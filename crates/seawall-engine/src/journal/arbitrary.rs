//! Events for tests: one example of each, and any of each.

use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use seawall_store::{
    ApprovalId, Digest, ParentLink, QueueName, Rate, RunId, RunStatus, ScheduleId, Seq, TaskId, Timestamp, WorkflowId,
    WorkflowVersion,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::core::{
    ApprovalRequested, BlockReason, ChildStarted, CopiedStatus, Decided, Event, Message, Recorded, Resolution,
    RunCreated, RunError, ScheduledFor, StepCopied, StepStarted, Supersession, TaskEnd, TaskEnded, TaskOffered,
};
use crate::datum::Datum;
use crate::definition::{Conflict, FlowPlan, Gate, Quiet};
use crate::executor::StepError;
use crate::names::{ActivityRef, Part, StepId};

pub(crate) fn run_id(number: u128) -> RunId {
    RunId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn step(id: &str) -> ActivityRef {
    ActivityRef::step(StepId::parse(id).unwrap())
}

pub(crate) fn item(id: &str, item: u32) -> ActivityRef {
    ActivityRef::item(StepId::parse(id).unwrap(), item)
}

pub(crate) fn version(name: &str) -> WorkflowVersion {
    WorkflowVersion {
        id: WorkflowId::from_uuid(Uuid::from_u128(7)),
        name: Arc::from(name),
        version: 3,
    }
}

pub(crate) fn ms(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) fn approval(number: u128) -> ApprovalId {
    ApprovalId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn task(number: u128) -> TaskId {
    TaskId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn queue(name: &str) -> QueueName {
    QueueName::parse(name).unwrap()
}

fn ann() -> Arc<str> {
    Arc::from("ann")
}

/// Events from `first` on, a second apart.
pub(crate) fn journal(first: u64, events: Vec<Event>) -> Vec<Recorded> {
    events
        .into_iter()
        .zip(first..)
        .map(|(event, seq)| Recorded {
            seq: Seq(seq),
            at: ms(1_700_000_000_000 + 1000 * i64::try_from(seq).unwrap()),
            event,
        })
        .collect()
}

/// One of each event and of each of its shapes. Their stored form stands in `golden.v1.json`, in this order.
pub(crate) fn examples() -> Vec<Event> {
    [
        run_examples(),
        step_examples(),
        doubt_examples(),
        wait_examples(),
        schedule_examples(),
        flow_examples(),
        task_examples(),
        part_examples(),
        fork_examples(),
    ]
    .concat()
}

fn schedule_examples() -> Vec<Event> {
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
    }))]
}

fn run_examples() -> Vec<Event> {
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

fn step_examples() -> Vec<Event> {
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

fn doubt_examples() -> Vec<Event> {
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

fn wait_examples() -> Vec<Event> {
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

fn part_examples() -> Vec<Event> {
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

fn fork_examples() -> Vec<Event> {
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

fn flow_examples() -> Vec<Event> {
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

fn task_examples() -> Vec<Event> {
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

/// How many events there are. A new one gets the next place here, an example above and a strategy below.
pub(crate) const EVENTS: usize = 39;

pub(crate) const fn place(event: &Event) -> usize {
    match event {
        Event::RunCreated(_) => 0,
        Event::RunStarted => 1,
        Event::RunPaused { .. } => 2,
        Event::RunResumed { .. } => 3,
        Event::CancelRequested { .. } => 4,
        Event::RunRetried { .. } => 5,
        Event::RunBlocked { .. } => 6,
        Event::RunUnblocked { .. } => 7,
        Event::RunTimedOut => 8,
        Event::RunSucceeded { .. } => 9,
        Event::RunFailed { .. } => 10,
        Event::RunCancelled => 11,
        Event::StepStarted(_) => 12,
        Event::StepSucceeded { .. } => 13,
        Event::StepFailed { .. } => 14,
        Event::StepSkipped { .. } => 15,
        Event::StepCancelled { .. } => 16,
        Event::StepDeferred { .. } => 17,
        Event::StepOutcomeUnknown { .. } => 18,
        Event::StepOutcomeResolved { .. } => 19,
        Event::MapStarted { .. } => 20,
        Event::TimerSet { .. } => 21,
        Event::TimerFired { .. } => 22,
        Event::SignalAwaited { .. } => 23,
        Event::SignalReceived { .. } => 24,
        Event::ApprovalRequested(_) => 25,
        Event::ApprovalDecided { .. } => 26,
        Event::ChildStarted(_) => 27,
        Event::ChildCancelRequested { .. } => 28,
        Event::ChildFinished { .. } => 29,
        Event::RunAdmitted { .. } => 30,
        Event::RunSuperseded { .. } => 31,
        Event::RunRejected => 32,
        Event::TaskOffered(_) => 33,
        Event::TaskClaimed { .. } => 34,
        Event::TaskCancelRequested { .. } => 35,
        Event::RunForked { .. } => 36,
        Event::CompensationStarted { .. } => 37,
        Event::StepCopied(_) => 38,
    }
}

/// Any JSON, numbers of every kind included.
pub(crate) fn any_datum() -> impl Strategy<Value = Datum> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    });
    tree.prop_map(Datum::from)
}

fn any_step() -> impl Strategy<Value = StepId> {
    "[a-z0-9_-]{1,63}".prop_map(|text| StepId::parse(&text).unwrap())
}

fn any_activity() -> impl Strategy<Value = ActivityRef> {
    let part = prop::sample::select(Part::ALL.to_vec());
    (any_step(), of(any::<u32>()), part).prop_map(|(step, item, part)| ActivityRef { step, item, part })
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(ms)
}

fn any_who() -> impl Strategy<Value = Arc<str>> {
    any::<String>().prop_map(Arc::from)
}

fn any_run() -> impl Strategy<Value = RunId> {
    any::<u128>().prop_map(run_id)
}

fn any_digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest::from_bytes)
}

fn any_version() -> impl Strategy<Value = WorkflowVersion> {
    (any::<u128>(), any_who(), any::<u32>()).prop_map(|(id, name, version)| WorkflowVersion {
        id: WorkflowId::from_uuid(Uuid::from_u128(id)),
        name,
        version,
    })
}

fn any_error() -> impl Strategy<Value = StepError> {
    let parts = (any::<String>(), any::<String>(), any::<bool>(), of(any::<u32>()));
    parts.prop_map(|(code, message, retryable, after)| StepError {
        code: code.into(),
        message,
        retryable,
        retry_after: after.map(|millis| Duration::from_millis(millis.into())),
    })
}

fn any_resolution() -> impl Strategy<Value = Resolution> {
    prop_oneof![
        any_datum().prop_map(Resolution::Succeeded),
        any::<String>().prop_map(Resolution::Failed),
        Just(Resolution::Retry),
    ]
}

fn any_status() -> impl Strategy<Value = RunStatus> {
    prop::sample::select(RunStatus::ALL.to_vec())
}

pub(crate) fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![any_run_event(), any_step_event(), any_wait_event(), any_task_event()]
}

fn any_parent() -> impl Strategy<Value = ParentLink> {
    (any_run(), any::<String>(), of(any::<u32>()), any::<u32>()).prop_map(|(run, step, item, generation)| ParentLink {
        run,
        step,
        item,
        generation,
    })
}

fn any_scheduled() -> impl Strategy<Value = ScheduledFor> {
    (any::<u128>(), any_time()).prop_map(|(id, fire_at)| ScheduledFor {
        schedule: ScheduleId::from_uuid(Uuid::from_u128(id)),
        fire_at,
    })
}

fn any_run_event() -> impl Strategy<Value = Event> {
    let created = (
        (any_run(), any_version(), any_digest(), any_datum()),
        (any_who(), of(any_parent()), any::<u32>(), of(any_scheduled())),
        (any::<bool>(), any::<i8>()),
    );
    let created = created.prop_map(
        |((run, workflow, definition, input), (created_by, parent, depth, scheduled), (gated, priority))| {
            Event::RunCreated(Box::new(RunCreated {
                run,
                workflow,
                definition,
                input,
                created_by,
                parent,
                depth,
                scheduled,
                gated,
                priority,
            }))
        },
    );
    let failed = (any_who(), any::<String>(), of(any_step()));
    let failed = failed.prop_map(|(code, message, step)| Event::RunFailed {
        error: RunError { code, message, step },
    });
    let reason = prop_oneof![
        vec(any_activity(), 0..4).prop_map(BlockReason::UnknownOutcome),
        any::<u32>().prop_map(BlockReason::HoldersDied),
    ];
    let plain = vec![
        Event::RunStarted,
        Event::RunTimedOut,
        Event::RunCancelled,
        Event::RunRejected,
    ];
    prop_oneof![
        created,
        failed,
        prop::sample::select(plain),
        any_who().prop_map(|by| Event::RunPaused { by }),
        any_who().prop_map(|by| Event::RunResumed { by }),
        any_who().prop_map(|by| Event::CancelRequested { by }),
        any_who().prop_map(|by| Event::RunUnblocked { by }),
        (any_who(), vec(any_activity(), 0..4), vec(any_step(), 0..3))
            .prop_map(|(by, activities, anew)| Event::RunRetried { by, activities, anew }),
        (any_run(), any_step()).prop_map(|(from, from_step)| Event::RunForked { from, from_step }),
        vec(any_activity(), 0..4).prop_map(|activities| Event::CompensationStarted { activities }),
        reason.prop_map(|reason| Event::RunBlocked { reason }),
        any_datum().prop_map(|output| Event::RunSucceeded { output }),
        any::<u64>().prop_map(|waited_ms| Event::RunAdmitted { waited_ms }),
        (any_run(), any_supersession()).prop_map(|(by, reason)| Event::RunSuperseded { by, reason }),
    ]
}

fn any_step_event() -> impl Strategy<Value = Event> {
    let started = (any_activity(), any::<u32>(), of(any_digest()), of(any_time()));
    let started = started.prop_map(|(activity, attempt, request_digest, deadline)| {
        Event::StepStarted(Box::new(StepStarted {
            activity,
            attempt,
            request_digest,
            deadline,
        }))
    });
    let failed = (
        any_activity(),
        any_error(),
        any::<bool>(),
        of(any_time()),
        of(any_datum()),
    );
    let failed = failed.prop_map(|(activity, error, in_doubt, retry_at, replaced_by)| Event::StepFailed {
        activity,
        error,
        in_doubt,
        retry_at,
        replaced_by,
    });
    let deferred = (any_activity(), any_time(), any::<String>(), any::<bool>());
    let deferred = deferred.prop_map(|(activity, until, reason, in_doubt)| Event::StepDeferred {
        activity,
        until,
        reason,
        in_doubt,
    });
    let unknown = (any_activity(), any_error(), of(any_time()));
    let unknown = unknown.prop_map(|(activity, error, safe_after)| Event::StepOutcomeUnknown {
        activity,
        error,
        safe_after,
    });
    let resolved = (any_activity(), any_resolution(), any_who());
    let resolved = resolved.prop_map(|(activity, resolution, by)| Event::StepOutcomeResolved {
        activity,
        resolution,
        by,
    });
    let status = prop::sample::select(vec![
        CopiedStatus::Succeeded,
        CopiedStatus::Skipped,
        CopiedStatus::Failed,
    ]);
    let copied = (any_step(), status, any_datum(), of(any_error()));
    let copied = copied.prop_map(|(step, status, output, error)| {
        Event::StepCopied(Box::new(StepCopied {
            step,
            status,
            output,
            error,
        }))
    });
    prop_oneof![
        started,
        copied,
        (any_activity(), of(any_datum())).prop_map(|(activity, output)| Event::StepSucceeded { activity, output }),
        failed,
        any_step().prop_map(|step| Event::StepSkipped { step }),
        any_activity().prop_map(|activity| Event::StepCancelled { activity }),
        deferred,
        unknown,
        resolved,
        (any_step(), vec(any_datum(), 0..4)).prop_map(|(step, items)| Event::MapStarted { step, items }),
    ]
}

fn any_wait_event() -> impl Strategy<Value = Event> {
    let awaited = (any_activity(), any::<String>(), of(any_time()));
    let awaited = awaited.prop_map(|(activity, name, until)| Event::SignalAwaited { activity, name, until });
    let received = (any::<String>(), any::<String>(), any_datum());
    let received = received.prop_map(|(id, name, payload)| Event::SignalReceived { id, name, payload });
    let asked = (
        (any_activity(), any::<u128>()),
        (any::<String>(), vec(any::<String>(), 0..4), of(any_time())),
    );
    let asked = asked.prop_map(|((activity, id), (message, deciders, expires_at))| {
        Event::ApprovalRequested(Box::new(ApprovalRequested {
            activity,
            approval: approval(id),
            message,
            deciders,
            expires_at,
        }))
    });
    let decision = prop::sample::select(vec![Decided::Approved, Decided::Rejected, Decided::Expired]);
    let decided = (any::<u128>(), any_activity(), decision, of(any::<String>()), any_who());
    let decided = decided.prop_map(|(id, activity, decision, comment, by)| Event::ApprovalDecided {
        approval: approval(id),
        activity,
        decision,
        comment,
        by,
    });
    let child = (
        any_activity(),
        any_run(),
        any_version(),
        any_digest(),
        any::<u32>(),
        any_datum(),
        any_plan(),
    );
    let child = child.prop_map(|(activity, child, workflow, definition, depth, input, flow)| {
        Event::ChildStarted(Box::new(ChildStarted {
            activity,
            child,
            workflow,
            definition,
            depth,
            input,
            flow,
        }))
    });
    prop_oneof![
        (any_activity(), any_time()).prop_map(|(activity, until)| Event::TimerSet { activity, until }),
        any_activity().prop_map(|activity| Event::TimerFired { activity }),
        awaited,
        received,
        asked,
        decided,
        child,
        (any_activity(), any_run()).prop_map(|(activity, child)| Event::ChildCancelRequested { activity, child }),
        (any_activity(), any_run(), any_status()).prop_map(|(activity, child, status)| Event::ChildFinished {
            activity,
            child,
            status
        }),
    ]
}

fn any_supersession() -> impl Strategy<Value = Supersession> {
    prop::sample::select(vec![Supersession::Debounce, Supersession::CancelRunning])
}

fn any_plan() -> impl Strategy<Value = FlowPlan> {
    let time = || (0u64..1 << 40).prop_map(Duration::from_millis);
    let quiet = (of(any_who()), time(), time());
    let quiet = quiet.prop_map(|(key, period, max_wait)| Quiet { key, period, max_wait });
    let rate = (any::<u32>(), time()).prop_map(|(limit, per)| Rate { limit, per });
    let on_conflict = prop::sample::select(vec![Conflict::Queue, Conflict::Reject, Conflict::CancelRunning]);
    let gate = (
        of(any_who()),
        of(any::<u32>()),
        of(rate),
        on_conflict,
        of(quiet),
        of(time()),
    );
    let gate = gate.prop_map(|(key, slots, rate, on_conflict, debounce, timeout)| Gate {
        key,
        slots,
        rate,
        on_conflict,
        debounce,
        timeout,
    });
    (any::<i8>(), of(gate)).prop_map(|(priority, gate)| FlowPlan { priority, gate })
}

fn any_task() -> impl Strategy<Value = TaskId> {
    any::<u128>().prop_map(task)
}

fn any_task_event() -> impl Strategy<Value = Event> {
    let offered = (
        any_activity(),
        any_task(),
        "[a-z0-9._-]{1,63}",
        of(any::<String>()),
        any::<i8>(),
    );
    let offered = offered.prop_map(|(activity, task, name, key, priority)| {
        Event::TaskOffered(Box::new(TaskOffered {
            activity,
            task,
            queue: queue(&name),
            key,
            priority,
        }))
    });
    let claimed = (any_activity(), any_task(), any_who(), any_time());
    let claimed = claimed.prop_map(|(activity, task, worker, claimed_at)| Event::TaskClaimed {
        activity,
        task,
        worker,
        claimed_at,
    });
    prop_oneof![
        offered,
        claimed,
        (any_activity(), any_task()).prop_map(|(activity, task)| Event::TaskCancelRequested { activity, task }),
    ]
}

fn any_task_ended() -> impl Strategy<Value = Message> {
    let end = prop_oneof![
        any_datum().prop_map(TaskEnd::Completed),
        any_error().prop_map(TaskEnd::Failed),
        any::<bool>().prop_map(|timed_out| TaskEnd::Lapsed { timed_out }),
        Just(TaskEnd::Withdrawn),
    ];
    let ended = (any_task(), any_activity(), of((any_who(), any_time())), end);
    ended.prop_map(|(task, activity, claim, end)| {
        Message::TaskEnded(Box::new(TaskEnded {
            task,
            activity,
            claim,
            end,
        }))
    })
}

pub(crate) fn any_message() -> impl Strategy<Value = Message> {
    let signal = (any::<String>(), any::<String>(), any_datum());
    let decide = (any::<u128>(), any::<bool>(), of(any::<String>()), any_who());
    let resolve = (any_activity(), any_resolution(), any_who());
    let ended = (
        any_run(),
        any_activity(),
        any::<u32>(),
        any_status(),
        any_datum(),
        of(any_error()),
    );
    prop_oneof![
        Just(Message::Admitted),
        Just(Message::Rejected),
        (any_run(), any_supersession()).prop_map(|(by, reason)| Message::Superseded { by, reason }),
        signal.prop_map(|(id, name, payload)| Message::Signal { id, name, payload }),
        any_task_ended(),
        decide.prop_map(|(id, approve, comment, by)| Message::Decide {
            approval: approval(id),
            approve,
            comment,
            by
        }),
        any_who().prop_map(|by| Message::Cancel { by }),
        any_who().prop_map(|by| Message::Pause { by }),
        any_who().prop_map(|by| Message::Resume { by }),
        any_who().prop_map(|by| Message::Retry { by }),
        resolve.prop_map(|(activity, resolution, by)| Message::Resolve {
            activity,
            resolution,
            by
        }),
        ended.prop_map(
            |(child, activity, generation, status, output, error)| Message::ChildEnded {
                child,
                activity,
                generation,
                status,
                output,
                error,
            }
        ),
    ]
}
