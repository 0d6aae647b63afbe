//! Events as their clients see them: one JSON object each, with ids and times as texts.

use seawall_store::{ParentLink, Timestamp, WorkflowVersion};
use serde_json::{Map, Value, json};

use crate::api::JournalItem;
use crate::core::{
    BlockReason, ChildStarted, CopiedStatus, Decided, Event, Recorded, Resolution, RunCreated, ScheduledFor,
    StepCopied, StepStarted, TaskOffered, Withdrawal,
};
use crate::datum::Datum;
use crate::executor::StepError;
use crate::names::{ActivityRef, StepId};

/// An event on the wire. Fields that say nothing are left out. Secrets never get into events.
#[must_use]
pub(crate) fn journal_item(recorded: &Recorded) -> JournalItem {
    JournalItem {
        seq: recorded.seq,
        at: recorded.at,
        kind: recorded.event.name(),
        data: Value::Object(data(&recorded.event)),
    }
}

/// `2026-01-31T12:00:00.5Z`.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    // Out of range only for clocks beyond the year 9999.
    jiff::Timestamp::from_millisecond(at.as_millis())
        .unwrap_or(jiff::Timestamp::MAX)
        .to_string()
}

type Fields = Map<String, Value>;

fn data(event: &Event) -> Fields {
    match event {
        Event::RunCreated(created) => run_created(created),
        Event::RunAdmitted { waited_ms } => Fields::new().with("waited_ms", json!(waited_ms)),
        Event::RunSuperseded { by, reason } => Fields::new()
            .with("by_run_id", json!(by.to_string()))
            .with("reason", json!(reason.as_str())),
        Event::RunRejected | Event::RunStarted | Event::RunTimedOut | Event::RunCancelled => Fields::new(),
        Event::RunPaused { by }
        | Event::RunResumed { by }
        | Event::CancelRequested { by }
        | Event::RunUnblocked { by } => Fields::new().with("by", json!(**by)),
        Event::RunRetryRequested { by, gated, .. } => {
            let fields = Fields::new().with("by", json!(**by));
            if *gated {
                fields.with("gated", json!(true))
            } else {
                fields
            }
        }
        Event::RunRetryWithdrawn { reason } => {
            let fields = Fields::new().with("reason", json!(reason.as_str()));
            match reason {
                Withdrawal::Cancelled { by } => fields.with("by", json!(**by)),
                Withdrawal::Superseded { by } => fields.with("by_run_id", json!(by.to_string())),
                Withdrawal::Rejected => fields,
            }
        }
        Event::RunForked { from, from_step } => Fields::new()
            .with("run_id", json!(from.to_string()))
            .with("from_step", json!(from_step.as_str())),
        Event::RunRetried { by, activities, anew } => {
            let fields = Fields::new().with("by", json!(**by)).with("steps", list(activities));
            match &anew[..] {
                [] => fields,
                maps => fields.with("anew", maps.iter().map(|step| json!(step.as_str())).collect()),
            }
        }
        Event::CompensationStarted { activities } => Fields::new().with("steps", list(activities)),
        Event::RunBlocked { reason } => match reason {
            BlockReason::UnknownOutcome(activities) => Fields::new()
                .with("reason", json!("unknown-outcome"))
                .with("steps", list(activities)),
            BlockReason::HoldersDied(deaths) => Fields::new()
                .with("reason", json!("holders-died"))
                .with("deaths", json!(deaths)),
        },
        Event::RunSucceeded { output } => Fields::new().with("output", output.json().clone()),
        Event::RunFailed { error } => {
            let mut wire = json!({"code": *error.code, "message": error.message});
            if let Some(step) = &error.step {
                wire["step_id"] = json!(step.as_str());
            }
            Fields::new().with("error", wire)
        }
        Event::StepStarted(_)
        | Event::StepSucceeded { .. }
        | Event::StepFailed { .. }
        | Event::StepSkipped { .. }
        | Event::StepCopied(_)
        | Event::StepCancelled { .. }
        | Event::StepDeferred { .. }
        | Event::StepOutcomeUnknown { .. }
        | Event::StepOutcomeResolved { .. }
        | Event::MapStarted { .. } => step_data(event),
        Event::TimerSet { .. }
        | Event::TimerFired { .. }
        | Event::SignalAwaited { .. }
        | Event::SignalReceived { .. }
        | Event::ApprovalRequested(_)
        | Event::ApprovalDecided { .. }
        | Event::ChildStarted(_)
        | Event::ChildRetried { .. }
        | Event::ChildCancelRequested { .. }
        | Event::ChildFinished { .. } => wait_data(event),
        Event::TaskOffered(_) | Event::TaskClaimed { .. } | Event::TaskCancelRequested { .. } => task_data(event),
    }
}

