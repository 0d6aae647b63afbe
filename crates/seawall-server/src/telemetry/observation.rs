use std::sync::Arc;

use prometheus_client::registry::Registry;
use seawall_engine::Observer;

use super::runs::RunMetrics;
use crate::traces::Tracer;

/// What looks on while the engine works. Made before the engine, which is given its [`Observation::observer`], and the service,
/// which shows what was seen.
#[derive(Clone, Default)]
pub struct Observation {
    runs: RunMetrics,
    tracer: Option<Tracer>,
}

impl Observation {
    /// Counts, and sends spans where there is somebody to send them to.
    #[must_use]
    pub fn new(tracer: Option<Tracer>) -> Self {
        Self {
            runs: RunMetrics::default(),
            tracer,
        }
    }

    /// For [`Engine::start_observed`](seawall_engine::Engine::start_observed).
    #[must_use]
    pub fn observer(&self) -> Arc<dyn Observer> {
        match &self.tracer {
            Some(tracer) => Arc::new((self.runs.clone(), tracer.clone())),
            None => Arc::new(self.runs.clone()),
        }
    }

    #[must_use]
    pub const fn tracer(&self) -> Option<&Tracer> {
        self.tracer.as_ref()
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        self.runs.register(registry);
        if let Some(tracer) = &self.tracer {
            tracer.register(registry);
        }
    }
}
