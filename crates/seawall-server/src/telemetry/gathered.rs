use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use seawall_engine::Engine;
use seawall_store::{HealthStore, Spread};

/// What the engine and the store count anyway, asked for when it is wanted.
pub(super) struct Gathered {
    pub(super) engine: Engine,
    pub(super) store: Arc<dyn HealthStore>,
}

impl fmt::Debug for Gathered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gathered")
    }
}

impl Collector for Gathered {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let active = self.engine.active_runs();
        gauge(
            &mut encoder,
            ("seawall_runs_active", "Runs in this process's memory"),
            active,
        )?;
        let writes = self.store.writes();
        counter(
            &mut encoder,
            ("seawall_store_commits", "Durable transactions of the store's writer"),
            writes.commits,
        )?;
        counter(
            &mut encoder,
            (
                "seawall_store_operations",
                "Operations that the store's writer has answered",
            ),
            writes.operations,
        )?;
        gauge(
            &mut encoder,
            (
                "seawall_store_queued_operations",
                "Operations that wait for the store's writer",
            ),
            writes.queued,
        )?;
        histogram(
            &mut encoder,
            (
                "seawall_store_batch_operations",
                "Operations that the store's writer has committed together",
            ),
            (&writes.batches, 1.0),
        )?;
        histogram(
            &mut encoder,
            (
                "seawall_store_flush_duration_seconds",
                "From a batch's first statement to the end of its commit",
            ),
            (&writes.flushes, 1e6),
        )
    }
}

type Named = (&'static str, &'static str);

fn gauge(encoder: &mut DescriptorEncoder<'_>, (name, help): Named, value: usize) -> fmt::Result {
    let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)).encode(metric)
}

fn counter(encoder: &mut DescriptorEncoder<'_>, (name, help): Named, value: u64) -> fmt::Result {
    let metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    ConstCounter::new(value).encode(metric)
}

/// `scale`: how many of what was counted are one of the metric's unit.
fn histogram(encoder: &mut DescriptorEncoder<'_>, (name, help): Named, (spread, scale): (&Spread, f64)) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
    let finite = spread
        .buckets
        .iter()
        .map(|(bound, count)| (*bound as f64 / scale, *count));
    let buckets: Vec<_> = finite.chain([(f64::INFINITY, spread.beyond)]).collect();
    metric.encode_histogram::<NoLabelSet>(spread.sum as f64 / scale, spread.count(), &buckets, None)
}
