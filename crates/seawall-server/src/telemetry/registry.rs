use std::sync::Arc;

use axum::response::Response;
use prometheus_client::registry::Registry;
use seawall_engine::Engine;
use seawall_guard::anomaly::ErrorRateAnomaly;
use seawall_guard::metrics::{HttpMetrics, exposition};
use seawall_guard::recording::{RecordLayer, Routes};
use seawall_guard::stats::{RouteStats, Snapshot};
use seawall_store::HealthStore;

use super::build;
use super::connections::Connections;
use super::gathered::Gathered;
use super::logins::{LoginOutcome, Logins};
use super::observation::Observation;
use crate::problems::CATALOG;

/// Room for route templates: about three times as many as there are.
const ROUTES: usize = 256;

type Records = (Arc<HttpMetrics>, Arc<RouteStats>, Arc<ErrorRateAnomaly>);

/// All that is counted. Clones share it.
#[derive(Clone)]
pub struct Telemetry(Arc<Inner>);

struct Inner {
    registry: Registry,
    routes: Routes,
    layer: RecordLayer<Records>,
    stats: Arc<RouteStats>,
    anomaly: Arc<ErrorRateAnomaly>,
    connections: Connections,
    logins: Logins,
}

impl Telemetry {
    pub(crate) fn new(observed: &Observation, engine: Engine, store: Arc<dyn HealthStore>) -> Self {
        let (mut registry, routes) = (Registry::default(), Routes::new(ROUTES));
        let stats = Arc::new(RouteStats::new(&routes));
        let anomaly = Arc::new(ErrorRateAnomaly::new());
        build::register(&mut registry);
        let connections = Connections::register(&mut registry);
        let http = Arc::new(HttpMetrics::register(&mut registry, &routes, CATALOG));
        observed.register(&mut registry);
        let logins = Logins::register(&mut registry);
        registry.register_collector(Box::new(Arc::clone(&anomaly)));
        registry.register_collector(Box::new(Gathered { engine, store }));
        let records = (http, Arc::clone(&stats), Arc::clone(&anomaly));
        Self(Arc::new(Inner {
            registry,
            layer: RecordLayer::new(routes.clone(), records),
            routes,
            stats,
            anomaly,
            connections,
            logins,
        }))
    }

    /// Looks at each request, for all that is counted of them.
    pub(crate) fn layer(&self) -> RecordLayer<Records> {
        self.0.layer.clone()
    }

    /// Gives a template its place, before the first request for it.
    pub(crate) fn know_route(&self, template: &str) {
        let _ = self.0.routes.id(template);
    }

    /// For whoever accepts them.
    pub(crate) fn connections(&self) -> Connections {
        self.0.connections.clone()
    }

    /// The answer to a scrape.
    pub(crate) fn exposition(&self) -> Response {
        exposition(&self.0.registry)
    }

    /// The routes that had requests in the last minute, the busiest first.
    pub(crate) fn stats(&self) -> Vec<Snapshot> {
        self.0.stats.snapshot()
    }

    /// 0 while there are no more errors than usual.
    pub(crate) fn anomaly(&self) -> f64 {
        self.0.anomaly.value()
    }

    /// Counts a login.
    pub(crate) fn login(&self, outcome: LoginOutcome) {
        self.0.logins.count(outcome);
    }
}
