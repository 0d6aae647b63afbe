//! Where a request stands in a distributed trace (W3C Trace Context).
//!
//! A valid `traceparent` is taken over: the same trace, a span of its own for this request, and the caller's span as its
//! parent, with `tracestate` beside it. Anything else begins a new trace; an invalid header is not repaired. The answer
//! carries a `traceparent` with the trace and this request's span, so that a client can name both.
//!
//! What this does not do: record spans, or decide what is sampled: a new trace is not sampled unless the layer is told so.

mod context;
mod layer;

pub use context::{SpanId, TraceContext, TraceId};
pub use layer::{TRACEPARENT, TRACESTATE, TraceContextFuture, TraceContextLayer, TraceContextService};
