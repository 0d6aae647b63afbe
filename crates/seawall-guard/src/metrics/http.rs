use std::collections::HashMap;
use std::sync::OnceLock;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::labels::{RejectionLabels, RequestLabels, STATUSES, status_index};
use crate::problem::{Catalog, ProblemKind};
use crate::recording::{Exchange, MethodLabel, Record, Routes};

/// Upper bounds in seconds.
const BUCKETS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// The code of rejections that the catalog does not know.
const OTHER: &str = "other";

/// The metrics of requests: a [`Record`] for a [`RecordLayer`](crate::recording::RecordLayer).
#[derive(Debug)]
pub struct HttpMetrics {
    routes: Routes,
    durations: Family<RequestLabels, Histogram, fn() -> Histogram>,
    /// By route, method and status. Each is made with its first request.
    handles: Box<[OnceLock<Histogram>]>,
    in_flight: Gauge,
    rejections: HashMap<&'static str, Counter>,
    unknown_rejections: Counter,
}

impl HttpMetrics {
    /// Makes the metrics and registers them. `routes` has to be the table of the layer that records.
    pub fn register(registry: &mut Registry, routes: &Routes, catalog: Catalog) -> Self {
        let durations = Family::new_with_constructor(histogram as fn() -> Histogram);
        registry.register(
            "http_server_request_duration_seconds",
            "From a request's coming until its answer began",
            durations.clone(),
        );
        let in_flight = Gauge::default();
        registry.register(
            "http_server_requests_in_flight",
            "Requests whose answer has not begun",
            in_flight.clone(),
        );
        let rejections = Family::<RejectionLabels, Counter>::default();
        registry.register(
            "http_server_rejections",
            "Requests answered with a problem, by its code",
            rejections.clone(),
        );
        // All from the start, so that the first of a kind is an increase from zero.
        let counter = |code| rejections.get_or_create_owned(&RejectionLabels { code });
        let places = routes.places() * MethodLabel::ALL.len() * STATUSES.len();
        Self {
            routes: routes.clone(),
            durations,
            handles: std::iter::repeat_with(OnceLock::new).take(places).collect(),
            in_flight,
            rejections: catalog.kinds().map(|kind| (kind.code, counter(kind.code))).collect(),
            unknown_rejections: counter(OTHER),
        }
    }

    /// How many series there can be at most, whatever clients send: a histogram for each route, method and status (each counts
    /// as one here, and writes 16 lines), the gauge, and a counter for each code.
    #[must_use]
    pub fn most_series(&self) -> usize {
        self.handles.len() + 1 + self.rejections.len() + 1
    }

    /// Nothing for a number of another table.
    fn duration(&self, exchange: &Exchange) -> Option<&Histogram> {
        let status = status_index(exchange.outcome);
        let row = exchange.route.index() * MethodLabel::ALL.len() + exchange.method as usize;
        let handle = self.handles.get(row * STATUSES.len() + status)?;
        Some(handle.get_or_init(|| {
            self.durations.get_or_create_owned(&RequestLabels {
                method: exchange.method.as_str(),
                route: self.routes.template(exchange.route).to_owned(),
                status: STATUSES[status],
            })
        }))
    }

    fn rejection(&self, kind: &ProblemKind) -> &Counter {
        self.rejections.get(kind.code).unwrap_or(&self.unknown_rejections)
    }
}

impl Record for HttpMetrics {
    fn began(&self) {
        self.in_flight.inc();
    }

    fn ended(&self, exchange: &Exchange) {
        self.in_flight.dec();
        if let Some(duration) = self.duration(exchange) {
            duration.observe(exchange.took.as_secs_f64());
        }
        if let Some(kind) = exchange.problem {
            self.rejection(kind).inc();
        }
    }
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use axum::body::Body;
    use axum::{Router, routing};
    use http::{Method, Request, StatusCode};
    use proptest::prelude::*;
    use tokio::time::Instant;
    use tower::ServiceExt as _;

    use super::*;
    use crate::problem::{Problem, ProblemLayer, kinds};
    use crate::recording::{Outcome, RecordLayer};

    static UNLISTED: ProblemKind = ProblemKind {
        code: "unlisted",
        status: StatusCode::CONFLICT,
        title: "Unlisted",
        detail: "Not in the catalog.",
        help: "Not in the catalog.",
        extensions: &[],
    };

    static TABLES: &[&[&ProblemKind]] = &[kinds::TABLE];

    fn registered(routes: &Routes) -> (Registry, HttpMetrics) {
        let mut registry = Registry::default();
        let metrics = HttpMetrics::register(&mut registry, routes, Catalog::new(TABLES));
        (registry, metrics)
    }

