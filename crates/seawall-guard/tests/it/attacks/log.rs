use axum::{Router, routing};
use seawall_guard::logs::Style;

use crate::hardened_axum::Settings;
use crate::service::{KEY, Service, behind, post, request};

/// Logs what it is sent, fails, and fails loudly.
fn routes() -> Router {
    let note = async |text: String| tracing::info!(note = %text, "noted");
    let error = async |text: String| tracing::error!(error = %text, "could not connect to {text}");
    let panic = async |text: String| text.parse::<u32>().map_err(|_| text).map(|_| ()).unwrap();
    Router::new()
        .route("/note", routing::post(note))
        .route("/error", routing::post(error))
        .route("/panic", routing::post(panic))
        .route("/named/{name}", routing::get(async || "here"))
}

#[tokio::test]
async fn what_is_logged_stays_in_its_line() {
    let long = "x".repeat(10_000);
    let texts = [
        "a\nb",
        "a\r\n{\"level\":\"ERROR\",\"target\":\"access\",\"message\":\"admin logged in\"}",
        "2026-01-01T00:00:00Z ERROR access: request\rINFO",
        "\"} {\"level\":\"ERROR\"",
        "\u{1b}[2K\u{1b}[1Afine",
        "\u{9b}31mred",
        "a\u{2028}b\u{2029}c\u{85}d\u{b}e\u{c}f",
        "\u{202e}nimda\u{2066}",
        "\0\u{7}\u{8}\u{7f}",
        long.as_str(),
    ];
    for style in [Style::Json, Style::Text] {
        let service = Service::of(behind(routes(), &Settings::local(KEY)), style).await;
        for text in texts {
            let before = service.log().len();
            let bytes = request("POST /note", "Content-Type: text/plain\r\n", text);
            assert_eq!(service.send(bytes).await.status, 200);
            let written = service.log().split_off(before);
            assert_eq!(written.lines().count(), 2, "{text:.40?}: {written}");
            assert!(written.ends_with('\n'));
            let plain = |c: char| c == '\n' || !(c.is_control() || "\u{2028}\u{2029}\u{202e}\u{2066}".contains(c));
            assert!(written.chars().all(plain), "{text:.40?}: {written:?}");
        }
        if style == Style::Json {
            assert_eq!(service.lines().len(), texts.len());
        }
    }
}

/// Secrets of several forms, wherever a request can put one.
#[tokio::test]
async fn no_secret_that_a_request_brings_along_is_logged() {
    let service = Service::of(behind(routes(), &Settings::local(KEY)), Style::Json).await;
    for (secret, core) in [
        ("sw_01h455vb4pex5vsknk084sn02q_3Zb1Qm8vJt5uXy7k", "3Zb1Qm8vJt5uXy7k"),
        (
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c3JfMSJ9.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg",
            "c2lnbmF0dXJl",
        ),
        ("postgres://seawall:Tr0ub4dor@db.example/runs", "Tr0ub4dor"),
        ("password=correct-horse-battery", "correct-horse"),
        ("ada@lovelace.example", "lovelace"),
        ("4111 1111 1111 1111", "1111 1111"),
    ] {
        let escaped = secret.replace(' ', "%20");
        let quoted = serde_json::to_string(secret).unwrap();
        for bytes in [
            request(&format!("GET /named/{}", escaped.replace('/', "%2F")), "", ""),
            request(&format!("GET /named/a?key={escaped}"), "", ""),
            request(&format!("GET /nowhere/{escaped}?access_token={escaped}"), "", ""),
            request("GET /named/a", &format!("Authorization: Bearer {secret}\r\n"), ""),
            request(
                "GET /named/a",
                &format!("X-API-Key: {secret}\r\nCookie: session={secret}\r\n"),
                "",
            ),
            request(
                "GET /named/a",
                &format!("User-Agent: {secret}\r\nReferer: https://a/{secret}\r\n"),
                "",
            ),
            request(
                "GET /named/a",
                &format!("X-Request-ID: {secret}\r\ntraceparent: {secret}\r\n"),
                "",
            ),
            request(
                "GET /named/a",
                &format!("X-Forwarded-For: {secret}\r\nOrigin: {secret}\r\n"),
                "",
            ),
            request("GET /named/a", &format!("Host: {escaped}\r\n"), ""),
            request(&format!("{secret} /named/a"), "", ""),
            post("/note", &format!("{{\"note\": {quoted}}}")),
            post("/note", secret),
            post("/error", secret),
            post("/panic", secret),
        ] {
            let before = service.log().len();
            let answer = service.send(&bytes).await;
            let written = service.log().split_off(before);
            // Hyper's bare refusal of what is no request leaves no line.
            assert_eq!(
                written.is_empty(),
                answer.status == 400 && answer.body.is_empty(),
                "{bytes}"
            );
            assert!(!written.contains(core), "{bytes}\n{written}");
        }
    }
}
