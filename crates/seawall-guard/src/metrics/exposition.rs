use axum::response::{IntoResponse as _, Response};
use http::header::{self, HeaderValue};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::problem::{Problem, kinds};

const CONTENT_TYPE: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// The answer to a scrape. A collector that fails makes it a 500.
#[must_use]
pub fn exposition(registry: &Registry) -> Response {
    let mut text = String::new();
    if let Err(error) = encode(&mut text, registry) {
        tracing::error!(%error, "the metrics cannot be written");
        return Problem::new(&kinds::INTERNAL_ERROR).into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, CONTENT_TYPE),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use prometheus_client::collector::Collector;
    use prometheus_client::encoding::DescriptorEncoder;
    use prometheus_client::metrics::counter::Counter;

    use super::*;

    #[derive(Debug)]
    struct Broken;

    impl Collector for Broken {
        fn encode(&self, _: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
            Err(std::fmt::Error)
        }
    }

    #[tokio::test]
    async fn a_registry_is_written_down_whole_or_not_at_all() {
        let mut registry = Registry::default();
        let runs = Counter::<u64>::default();
        registry.register("runs", "Runs", runs.clone());
        runs.inc();
        let response = exposition(&registry);
        assert_eq!(
            (response.status().as_u16(), &response.headers()["cache-control"]),
            (200, &HeaderValue::from_static("no-store"))
        );
        let text = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        assert_eq!(text, "# HELP runs Runs.\n# TYPE runs counter\nruns_total 1\n# EOF\n");
        registry.register_collector(Box::new(Broken));
        assert_eq!(exposition(&registry).status(), 500);
    }
}
