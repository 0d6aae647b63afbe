use parking_lot::Mutex;
use tokio::time::Instant;

use super::baseline::Baseline;
use crate::recording::{Exchange, Outcome, Record};

/// Holds the error rate against what is usual: a [`Record`]. See the [module](super) for the formula.
#[derive(Debug)]
pub struct ErrorRateAnomaly {
    began: Instant,
    baseline: Mutex<Baseline>,
}

impl Default for ErrorRateAnomaly {
    fn default() -> Self {
        Self::new()
    }
}

impl ErrorRateAnomaly {
    #[must_use]
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
            baseline: Mutex::default(),
        }
    }

    /// 0 while all is calm; otherwise by how many standard deviations there are more errors than usual, from 4 to 100.
    #[must_use]
    pub fn value(&self) -> f64 {
        let baseline = *self.baseline.lock();
        baseline.value(self.began.elapsed())
    }
}

impl Record for ErrorRateAnomaly {
    /// What clients gave up says nothing of the server, and does not count.
    fn ended(&self, exchange: &Exchange) {
        if exchange.outcome == Outcome::Abandoned {
            return;
        }
        let at = exchange.at.saturating_duration_since(self.began);
        self.baseline.lock().record(at, exchange.outcome.is_error());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use axum::body::Body;
    use axum::{Router, routing};
    use http::{Request, StatusCode};
    use tower::ServiceExt as _;

    use super::*;
    use crate::recording::{RecordLayer, Routes};

    #[tokio::test(start_paused = true)]
    async fn only_the_server_s_own_errors_are_an_anomaly() {
        for (path, calm) in [("/not-there", true), ("/slow", true), ("/broken", false)] {
            let anomaly = Arc::new(ErrorRateAnomaly::new());
            let app: Router = Router::new()
                .route("/", routing::get(|| async {}))
                .route("/slow", routing::get(std::future::pending::<()>))
                .route("/broken", routing::get(|| async { StatusCode::BAD_GATEWAY }))
                .layer(RecordLayer::new(Routes::new(8), Arc::clone(&anomaly)));
            let call = async |path: &str| {
                let request = Request::get(path).body(Body::empty()).unwrap();
                let answer = app.clone().oneshot(request);
                let _ = tokio::time::timeout(Duration::from_millis(500), answer).await;
                tokio::time::advance(Duration::from_millis(500)).await;
            };
            for _ in 0..300 {
                call("/").await;
            }
            assert_eq!(anomaly.value(), 0.0);
            for _ in 0..50 {
                call(path).await;
            }
            assert_eq!(anomaly.value() == 0.0, calm, "{path}");
            tokio::time::advance(Duration::from_secs(3600)).await;
            assert_eq!(anomaly.value(), 0.0, "{path}");
        }
    }
}
