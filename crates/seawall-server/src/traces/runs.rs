use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;
use seawall_engine::store::{ParentLink, RunId, RunStatus};
use seawall_engine::{Fact, ObservedRun, Observer, Span, StepEnd, StepStatus};

use super::ids::{Place, step_span};
use super::tracer::{Ended, Tracer, time};

/// Makes spans of what the engine tells.
impl Observer for Tracer {
    fn observe(&self, run: &ObservedRun<'_>, fact: &Fact<'_>) {
        match fact {
            Fact::RunEnded { status, span } => self.run_ended(run, *status, *span),
            // What nobody knows the end of has not ended.
            Fact::StepEnded(end) if end.status != StepStatus::Unknown => self.step_ended(run, end),
            Fact::RunStarted | Fact::StepEnded(_) | Fact::ApprovalRequested | Fact::ApprovalDecided(_) => {}
        }
    }

    fn trace_of(&self, run: RunId) -> Option<Arc<str>> {
        Some(Place::header(run))
    }
}

impl Tracer {
    fn run_ended(&self, run: &ObservedRun<'_>, status: RunStatus, span: Span) {
        let Some(place) = Place::of(run) else { return };
        let mut attributes = attributes(run);
        attributes.push(KeyValue::new("seawall.workflow.id", run.workflow.id.to_string()));
        attributes.push(KeyValue::new(
            "seawall.workflow.version",
            i64::from(run.workflow.version),
        ));
        attributes.push(KeyValue::new("seawall.run.status", status.as_str()));
        attributes.push(KeyValue::new("seawall.run.attempt", i64::from(run.attempt)));
        if let Some(parent) = run.parent {
            attributes.push(KeyValue::new("seawall.run.parent", parent.run.to_string()));
        }
        self.record(Ended {
            trace: place.trace,
            span: place.span,
            parent: place.parent,
            remote: false,
            kind: SpanKind::Internal,
            name: format!("run {}", run.workflow.name).into(),
            began: time(span.began),
            ended: time(span.ended),
            attributes,
            is_error: status == RunStatus::Failed,
        });
    }

    fn step_ended(&self, run: &ObservedRun<'_>, end: &StepEnd<'_>) {
        let Some(place) = Place::of(run) else { return };
        let activity = end.activity.to_string();
        let step = match end.activity.part.as_str() {
            Some(part) => format!("{}.{part}", end.activity.step),
            None => end.activity.step.to_string(),
        };
        let link = ParentLink {
            run: run.run,
            step,
            item: end.activity.item,
            generation: end.generation,
        };
        let mut attributes = attributes(run);
        attributes.push(KeyValue::new("seawall.step.id", activity.clone()));
        attributes.push(KeyValue::new("seawall.step.kind", end.kind.to_owned()));
        attributes.push(KeyValue::new("seawall.step.status", word(end.status)));
        attributes.push(KeyValue::new("seawall.step.attempts", i64::from(end.attempts)));
        self.record(Ended {
            trace: place.trace,
            span: step_span(&link),
            parent: place.span,
            remote: false,
            kind: SpanKind::Internal,
            name: format!("step {activity}").into(),
            began: time(end.span.began),
            ended: time(end.span.ended),
            attributes,
            is_error: end.status == StepStatus::Failed,
        });
    }
}

/// Of everything that belongs to a run.
fn attributes(run: &ObservedRun<'_>) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(7);
    attributes.push(KeyValue::new("seawall.run.id", run.run.to_string()));
    attributes.push(KeyValue::new("seawall.workflow.name", run.workflow.name.to_string()));
    attributes
}

const fn word(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Succeeded => "succeeded",
        StepStatus::Failed => "failed",
        StepStatus::Cancelled => "cancelled",
        _ => "unknown",
    }
}
