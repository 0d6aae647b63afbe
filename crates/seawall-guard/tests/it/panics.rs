//! The process's panic hook, in a process of its own: other tests need theirs.

use std::io::{stderr, stdout};

use axum::body::Body;
use axum::{Router, routing};
use http::Request;
use seawall_guard::logs::{Style, layer};
use seawall_guard::panic::{CatchPanicLayer, install_hook};
use seawall_guard::request_id::RequestIdLayer;
use serde_json::Value;
use tower::ServiceExt as _;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::alone::run_alone;

const SECRET: &str = "sw_01h455vb4pex5vsknk084sn02q_3Zb1Qm8vJt5uXy7k";

async fn fails() {
    let text = format!("password: Some(\"Xq7Zp\"), key {SECRET}");
    text.parse::<u32>().map_err(|_| text).unwrap();
}

#[tokio::test]
#[ignore = "the other test runs it in a process of its own"]
async fn panic_in_many_places() {
    let subscriber = tracing_subscriber::registry().with(layer(Style::Json, stdout));
    tracing::subscriber::set_global_default(subscriber).unwrap();
    install_hook();
    let app: Router = Router::new()
        .route("/", routing::get(fails))
        .layer(CatchPanicLayer)
        .layer(RequestIdLayer);
    let request = Request::get("/").header("x-request-id", "id-1");
    let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 500);
    let thread = std::thread::Builder::new().name("alone".to_owned());
    let thread = thread.spawn(|| assert_eq!(SECRET, "", "in a thread")).unwrap();
    assert!(thread.join().is_err());
    // So that what is written last is not lost.
    std::io::Write::flush(&mut stderr()).unwrap();
}

#[test]
fn each_panic_is_one_line_with_its_place_and_without_its_secrets() {
    let output = run_alone("panics::panic_in_many_places");
    let lines: Vec<Value> = output
        .lines()
        // The harness writes the test's name without an end of line.
        .filter_map(|line| serde_json::from_str(&line[line.find('{')?..]).ok())
        .collect();
    let [caught, alone] = &lines[..] else {
        panic!("{output}");
    };
    for line in [caught, alone] {
        assert_eq!(line["level"], "ERROR");
        let place = line["panic.place"].as_str().unwrap();
        assert!(place.contains("tests/it/panics.rs:"), "{place}");
    }
    assert_eq!(caught["request.id"], "id-1");
    let said = caught["panic.message"].as_str().unwrap();
    assert!(said.contains("password: [redacted], key [redacted]"), "{said}");
    assert_eq!(alone["thread"], "alone");
    assert!(alone["panic.message"].as_str().unwrap().contains("in a thread"));
    assert!(!output.contains(SECRET) && !output.contains("Xq7Zp"), "{output}");
}
