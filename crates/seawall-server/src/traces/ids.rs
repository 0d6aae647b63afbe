//! Where a run and its steps stand in a trace.
//!
//! Nothing here is drawn: a trace's id comes from the run's first event, and a span's id is a digest of what it is the span of.

use std::sync::Arc;

use http::HeaderValue;
use opentelemetry::trace::{SpanId, TraceId};
use seawall_engine::ObservedRun;
use seawall_engine::store::{Digest, ParentLink, RunId};
use seawall_guard::trace_context::TraceContext;

/// The span of one attempt of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    /// Invalid: the trace begins here.
    pub(super) parent: SpanId,
}

impl Place {
    /// None where whoever asked for the run wants no spans.
    pub(super) fn of(run: &ObservedRun<'_>) -> Option<Self> {
        let span = run_span(run.run, run.attempt);
        let Some((trace, asked, sampled)) = run.trace.and_then(asked) else {
            // Nobody asked in the words of a trace: it begins here, and each child has one of its own.
            return Some(Self {
                trace: TraceId::from_bytes(run.run.uuid().into_bytes()),
                span,
                parent: SpanId::INVALID,
            });
        };
        let parent = match run.parent {
            Some(link) => step_span(link),
            None => asked,
        };
        // The trace of a run that nobody asked for begins with its own first span.
        let parent = if parent == span { SpanId::INVALID } else { parent };
        sampled.then_some(Self { trace, span, parent })
    }

    /// As the `traceparent` of a run that nobody asks for.
    pub(super) fn header(run: RunId) -> Arc<str> {
        let trace = TraceId::from_bytes(run.uuid().into_bytes());
        format!("00-{trace}-{}-01", run_span(run, 1)).into()
    }
}

/// The trace, the span that asked, and whether they are sampled.
fn asked(header: &str) -> Option<(TraceId, SpanId, bool)> {
    let header = HeaderValue::from_str(header).ok()?;
    let context = TraceContext::below(&header, None)?;
    Some((
        TraceId::from_bytes(context.trace.to_bytes()),
        SpanId::from_bytes(context.parent?.to_bytes()),
        context.sampled,
    ))
}

fn run_span(run: RunId, attempt: u32) -> SpanId {
    derived(&[b"run", run.uuid().as_bytes(), &attempt.to_be_bytes()])
}

/// Of an activity by what its children know of it. One that ends twice in a generation (cancelled in doubt, then done under the
/// same key) has the same span twice.
pub(super) fn step_span(link: &ParentLink) -> SpanId {
    // One past the index: item 0 and "no item" must not look alike.
    let item = link.item.map_or(0, |item| u64::from(item) + 1).to_be_bytes();
    let generation = link.generation.to_be_bytes();
    derived(&[
        b"step",
        link.run.uuid().as_bytes(),
        link.step.as_bytes(),
        &item,
        &generation,
    ])
}

fn derived(parts: &[&[u8]]) -> SpanId {
    let digest = Digest::of_parts(parts);
    let [a, b, c, d, e, f, g, h, ..] = *digest.as_bytes();
    // All zeros are no id.
    SpanId::from_bytes([a, b, c, d, e, f, g, h.max(1)])
}

#[cfg(test)]
mod tests {
    use seawall_engine::store::{WorkflowId, WorkflowVersion};

    use super::*;

    const ASKED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn place(run: RunId, trace: Option<&str>, parent: Option<&ParentLink>, attempt: u32) -> Option<Place> {
        let workflow = WorkflowVersion {
            id: WorkflowId::generate(),
            name: Arc::from("flow"),
            version: 1,
        };
        Place::of(&ObservedRun {
            run,
            workflow: &workflow,
            trace,
            parent,
            attempt,
        })
    }

    #[test]
    fn a_run_stands_below_the_request_that_asked_for_it_in_each_of_its_attempts() {
        let run = RunId::generate();
        let first = place(run, Some(ASKED), None, 1).unwrap();
        let second = place(run, Some(ASKED), None, 2).unwrap();
        for place in [first, second] {
            assert_eq!(place.trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
            assert_eq!(place.parent.to_string(), "00f067aa0ba902b7");
        }
        assert_ne!(first.span, second.span);
        assert_eq!(place(run, Some(ASKED), None, 1), Some(first), "in every process");
    }

    #[test]
    fn a_child_stands_below_the_step_that_called_it() {
        let link = ParentLink {
            run: RunId::generate(),
            step: "call".to_owned(),
            item: Some(0),
            generation: 0,
        };
        let child = place(RunId::generate(), Some(ASKED), Some(&link), 1).unwrap();
        assert_eq!(child.parent, step_span(&link));
        let whole = ParentLink {
            item: None,
            ..link.clone()
        };
        let again = ParentLink {
            generation: 1,
            ..link.clone()
        };
        assert_ne!(step_span(&whole), step_span(&link));
        assert_ne!(step_span(&again), step_span(&link));
    }

    #[test]
    fn a_run_that_nobody_asked_for_begins_a_trace_and_its_retries_stand_below_it() {
        let run = RunId::generate();
        let header = Place::header(run);
        let first = place(run, Some(&header), None, 1).unwrap();
        assert_eq!(first.parent, SpanId::INVALID);
        assert_eq!(place(run, None, None, 1), Some(first), "also if it has no trace");
        let second = place(run, Some(&header), None, 2).unwrap();
        assert_eq!((second.trace, second.parent), (first.trace, first.span));
    }

    #[test]
    fn whoever_wants_no_spans_gets_none() {
        let unwanted = ASKED.replace("-01", "-00");
        assert_eq!(place(RunId::generate(), Some(&unwanted), None, 1), None);
    }
}
