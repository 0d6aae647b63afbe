use std::sync::OnceLock;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::window::Window;
use crate::recording::{Exchange, Record, RouteId, Routes};

const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];

/// The last minute of each route: a [`Record`].
#[derive(Debug)]
pub struct RouteStats {
    began: Instant,
    routes: Routes,
    /// By the route's number. Each is made with its first request.
    windows: Box<[OnceLock<Mutex<Window>>]>,
}

/// What happened on one route in the last minute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// The template, or [`UNMATCHED`](crate::recording::UNMATCHED).
    pub route: String,
    pub count: u64,
    /// Those that the server is to blame for.
    pub errors: u64,
    pub p50: Duration,
    pub p95: Duration,
    pub p99: Duration,
}

impl Snapshot {
    /// The part of requests that were errors: between 0 and 1.
    #[must_use]
    pub fn error_rate(&self) -> f64 {
        self.errors as f64 / self.count.max(1) as f64
    }
}

impl RouteStats {
    /// `routes` has to be the table of the layer that records.
    #[must_use]
    pub fn new(routes: &Routes) -> Self {
        Self {
            began: Instant::now(),
            routes: routes.clone(),
            windows: std::iter::repeat_with(OnceLock::new).take(routes.places()).collect(),
        }
    }

    /// The routes that had requests in the last minute, those with the most of them first.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Snapshot> {
        let at = self.began.elapsed();
        let mut all: Vec<_> = self.routes.ids().filter_map(|id| self.of(id, at)).collect();
        all.sort_by(|a, b| (b.count, &a.route).cmp(&(a.count, &b.route)));
        all
    }

    fn of(&self, id: RouteId, at: Duration) -> Option<Snapshot> {
        let window = self.windows.get(id.index())?.get()?;
        let summary = window.lock().summary(at, QUANTILES)?;
        let [p50, p95, p99] = summary.quantiles;
        Some(Snapshot {
            route: self.routes.template(id).to_owned(),
            count: summary.count,
            errors: summary.errors,
            p50,
            p95,
            p99,
        })
    }
}

impl Record for RouteStats {
    fn ended(&self, exchange: &Exchange) {
        let Some(place) = self.windows.get(exchange.route.index()) else {
            return;
        };
        let at = exchange.at.saturating_duration_since(self.began);
        let window = place.get_or_init(|| Mutex::new(Window::new()));
        window.lock().record(at, exchange.took, exchange.outcome.is_error());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::Body;
    use axum::{Router, routing};
    use http::{Request, StatusCode};
    use tower::ServiceExt as _;

    use super::*;
    use crate::recording::RecordLayer;

    #[tokio::test(start_paused = true)]
    async fn routes_are_summed_up_and_forgotten_after_a_minute() {
        let routes = Routes::new(8);
        let stats = Arc::new(RouteStats::new(&routes));
        let slow = || async { tokio::time::sleep(Duration::from_millis(40)).await };
        let app: Router = Router::new()
            .route("/slow/{id}", routing::get(slow))
            .route("/broken", routing::get(|| async { StatusCode::BAD_GATEWAY }))
            .layer(RecordLayer::new(routes, Arc::clone(&stats)));
        assert!(stats.snapshot().is_empty());
        for path in ["/slow/1", "/slow/2", "/slow/3", "/broken", "/nowhere", "/nowhere"] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            app.clone().oneshot(request).await.unwrap();
        }
        let seen = stats.snapshot();
        let figures: Vec<_> = seen.iter().map(|one| (&*one.route, one.count, one.errors)).collect();
        assert_eq!(figures, [("/slow/{id}", 3, 0), ("unmatched", 2, 0), ("/broken", 1, 1)]);
        assert!(seen[0].p50.abs_diff(Duration::from_millis(40)) <= Duration::from_micros(1250));
        assert!((seen[2].error_rate() - 1.0).abs() < f64::EPSILON && seen[0].error_rate() < f64::EPSILON);
        tokio::time::advance(Duration::from_secs(61)).await;
        assert!(stats.snapshot().is_empty());
    }
}
