use axum::Router;
use axum::body::Body;
use axum::routing::post as to;
use seawall_guard::problem::read_body;

use crate::hardened_axum::Settings;
use crate::service::{KEY, Service, request};

async fn service() -> Service {
    let settings = Settings {
        body_bytes: 64,
        ..Settings::local(KEY)
    };
    let length = async |body: Body| read_body(body).await.map(|body| body.len().to_string());
    Service::with_routes(Router::new().route("/", to(length)), &settings).await
}

fn sent(fields: &str, body: &str) -> String {
    let head = request("POST /", fields, "");
    format!("{head}{body}")
}

fn chunks(count: usize, bytes: usize) -> String {
    format!("{bytes:x}\r\n{}\r\n", "x".repeat(bytes)).repeat(count)
}

#[tokio::test]
async fn what_is_too_large_is_refused_however_it_is_sent() {
    let service = service().await;
    let chunked = "Transfer-Encoding: chunked\r\n";
    for (what, bytes) in [
        // Nobody waits for a body that is refused by its length alone.
        ("announced", sent("Content-Length: 10000000000\r\n", "")),
        ("announced, by one", sent("Content-Length: 65\r\n", "")),
        (
            "announced, and asked for first",
            sent("Content-Length: 65\r\nExpect: 100-continue\r\n", ""),
        ),
        ("endless", sent("Content-Length: 9223372036854775807\r\n", "")),
        ("in one chunk", sent(chunked, &chunks(1, 65))),
        ("in many", sent(chunked, &chunks(65, 1))),
        ("in chunks without an end", sent(chunked, &chunks(5000, 100))),
    ] {
        let answer = service.send(bytes).await;
        assert_eq!(answer.code(), "payload-too-large", "{what}");
        assert_eq!(answer.json()["limit_bytes"], 64, "{what}");
        assert_eq!(answer.field("connection"), Some("close"), "{what}");
    }
    let end = "0\r\n\r\n";
    for (what, bytes) in [
        ("announced", sent("Content-Length: 64\r\n", &"x".repeat(64))),
        ("in chunks", sent(chunked, &(chunks(16, 4) + end))),
        (
            "with a trailer",
            sent(chunked, &(chunks(1, 64) + "0\r\nX-Trailer: 1\r\n\r\n")),
        ),
    ] {
        let answer = service.send(bytes).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "64"), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let service = service().await;
    for (what, bytes) in [
        ("nothing", sent("Content-Length: 10\r\n", "")),
        ("a part", sent("Content-Length: 10\r\n", "abc")),
        (
            "asked for first",
            sent("Content-Length: 10\r\nExpect: 100-continue\r\n", ""),
        ),
        ("no chunk", sent("Transfer-Encoding: chunked\r\n", "")),
        ("half a size", sent("Transfer-Encoding: chunked\r\n", "1")),
        ("half a chunk", sent("Transfer-Encoding: chunked\r\n", "5\r\nab")),
        ("no last chunk", sent("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n")),
    ] {
        let began = tokio::time::Instant::now();
        let answer = service.send(bytes).await;
        assert_eq!(answer.code(), "request-timeout", "{what}");
        assert_eq!(answer.field("connection"), Some("close"), "{what}");
        assert_eq!(began.elapsed().as_secs(), 10, "{what}");
    }
}

#[tokio::test]
async fn a_request_that_goes_nowhere_is_answered_before_its_body_comes() {
    let service = service().await;
    for (line, code) in [("POST /nowhere", "not-found"), ("DELETE /", "method-not-allowed")] {
        let answer = service.send(request(line, "Content-Length: 10\r\n", "")).await;
        assert_eq!(answer.code(), code, "{line}");
    }
}