fn step_data(event: &Event) -> Fields {
    match event {
        Event::StepStarted(started) => step_started(started),
        Event::StepSucceeded { activity, output } => about(activity).with_output("output", output.as_ref()),
        Event::StepFailed {
            activity,
            error,
            in_doubt,
            retry_at,
            replaced_by,
        } => about(activity)
            .with("error", step_error(error))
            .with_doubt(*in_doubt)
            .with_time("retry_at", *retry_at)
            .with_output("replaced_by", replaced_by.as_ref()),
        Event::StepSkipped { step } => about_step(step),
        Event::StepCopied(copied) => step_copied(copied),
        Event::StepCancelled { activity } => about(activity),
        Event::StepDeferred {
            activity,
            until,
            reason,
            in_doubt,
        } => about(activity)
            .with_time("until", Some(*until))
            .with("reason", json!(reason))
            .with_doubt(*in_doubt),
        Event::StepOutcomeUnknown {
            activity,
            error,
            safe_after,
        } => about(activity)
            .with("error", step_error(error))
            .with_time("safe_after", *safe_after),
        Event::StepOutcomeResolved {
            activity,
            resolution,
            by,
        } => {
            let fields = about(activity).with("by", json!(**by));
            match resolution {
                Resolution::Succeeded(output) => fields
                    .with("outcome", json!("succeeded"))
                    .with("output", output.json().clone()),
                Resolution::Failed(message) => fields.with("outcome", json!("failed")).with("message", json!(message)),
                Resolution::Retry => fields.with("outcome", json!("retry")),
            }
        }
        // The items themselves may be large and are in the input of what made them: how many says enough.
        Event::MapStarted { step, items } => about_step(step).with("items_total", json!(items.len())),
        _ => Fields::new(),
    }
}

fn wait_data(event: &Event) -> Fields {
    match event {
        Event::TimerSet { activity, until } => about(activity).with_time("until", Some(*until)),
        Event::TimerFired { activity } => about(activity),
        Event::SignalAwaited { activity, name, until } => {
            about(activity).with("name", json!(name)).with_time("until", *until)
        }
        Event::SignalReceived { id, name, payload } => Fields::new()
            .with("id", json!(id))
            .with("name", json!(name))
            .with("payload", payload.json().clone()),
        Event::ApprovalRequested(asked) => about(&asked.activity)
            .with("approval_id", json!(asked.approval.to_string()))
            .with("message", json!(asked.message))
            .with("deciders", json!(asked.deciders))
            .with_time("expires_at", asked.expires_at),
        Event::ApprovalDecided {
            approval,
            activity,
            decision,
            comment,
            by,
        } => {
            let decision = match decision {
                Decided::Approved => "approved",
                Decided::Rejected => "rejected",
                Decided::Expired => "expired",
            };
            let fields = about(activity)
                .with("approval_id", json!(approval.to_string()))
                .with("decision", json!(decision))
                .with("by", json!(**by));
            match comment {
                Some(comment) => fields.with("comment", json!(comment)),
                None => fields,
            }
        }
        Event::ChildStarted(started) => child_started(started),
        Event::ChildRetried { activity, child } | Event::ChildCancelRequested { activity, child } => {
            about(activity).with("child_id", json!(child.to_string()))
        }
        Event::ChildFinished {
            activity,
            child,
            status,
        } => about(activity)
            .with("child_id", json!(child.to_string()))
            .with("status", json!(status.as_str())),
        _ => Fields::new(),
    }
}

fn task_data(event: &Event) -> Fields {
    match event {
        Event::TaskOffered(offered) => task_offered(offered),
        Event::TaskClaimed {
            activity,
            task,
            worker,
            claimed_at,
        } => about(activity)
            .with("task_id", json!(task.to_string()))
            .with("worker", json!(**worker))
            .with_time("claimed_at", Some(*claimed_at)),
        Event::TaskCancelRequested { activity, task } => about(activity).with("task_id", json!(task.to_string())),
        _ => Fields::new(),
    }
}

