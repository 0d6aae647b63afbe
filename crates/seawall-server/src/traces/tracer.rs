use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor as _,
};
use prometheus_client::registry::Registry;
use seawall_engine::Clock;
use seawall_engine::store::Timestamp;

use super::exporter::{Watched, otlp};
use super::queue::{MOST, Queue};
use crate::config::Traces;

/// How long a span waits for others to go with it.
const PERIOD: Duration = Duration::from_secs(2);
/// How long the end of the process waits for the collector.
const LAST: Duration = Duration::from_secs(5);

/// Why spans cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("spans cannot be sent as OTEL_EXPORTER_OTLP_ENDPOINT says")]
pub struct TracesError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// Sends spans to a collector, in batches and from a thread of its own. Clones share it.
#[derive(Clone)]
pub struct Tracer(Arc<Inner>);

struct Inner {
    processor: BatchSpanProcessor,
    queue: Arc<Queue>,
    scope: InstrumentationScope,
    clock: Arc<dyn Clock>,
}

/// A span that has ended.
pub(super) struct Ended {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    /// Invalid: the trace begins with it.
    pub(super) parent: SpanId,
    /// The parent belongs to another process.
    pub(super) remote: bool,
    pub(super) kind: SpanKind,
    pub(super) name: Cow<'static, str>,
    pub(super) began: SystemTime,
    pub(super) ended: SystemTime,
    pub(super) attributes: Vec<KeyValue>,
    pub(super) is_error: bool,
}

impl Tracer {
    /// Called within a runtime. The collector need not be there yet.
    ///
    /// # Errors
    /// When the endpoint is none.
    pub fn start(config: &Traces, clock: Arc<dyn Clock>) -> Result<Self, TracesError> {
        let inner = otlp(config).map_err(|error| TracesError(Box::new(error)))?;
        let queue = Arc::new(Queue::default());
        let watched = Watched {
            inner,
            queue: Arc::clone(&queue),
        };
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(MOST)
            .with_max_export_batch_size(512)
            .with_scheduled_delay(PERIOD);
        let mut processor = BatchSpanProcessor::new(watched, batches.build());
        let version = env!("CARGO_PKG_VERSION");
        let resource = Resource::builder()
            .with_service_name(config.service_name.clone())
            .with_attribute(KeyValue::new("service.version", version));
        processor.set_resource(&resource.build());
        Ok(Self(Arc::new(Inner {
            processor,
            queue,
            scope: InstrumentationScope::builder("seawall").with_version(version).build(),
            clock,
        })))
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        self.0.queue.register(registry);
    }

    pub(super) fn now(&self) -> SystemTime {
        time(self.0.clock.now())
    }

    /// Takes the span along, if there is room.
    pub(super) fn record(&self, ended: Ended) {
        if !self.0.queue.enter() {
            return;
        }
        let status = match ended.is_error {
            true => Status::error(""),
            false => Status::Unset,
        };
        let state = TraceState::default();
        self.0.processor.on_end(SpanData {
            span_context: SpanContext::new(ended.trace, ended.span, TraceFlags::SAMPLED, false, state),
            parent_span_id: ended.parent,
            parent_span_is_remote: ended.remote,
            span_kind: ended.kind,
            name: ended.name,
            start_time: ended.began,
            end_time: ended.ended,
            attributes: ended.attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status,
            instrumentation_scope: self.0.scope.clone(),
        });
    }

    /// Sends what waits, for five seconds at most, and nothing afterwards.
    pub async fn close(&self) {
        let tracer = self.clone();
        // It waits for the thread that sends.
        let closed = tokio::task::spawn_blocking(move || tracer.0.processor.shutdown_with_timeout(LAST));
        if !matches!(closed.await, Ok(Ok(()))) {
            tracing::warn!("the last spans were not sent");
        }
    }
}

/// What a clock of ours says, in words of the standard library.
pub(super) fn time(at: Timestamp) -> SystemTime {
    let millis = u64::try_from(at.as_millis()).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tracer")
    }
}