    fn written(registry: &Registry) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, registry).unwrap();
        text
    }

    fn value(text: &str, series: &str) -> Option<f64> {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
        line.parse().ok()
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_measured_by_method_template_and_status() {
        let routes = Routes::new(8);
        let (registry, metrics) = registered(&routes);
        let slow = || async { tokio::time::sleep(Duration::from_secs(2)).await };
        let app: Router = Router::new()
            .route("/things/{id}", routing::get(slow))
            .route("/unlisted", routing::get(|| async { Problem::new(&UNLISTED) }))
            .layer(ProblemLayer)
            .layer(RecordLayer::new(routes, metrics));
        for (method, path) in [
            (Method::GET, "/things/ada"),
            (Method::GET, "/things/bob"),
            (Method::POST, "/things/bob"),
            (Method::GET, "/of-ada"),
            (Method::GET, "/unlisted"),
        ] {
            let request = Request::builder().method(method).uri(path);
            let response = app.clone().oneshot(request.body(Body::empty()).unwrap());
            response.await.unwrap();
        }
        let text = written(&registry);
        let of = |end: &str| value(&text, &format!("http_server_request_duration_seconds_{end}"));
        let things = r#"{method="GET",route="/things/{id}",status="2xx"}"#;
        assert_eq!(of(&format!("count{things}")), Some(2.0), "{text}");
        assert_eq!(of(&format!("sum{things}")), Some(4.0));
        assert_eq!(
            of(r#"count{method="POST",route="/things/{id}",status="4xx"}"#),
            Some(1.0)
        );
        assert_eq!(of(r#"count{method="GET",route="unmatched",status="4xx"}"#), Some(1.0));
        for (code, count) in [
            ("not-found", 1.0),
            ("method-not-allowed", 1.0),
            ("other", 1.0),
            ("conflict", 0.0),
        ] {
            let series = format!("http_server_rejections_total{{code=\"{code}\"}}");
            assert_eq!(value(&text, &series), Some(count), "{code}");
        }
        assert_eq!(value(&text, "http_server_requests_in_flight"), Some(0.0));
        assert!(!text.contains("ada") && !text.contains("bob"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_under_way_is_in_flight_until_it_is_answered_or_given_up() {
        let routes = Routes::new(8);
        let (registry, metrics) = registered(&routes);
        let app: Router = Router::new()
            .route("/", routing::get(std::future::pending::<()>))
            .layer(RecordLayer::new(routes, metrics));
        let request = || Request::get("/").body(Body::empty()).unwrap();
        let mut two = [
            Box::pin(app.clone().oneshot(request())),
            Box::pin(app.oneshot(request())),
        ];
        for one in &mut two {
            assert!(futures_util::poll!(one).is_pending());
        }
        assert_eq!(value(&written(&registry), "http_server_requests_in_flight"), Some(2.0));
        drop(two);
        let text = written(&registry);
        assert_eq!(value(&text, "http_server_requests_in_flight"), Some(0.0));
        let abandoned = r#"http_server_request_duration_seconds_count{method="GET",route="/",status="abandoned"}"#;
        assert_eq!(value(&text, abandoned), Some(2.0));
    }

    fn series(text: &str) -> usize {
        let own = |line: &&str| !line.starts_with('#') && !line.contains("_bucket{") && !line.contains("_sum{");
        let all: HashSet<&str> = text
            .lines()
            .filter(own)
            .filter_map(|line| line.rsplit_once(' '))
            .map(|(series, _)| series)
            .collect();
        all.len()
    }

    #[test]
    fn the_number_of_series_is_known_and_reached() {
        let routes = Routes::new(8);
        let (registry, metrics) = registered(&routes);
        let codes = kinds::TABLE.len() + 1;
        assert_eq!(series(&written(&registry)), 1 + codes);
        // More templates than there is room for.
        let ids: HashSet<_> = (0..50).map(|n| routes.id(&format!("/{n}"))).collect();
        let answered = (100..600).map(|code| Outcome::Answered(StatusCode::from_u16(code).unwrap()));
        let outcomes: Vec<_> = answered.chain([Outcome::Failed, Outcome::Abandoned]).collect();
        for route in ids {
            for method in MethodLabel::ALL {
                for outcome in &outcomes {
                    metrics.began();
                    metrics.ended(&Exchange {
                        method,
                        route,
                        outcome: *outcome,
                        took: Duration::from_millis(1),
                        at: Instant::now(),
                        problem: Some(&UNLISTED),
                    });
                }
            }
        }
        assert_eq!(metrics.most_series(), 9 * 8 * 7 + 1 + codes);
        assert_eq!(series(&written(&registry)), metrics.most_series());
    }

    proptest! {
        #[test]
        fn whatever_clients_send_makes_no_label(method in "[A-Z]{1,12}", path in "/[a-z0-9]{0,12}") {
            let routes = Routes::new(8);
            let (registry, metrics) = registered(&routes);
            let app: Router = Router::new().route("/x/y/z", routing::get(|| async {}));
            let app = app.layer(ProblemLayer).layer(RecordLayer::new(routes, metrics));
            let request = Request::builder().method(&*method).uri(&path).body(Body::empty()).unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(app.oneshot(request)).unwrap();
            let text = written(&registry);
            let label = MethodLabel::of(&Method::from_bytes(method.as_bytes()).unwrap()).as_str();
            let count = format!("http_server_request_duration_seconds_count{{method=\"{label}\",route=\"unmatched\",status=\"4xx\"}}");
            prop_assert_eq!(value(&text, &count), Some(1.0), "{}", text);
        }
    }
}