fn task_offered(offered: &TaskOffered) -> Fields {
    let fields = about(&offered.activity)
        .with("task_id", json!(offered.task.to_string()))
        .with("queue", json!(offered.queue.as_str()))
        .with("priority", json!(offered.priority));
    match &offered.key {
        Some(key) => fields.with("key", json!(key)),
        None => fields,
    }
}

fn run_created(created: &RunCreated) -> Fields {
    let fields = Fields::new()
        .with("workflow", workflow(&created.workflow))
        .with("input", created.input.json().clone())
        .with("created_by", json!(*created.created_by));
    let fields = if created.gated {
        fields.with("gated", json!(true))
    } else {
        fields
    };
    let fields = ranked(fields, created.priority);
    let fields = match &created.parent {
        Some(link) => fields.with("parent", parent(link)),
        None => fields,
    };
    let fields = match created.scheduled {
        Some(scheduled) => fields.with("schedule", schedule(scheduled)),
        None => fields,
    };
    match &created.trace {
        Some(trace) => fields.with("trace", json!(**trace)),
        None => fields,
    }
}

fn step_started(started: &StepStarted) -> Fields {
    let fields = about(&started.activity)
        .with("attempt", json!(started.attempt))
        .with_time("deadline", started.deadline);
    match started.request_digest {
        Some(digest) => fields.with("request_digest", json!(digest.to_hex())),
        None => fields,
    }
}

fn step_copied(copied: &StepCopied) -> Fields {
    let status = match copied.status {
        CopiedStatus::Succeeded => "succeeded",
        CopiedStatus::Skipped => "skipped",
        CopiedStatus::Failed => "failed",
    };
    let fields = about_step(&copied.step)
        .with("status", json!(status))
        .with("output", copied.output.json().clone());
    match &copied.error {
        Some(error) => fields.with("error", step_error(error)),
        None => fields,
    }
}

fn child_started(started: &ChildStarted) -> Fields {
    let fields = about(&started.activity)
        .with("child_id", json!(started.child.to_string()))
        .with("workflow", workflow(&started.workflow))
        .with("input", started.input.json().clone());
    ranked(fields, started.flow.priority)
}

fn ranked(fields: Fields, priority: i8) -> Fields {
    if priority == 0 {
        fields
    } else {
        fields.with("priority", json!(priority))
    }
}

fn workflow(version: &WorkflowVersion) -> Value {
    json!({"id": version.id.to_string(), "name": *version.name, "version": version.version})
}

fn schedule(scheduled: ScheduledFor) -> Value {
    json!({"id": scheduled.schedule.to_string(), "fire_at": rfc3339(scheduled.fire_at)})
}

fn parent(link: &ParentLink) -> Value {
    let mut wire = json!({"run_id": link.run.to_string(), "step_id": link.step});
    if let Some(item) = link.item {
        wire["item"] = json!(item);
    }
    wire
}

fn step_error(error: &StepError) -> Value {
    json!({"code": error.code, "message": error.message})
}

fn about_step(step: &StepId) -> Fields {
    Fields::new().with("step_id", json!(step.as_str()))
}

fn about(activity: &ActivityRef) -> Fields {
    let mut fields = about_step(&activity.step);
    if let Some(item) = activity.item {
        fields = fields.with("item", json!(item));
    }
    match activity.part.as_str() {
        Some(part) => fields.with("part", json!(part)),
        None => fields,
    }
}

fn list(activities: &[ActivityRef]) -> Value {
    activities
        .iter()
        .map(|activity| Value::Object(about(activity)))
        .collect()
}

trait FieldsExt: Sized {
    fn with(self, name: &str, value: Value) -> Self;

    fn with_time(self, name: &str, at: Option<Timestamp>) -> Self;

    fn with_output(self, name: &str, output: Option<&Datum>) -> Self;

    fn with_doubt(self, in_doubt: bool) -> Self;
}

impl FieldsExt for Fields {
    fn with(mut self, name: &str, value: Value) -> Self {
        self.insert(name.to_owned(), value);
        self
    }

    fn with_time(self, name: &str, at: Option<Timestamp>) -> Self {
        match at {
            Some(at) => self.with(name, json!(rfc3339(at))),
            None => self,
        }
    }

    fn with_output(self, name: &str, output: Option<&Datum>) -> Self {
        match output {
            Some(output) => self.with(name, output.json().clone()),
            None => self,
        }
    }

    /// The attempt may have had its effect all the same.
    fn with_doubt(self, in_doubt: bool) -> Self {
        if in_doubt {
            self.with("in_doubt", json!(true))
        } else {
            self
        }
    }
}
