use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

/// The commit that this was built from, where the build was told.
pub(crate) const fn commit() -> Option<&'static str> {
    option_env!("SEAWALL_COMMIT")
}

pub(super) fn register(registry: &mut Registry) {
    let labels = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("commit", commit().unwrap_or("unknown")),
    ];
    registry.register("seawall_build", "What runs here", Info::new(Vec::from(labels)));
}
