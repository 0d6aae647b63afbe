//! Latencies of one measurement.

use std::time::Duration;

use serde_json::{Value, json};

/// What a group of callers did in a stretch of time.
pub(crate) struct Sample {
    pub(crate) count: usize,
    pub(crate) elapsed: Duration,
    latencies: Vec<Duration>,
}

impl Sample {
    pub(crate) fn new(mut latencies: Vec<Duration>, elapsed: Duration) -> Self {
        latencies.sort_unstable();
        Self {
            count: latencies.len(),
            elapsed,
            latencies,
        }
    }

    pub(crate) fn rate(&self) -> f64 {
        self.count as f64 / self.elapsed.as_secs_f64()
    }

    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let place = (last as f64 * share).round() as usize;
        self.latencies
            .get(place)
            .map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "per_second": self.rate().round(),
            "count": self.count,
            "p50_ms": round(self.quantile_ms(0.5)),
            "p99_ms": round(self.quantile_ms(0.99)),
        })
    }
}

pub(crate) fn round(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
