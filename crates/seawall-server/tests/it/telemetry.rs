//! Metrics, statistics, profiles: what they say, and to whom.

use http::Request;
use seawall_server::Server;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::identity::kit::key;
use crate::support::{Answer, app, config, get, post_json, send, send_as_it_is, state};
use crate::working::working;

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

#[track_caller]
fn assert_line(text: &str, line: &str) {
    assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
}

const FLOW: &str = r#"{"workflow": {"name": "made", "steps": [
    {"id": "a", "kind": "transform", "with": {"value": 1}},
    {"id": "b", "kind": "fail", "needs": ["a"], "with": {"message": "no"}}]}, "input": null}"#;

#[tokio::test(start_paused = true)]
async fn what_is_done_and_asked_is_counted() {
    let (_state, app) = working(&[]).await;
    let run = Request::post("/api/v1/workflows/run")
        .header("content-type", "application/json")
        .header("prefer", "wait=10");
    assert_eq!(send(&app, run, FLOW).await.json()["status"], "failed");
    get(&app, "/api/v1/runs/nothing").await;
    get(&app, "/of/nobody").await;
    let stranger = r#"{"email": "ada@example.com", "password": "a password of nobody"}"#;
    assert_eq!(post_json(&app, "/api/v1/auth/login", stranger).await.status, 401);
    let answer = get(&app, "/metrics").await;
    assert!(
        answer
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    let text = text(&answer);
    for line in [
        r#"seawall_build_info{version="0.1.0",commit="unknown"} 1"#,
        r#"seawall_runs_started_total{workflow="made"} 1"#,
        r#"seawall_runs_finished_total{workflow="made",status="failed"} 1"#,
        r#"seawall_runs_finished_total{workflow="other",status="failed"} 0"#,
        r#"seawall_step_duration_seconds_count{kind="transform",outcome="succeeded"} 1"#,
        r#"seawall_step_duration_seconds_count{kind="fail",outcome="failed"} 1"#,
        "seawall_runs_active 0",
        "seawall_error_rate_anomaly 0.0",
        r#"seawall_logins_total{outcome="failed"} 1"#,
        r#"seawall_logins_total{outcome="succeeded"} 0"#,
        r#"http_server_request_duration_seconds_count{method="POST",route="/api/v1/workflows/run",status="2xx"} 1"#,
        r#"http_server_request_duration_seconds_count{method="GET",route="/api/v1/runs/{run_id}",status="4xx"} 1"#,
        r#"http_server_request_duration_seconds_count{method="GET",route="unmatched",status="4xx"} 1"#,
        r#"http_server_rejections_total{code="not-found"} 2"#,
        r#"http_server_rejections_total{code="workflow-invalid"} 0"#,
        "http_server_requests_in_flight 1",
        "seawall_store_flush_duration_seconds_count 0",
        "# EOF",
    ] {
        assert_line(&text, line);
    }
    assert!(!text.contains("nobody"), "a path is no label");
}

#[tokio::test]
async fn metrics_are_open_on_a_development_machine_and_nowhere_else() {
    let state = state(&[
        ("ENVIRONMENT", "production"),
        ("ALLOWED_HOSTS", "localhost"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
    ]);
    let app = seawall_server::router(&state);
    let request = || {
        let peer = seawall_guard::client_address::PeerAddress("127.0.0.1:9".parse().unwrap());
        let request = Request::get("/metrics").header("x-forwarded-proto", "https");
        request.extension(peer)
    };
    assert_eq!(send_as_it_is(&app, request(), ()).await.code(), "unauthenticated");
    let (_, reader) = key(&**state.identity_store(), "default", "runs:read").await;
    let refused = send(&app, request().header("x-api-key", reader), ()).await;
    assert_eq!(
        (refused.code().as_str(), refused.status.as_u16()),
        ("insufficient-scope", 403)
    );
    let (_, watcher) = key(&**state.identity_store(), "default", "metrics:read").await;
    let shown = send(&app, request().header("x-api-key", watcher), ()).await;
    assert_eq!(shown.status, 200);
    let open = send_as_it_is(&self::app(&[]), Request::get("/metrics"), ()).await;
    assert_eq!(open.status, 200);
}

async fn over_a_socket(address: std::net::SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: scraped.example\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_port_of_their_own_takes_metrics_away_from_the_other_one() {
    let variables = [("PORT", "0"), ("METRICS_PORT", "0")];
    let server = Server::bind(&config(&variables)).await.unwrap();
    let (address, metrics) = (server.address(), server.metrics_address().unwrap());
    assert_ne!(address, metrics);
    let (mut tasks, stop, state) = (JoinSet::new(), CancellationToken::new(), state(&variables));
    let app = seawall_server::router(&state);
    tasks.spawn(server.run(state, stop.clone()));
    let scraped = over_a_socket(metrics, "/metrics").await;
    assert!(
        scraped.starts_with("HTTP/1.1 200") && scraped.contains("seawall_build_info{"),
        "{scraped}"
    );
    // Those to the service; who scrapes is none of them.
    let open = TcpStream::connect(address).await.unwrap();
    let counted = async {
        while !over_a_socket(metrics, "/metrics")
            .await
            .contains("\nseawall_connections 1\n")
        {
            tokio::task::yield_now().await;
        }
    };
    let counted = tokio::time::timeout(std::time::Duration::from_secs(20), counted).await;
    counted.expect("the connection is not counted");
    drop(open);
    assert!(scraped.contains("\nseawall_connections_limit "), "{scraped}");
    assert!(over_a_socket(metrics, "/api/v1/runs").await.contains("404 Not Found"));
    assert!(
        over_a_socket(metrics, "/nothing")
            .await
            .contains("\"code\":\"not-found\"")
    );
    assert_eq!(get(&app, "/metrics").await.code(), "not-found");
    stop.cancel();
    tasks.join_all().await;
    assert!(TcpStream::connect(metrics).await.is_err(), "it ends with the server");
}

#[tokio::test]
async fn statistics_tell_of_each_route_what_it_took_and_how_often_it_failed() {
    let app = app(&[("ENABLE_TEST_ENDPOINTS", "true")]);
    for _ in 0..3 {
        assert_eq!(get(&app, "/health").await.status, 200);
    }
    let failed = get(&app, "/api/v1/test/force-error").await;
    assert_eq!(
        (failed.status.as_u16(), failed.code().as_str()),
        (500, "internal-error")
    );
    let stats = get(&app, "/api/v1/stats").await.json();
    let routes = stats["routes"].as_array().unwrap();
    assert_eq!(routes.len(), 2);
    assert_eq!(
        (&routes[0]["route"], &routes[0]["count"]),
        (&json!("/health"), &json!(3))
    );
    assert_eq!(routes[0]["error_rate"], 0.0);
    assert!(routes[0]["p50_ms"].as_f64() <= routes[0]["p99_ms"].as_f64());
    let forced = &routes[1];
    assert_eq!(
        (&forced["route"], &forced["errors"], &forced["error_rate"]),
        (&json!("/api/v1/test/force-error"), &json!(1), &json!(1.0))
    );
}

#[tokio::test]
async fn errors_on_purpose_are_not_there_unless_they_are_asked_for() {
    let app = app(&[]);
    assert_eq!(get(&app, "/api/v1/test/force-error").await.code(), "not-found");
    assert_eq!(get(&app, "/api/v1/test/force-error").await.code(), "not-found");
}

#[tokio::test(start_paused = true)]
async fn more_errors_than_usual_show_in_the_anomaly_gauge() {
    let app = app(&[("ENABLE_TEST_ENDPOINTS", "true")]);
    for _ in 0..300 {
        get(&app, "/health").await;
        tokio::time::advance(std::time::Duration::from_millis(500)).await;
    }
    assert_line(&text(&get(&app, "/metrics").await), "seawall_error_rate_anomaly 0.0");
    for _ in 0..100 {
        get(&app, "/api/v1/test/force-error").await;
    }
    let stats = get(&app, "/api/v1/stats").await.json();
    assert!(stats["error_rate_anomaly"].as_f64().unwrap() >= 4.0, "{stats}");
}

#[tokio::test]
async fn who_asks_is_told_where_the_time_went_if_that_is_switched_on() {
    for (variables, shown) in [(&[][..], false), (&[("ENABLE_PROFILING", "true")], true)] {
        let app = app(variables);
        let asked = send(&app, Request::get("/health").header("x-profile", "1"), ()).await;
        assert_eq!(asked.headers.contains_key("x-profile-duration-ms"), shown);
        assert!(!get(&app, "/health").await.headers.contains_key("x-profile-duration-ms"));
        let created = post_json(&app, "/api/v1/workflows?profile=1", "{").await;
        assert_eq!(created.headers.contains_key("x-profile-duration-ms"), shown);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_remembers_the_trace_of_its_request() {
    let (_state, app) = working(&[]).await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let begin = Request::post("/api/v1/workflows/run")
        .header("content-type", "application/json")
        .header("traceparent", parent);
    let answer = send(&app, begin, FLOW).await;
    let (run, traced) = (
        answer.json()["id"].as_str().unwrap().to_owned(),
        answer.header("traceparent"),
    );
    assert_eq!(
        (&traced[..35], traced == parent),
        (&parent[..35], false),
        "below the caller's span"
    );
    let fork = Request::post(format!("/api/v1/runs/{run}/fork"))
        .header("content-type", "application/json")
        .header("traceparent", parent);
    let forked = send(&app, fork, r#"{"from_step": "a"}"#).await;
    let fork = forked.json()["id"].as_str().unwrap().to_owned();
    for (run, traced) in [(run, traced), (fork, forked.header("traceparent"))] {
        let journal = get(&app, &format!("/api/v1/runs/{run}/journal")).await.json();
        assert_eq!(journal["items"][0]["data"]["trace"], traced, "{journal}");
    }
}
