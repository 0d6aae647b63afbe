//! Spans for a collector of OpenTelemetry: request, run, step.
//!
//! A request's span ends with its answer. Runs outlive requests, processes and nights, so their spans are not kept open anywhere:
//! the engine tells of what has ended, and the span is made then. Its ids follow from what the journal holds (see [`ids`]), so
//! that the process that ends a run and the one that ended its first step come to the same parents. What a process had not told
//! when it died is missing.
//!
//! Names, ids, statuses and times are sent, and never inputs, outputs or messages. Without `OTEL_EXPORTER_OTLP_ENDPOINT` there is no
//! [`Tracer`], and none of this costs anything.
//!
//! What this does not do: sample (what the caller's `traceparent` does not forbid is sent), or send logs and metrics.

mod exporter;
mod ids;
mod queue;
mod request;
mod runs;
mod tracer;

pub(crate) use request::record_request;
pub use tracer::{Tracer, TracesError};
