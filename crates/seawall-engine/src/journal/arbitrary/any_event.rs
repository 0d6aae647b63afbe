//! Any event.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::any_value::{
    any_activity, any_datum, any_digest, any_error, any_parent, any_plan, any_resolution, any_run, any_scheduled,
    any_status, any_step, any_supersession, any_task, any_time, any_version, any_who, any_withdrawal,
};
use super::makers::{approval, queue};
use crate::core::{
    ApprovalRequested, BlockReason, ChildStarted, CopiedStatus, Decided, Event, RunCreated, RunError, StepCopied,
    StepStarted, TaskOffered,
};

pub(crate) fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![any_run_event(), any_step_event(), any_wait_event(), any_task_event()]
}

fn any_run_event() -> impl Strategy<Value = Event> {
    let created = (
        (any_run(), any_version(), any_digest(), any_datum()),
        (any_who(), of(any_parent()), any::<u32>(), of(any_scheduled())),
        (any::<bool>(), any::<i8>(), of(any_who())),
    );
    let created = created.prop_map(
        |((run, workflow, definition, input), (created_by, parent, depth, scheduled), (gated, priority, trace))| {
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
                trace,
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
        (any_who(), any::<u32>(), any::<bool>()).prop_map(|(by, round, gated)| Event::RunRetryRequested {
            by,
            round,
            gated
        }),
        any_withdrawal().prop_map(|reason| Event::RunRetryWithdrawn { reason }),
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
        (any_activity(), any_run()).prop_map(|(activity, child)| Event::ChildRetried { activity, child }),
        (any_activity(), any_run(), any_status()).prop_map(|(activity, child, status)| Event::ChildFinished {
            activity,
            child,
            status
        }),
    ]
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
