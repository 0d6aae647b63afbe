use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use super::ErrorRateAnomaly;

/// For `Registry::register_collector`: the value is worked out when it is asked for.
impl Collector for ErrorRateAnomaly {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let metric = encoder.encode_descriptor(
            "seawall_error_rate_anomaly",
            "By how many standard deviations there are more errors than usual, 0 while all is calm",
            None,
            MetricType::Gauge,
        )?;
        ConstGauge::new(self.value()).encode(metric)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn it_is_written_with_the_other_metrics() {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Arc::new(ErrorRateAnomaly::new())));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        assert!(text.contains("\nseawall_error_rate_anomaly 0.0\n"), "{text}");
    }
}
