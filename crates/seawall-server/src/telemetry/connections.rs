use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Connections to the service, and how many there is room for. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections {
    open: Gauge,
    most: Gauge,
}

impl Connections {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let own = Self::default();
        registry.register(
            "seawall_connections",
            "Open connections to the service",
            own.open.clone(),
        );
        registry.register(
            "seawall_connections_limit",
            "Connections that there is room for; beyond it idle ones give way",
            own.most.clone(),
        );
        own
    }

    pub(crate) fn limit(&self, most: usize) {
        self.most.set(i64::try_from(most).unwrap_or(i64::MAX));
    }

    /// Counts a connection until it is dropped.
    pub(crate) fn open(&self) -> OpenConnection {
        self.open.inc();
        OpenConnection(self.open.clone())
    }
}

/// See [`Connections::open`].
#[derive(Debug)]
pub(crate) struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}
