//! What is sent, and how it hangs together.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::Request;
use seawall_engine::EngineConfig;
use seawall_server::{AppState, Observation, Tracer};
use seawall_store::{MemoryOptions, SystemClock};
use serde_json::json;

use super::collector::Collector;
use super::received::SeenSpan;
use crate::support::{Answer, config, get, post_json, send};
use crate::working::{Ground, working};

/// Somebody's span, from which requests come.
const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A process that sends spans there.
async fn process(ground: &Ground, collector: &Collector, protocol: &str, engine: EngineConfig) -> (AppState, Router) {
    let endpoint = format!("http://{}", collector.address);
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-team=sea%20wall"),
    ];
    let config = config(&variables);
    let tracer = Tracer::start(config.traces.as_ref().unwrap(), Arc::new(SystemClock)).unwrap();
    ground
        .process(&variables, &Observation::new(Some(tracer)), engine)
        .await
}

/// In the order of a process's end.
async fn end(state: AppState) {
    state.engine().shutdown(Duration::from_secs(5)).await;
    state.tracer().unwrap().close().await;
}

async fn begin(app: &Router, caller: Option<&str>, prefer: &str, definition: serde_json::Value) -> Answer {
    let mut request = Request::post("/api/v1/workflows/run")
        .header("content-type", "application/json")
        .header("prefer", prefer);
    if let Some(caller) = caller {
        request = request.header("traceparent", caller);
    }
    let body = json!({"workflow": definition, "input": null}).to_string();
    send(app, request, body).await
}

fn lies_within(inner: &SeenSpan, outer: &SeenSpan) -> bool {
    outer.began <= inner.began && inner.began <= inner.ended && inner.ended <= outer.ended
}

#[tokio::test]
async fn a_request_its_run_its_steps_and_its_children_are_one_trace() {
    for (protocol, path) in [
        ("http/protobuf", "/v1/traces"),
        ("grpc", "/opentelemetry.proto.collector.trace.v1.TraceService/Export"),
    ] {
        let (ground, collector) = (Ground::new(MemoryOptions::default()), Collector::start().await);
        let (state, app) = process(&ground, &collector, protocol, EngineConfig::default()).await;
        let child = json!({"name": "child", "steps": [{"id": "c", "kind": "transform", "with": {"value": 1}}]});
        assert_eq!(
            post_json(&app, "/api/v1/workflows", child.to_string()).await.status,
            201
        );
        let parent = json!({"name": "parent", "steps": [
            {"id": "ask", "kind": "workflow", "with": {"workflow": "child"}},
            {"id": "b", "kind": "fail", "needs": ["ask"], "with": {"message": "a word that is nobody's business"}}]});
        let answer = begin(&app, Some(CALLER), "wait=30", parent).await;
        assert_eq!(answer.json()["status"], "failed", "{protocol}");
        end(state).await;

        let request = collector.span("POST /api/v1/workflows/run");
        let (run, child) = (collector.span("run parent"), collector.span("run child"));
        let (ask, failed, inner) = (
            collector.span("step ask"),
            collector.span("step b"),
            collector.span("step c"),
        );
        for span in [&request, &run, &child, &ask, &failed, &inner] {
            assert_eq!(span.trace, &CALLER[3..35], "{span:?}");
        }
        let parents = [&request, &run, &ask, &child, &inner, &failed].map(|span| &*span.parent);
        let expected = [&CALLER[36..52], &request.id, &run.id, &ask.id, &child.id, &run.id];
        assert_eq!(parents, expected, "{protocol}");
        assert_eq!(
            answer.header("traceparent"),
            format!("00-{}-{}-01", run.trace, request.id)
        );
        assert!(lies_within(&ask, &run) && lies_within(&inner, &child) && lies_within(&child, &run));
        assert_eq!([request.kind, run.kind], [2, 1]);
        assert_eq!(
            [&request, &run, &failed, &ask].map(|span| span.is_error),
            [false, true, true, false]
        );
        let told = |span: &SeenSpan, name: &str| span.attributes[name].clone();
        assert_eq!(told(&run, "seawall.run.id"), answer.json()["id"].as_str().unwrap());
        assert_eq!(told(&failed, "seawall.step.kind"), "fail");
        assert_eq!(told(&request, "http.route"), "/api/v1/workflows/run");
        assert_eq!(told(&request, "seawall.request.id"), answer.header("x-request-id"));

        let exports = collector.exports();
        assert!(
            !format!("{exports:?}").contains("business"),
            "what steps say is not sent"
        );
        for export in exports {
            assert_eq!(
                (&*export.path, &export.headers["x-team"]),
                (path, &"sea wall".parse().unwrap())
            );
            assert_eq!(export.seen.resource["service.name"], "seawall");
        }
    }
}

