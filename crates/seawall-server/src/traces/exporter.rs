//! The way to the collector.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_otlp::tonic_types::metadata::MetadataMap;
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter as Otlp, WithExportConfig as _, WithHttpConfig as _,
    WithTonicConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::queue::Queue;
use crate::config::{OtlpProtocol, Traces};

/// How long a collector may take to take a batch, repetitions included.
const DEADLINE: Duration = Duration::from_secs(10);

/// Needs a runtime where the protocol is gRPC, which works on it.
pub(super) fn otlp(config: &Traces) -> Result<Otlp, ExporterBuildError> {
    match config.protocol {
        OtlpProtocol::Http => {
            let named = config.headers.iter();
            let readable = named.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
            Otlp::builder()
                .with_http()
                .with_protocol(Protocol::HttpBinary)
                .with_endpoint(format!("{}/v1/traces", config.endpoint))
                .with_timeout(DEADLINE)
                .with_headers(readable.collect())
                .build()
        }
        OtlpProtocol::Grpc => Otlp::builder()
            .with_tonic()
            .with_endpoint(&config.endpoint)
            .with_timeout(DEADLINE)
            .with_metadata(MetadataMap::from_headers(config.headers.clone()))
            .build(),
    }
}

/// Counts what is sent, and says when that begins or ceases to work.
#[derive(Debug)]
pub(super) struct Watched<E> {
    pub(super) inner: E,
    pub(super) queue: Arc<Queue>,
}

impl<E: SpanExporter> SpanExporter for Watched<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let result = self.inner.export(batch).await;
        let turned = self.queue.left(spans, result.is_ok());
        match &result {
            Err(error) if turned => {
                tracing::warn!(error = error as &dyn std::error::Error, "the collector takes no spans");
            }
            Ok(()) if turned => tracing::info!("the collector takes spans again"),
            _ => {}
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