#[tokio::test]
async fn the_trace_outlives_the_queue_and_the_process() {
    let (ground, collector) = (Ground::new(MemoryOptions::default()), Collector::start().await);
    let idle = EngineConfig {
        max_active_runs: 0,
        ..EngineConfig::default()
    };
    let (first, app) = process(&ground, &collector, "http/protobuf", idle).await;
    let steps = json!({"name": "patient", "steps": [
        {"id": "a", "kind": "transform", "with": {"value": 1}},
        {"id": "wait", "kind": "wait_signal", "needs": ["a"], "with": {"name": "go"}}]});
    let queued = begin(&app, Some(CALLER), "wait=0", steps).await;
    assert_eq!(queued.json()["status"], "queued");
    let run = queued.json()["id"].as_str().unwrap().to_owned();
    end(first).await;

    let (second, app) = process(&ground, &collector, "http/protobuf", EngineConfig::default()).await;
    let mut watch = second.engine().watch(run.parse().unwrap());
    while get(&app, &format!("/api/v1/runs/{run}")).await.json()["completed_steps"] != 1 {
        watch.progressed().await;
    }
    end(second).await;

    let (third, app) = process(&ground, &collector, "grpc", EngineConfig::default()).await;
    let mut watch = third.engine().watch(run.parse().unwrap());
    let went = post_json(&app, &format!("/api/v1/runs/{run}/signals/go"), r#"{"payload": 1}"#).await;
    assert_eq!(went.status, 202);
    while get(&app, &format!("/api/v1/runs/{run}")).await.json()["status"] != "succeeded" {
        watch.progressed().await;
    }
    end(third).await;

    let request = collector.span("POST /api/v1/workflows/run");
    let (step, whole) = (collector.span("step a"), collector.span("run patient"));
    assert_eq!([&step.trace, &whole.trace], [&request.trace; 2]);
    assert_eq!((&whole.parent, &step.parent), (&request.id, &whole.id));
    assert!(lies_within(&step, &whole) && lies_within(&collector.span("step wait"), &whole));
    let signal = collector.span("POST /api/v1/runs/{run_id}/signals/{name}");
    assert_ne!(signal.trace, whole.trace, "another request is another trace");
}

#[tokio::test]
async fn whoever_wants_no_spans_gets_none_and_health_checks_leave_none() {
    let (ground, collector) = (Ground::new(MemoryOptions::default()), Collector::start().await);
    let (state, app) = process(&ground, &collector, "http/protobuf", EngineConfig::default()).await;
    let steps = json!({"name": "made", "steps": [{"id": "a", "kind": "transform", "with": {"value": 1}}]});
    let unwanted = CALLER.replace("-01", "-00");
    let answer = begin(&app, Some(&unwanted), "wait=30", steps.clone()).await;
    assert_eq!(answer.json()["status"], "succeeded");
    assert_eq!(get(&app, "/health").await.status, 200);
    assert_eq!(begin(&app, None, "wait=30", steps).await.json()["status"], "succeeded");
    end(state).await;
    let mut names: Vec<_> = collector
        .spans()
        .into_iter()
        .map(|span| (span.name, span.parent.is_empty()))
        .collect();
    names.sort();
    let request = "POST /api/v1/workflows/run".to_owned();
    assert_eq!(
        names,
        [
            (request, true),
            ("run made".to_owned(), false),
            ("step a".to_owned(), false)
        ]
    );
}

#[tokio::test]
async fn a_collector_that_takes_nothing_is_told_of_and_disturbs_nobody() {
    let (ground, collector) = (Ground::new(MemoryOptions::default()), Collector::refusing().await);
    let (state, app) = process(&ground, &collector, "http/protobuf", EngineConfig::default()).await;
    assert_eq!(get(&app, "/api/v1/runs").await.status, 200);
    let tracer = state.tracer().unwrap().clone();
    tracer.close().await;
    let metrics = get(&app, "/metrics").await;
    let text = String::from_utf8(metrics.body.to_vec()).unwrap();
    for line in [
        r#"seawall_trace_spans_total{outcome="failed"} 1"#,
        r#"seawall_trace_spans_total{outcome="sent"} 0"#,
        r#"seawall_trace_spans_total{outcome="dropped"} 0"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_an_endpoint_nothing_is_sampled() {
    let (state, app) = working(&[]).await;
    assert!(state.tracer().is_none());
    let answer = get(&app, "/api/v1/runs").await;
    assert!(answer.header("traceparent").ends_with("-00"), "{:?}", answer.headers);
}
