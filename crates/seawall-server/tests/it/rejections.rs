use axum::body::Body;
use axum::{Router, routing};
use futures_util::stream;
use http::{Method, Request};
use seawall_guard::client_address::PeerAddress;
use seawall_server::guarded;

use crate::support::{Answer, app, get, post_json, send, state};

const VALIDATE: &str = "/api/v1/workflows/validate";
const SIGNAL: &str = "/api/v1/runs/run_01h455vb4pex5vsknk084sn02q/signals/go";

fn chunked(count: usize) -> Body {
    Body::from_stream(stream::iter(
        (0..count).map(|_| Ok::<_, std::io::Error>("x".repeat(1024))),
    ))
}

#[tokio::test]
async fn addresses_and_methods_that_do_not_exist_are_problems() {
    let app = app(&[]);
    assert_eq!(get(&app, "/nowhere").await.code(), "not-found");
    assert_eq!(get(&app, "/api/v1/test/force-error").await.code(), "not-found");
    let answer = send(&app, Request::delete("/api/v1/runs"), ()).await;
    assert_eq!(answer.code(), "method-not-allowed");
    assert_eq!(answer.header("allow"), "GET,HEAD");
    let mut body = answer.json();
    body["request_id"] = "…".into();
    insta::assert_json_snapshot!(body);
}

#[tokio::test]
async fn ids_of_another_kind_name_nothing() {
    let app = app(&[]);
    for id in [
        "wf_01h455vb4pex5vsknk084sn02q",
        "run_x",
        "7",
        "run_01H455VB4PEX5VSKNK084SN02Q",
    ] {
        for rest in ["", "/events", "/export", "/journal", "/why"] {
            assert_eq!(get(&app, &format!("/api/v1/runs/{id}{rest}")).await.code(), "not-found");
        }
        let answer = post_json(&app, &format!("/api/v1/approvals/{id}"), r#"{"decision": "approve"}"#).await;
        assert_eq!(answer.code(), "not-found");
    }
}

#[tokio::test]
async fn bodies_that_are_too_large_are_refused_announced_or_not() {
    let app = app(&[("REQUEST_BODY_MAX_BYTES", "2048")]);
    let announced = Request::post(VALIDATE)
        .header("content-type", "application/json")
        .header("content-length", "2049");
    let answers = [
        send(&app, announced, chunked(1)).await,
        post_json(&app, VALIDATE, chunked(3)).await,
        post_json(&app, "/api/v1/workflows/run", chunked(3)).await,
        post_json(&app, SIGNAL, chunked(3)).await,
        send(
            &app,
            Request::post(VALIDATE).header("content-type", "application/yaml"),
            chunked(3),
        )
        .await,
    ];
    for answer in answers {
        assert_eq!(answer.code(), "payload-too-large");
        assert_eq!(answer.json()["limit_bytes"], 2048);
    }
}

#[tokio::test]
async fn bodies_of_no_or_another_type_are_refused() {
    let app = app(&[]);
    for (path, content_type) in [
        (VALIDATE, None),
        (VALIDATE, Some("text/plain")),
        (VALIDATE, Some("application/x-www-form-urlencoded")),
        (SIGNAL, None),
        (SIGNAL, Some("application/yaml")),
        ("/api/v1/workflows/run", Some("text/plain")),
    ] {
        let mut request = Request::post(path);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        assert_eq!(
            send(&app, request, "{}").await.code(),
            "unsupported-media-type",
            "{path} {content_type:?}"
        );
    }
}

#[tokio::test]
async fn text_that_is_no_json_says_where_it_breaks_off() {
    let app = app(&[]);
    for text in ["", "{", "{\"name\": ", "{'a': 1}", "{} {}", "NaN"] {
        for path in ["/api/v1/workflows", "/api/v1/workflows/run", SIGNAL] {
            let answer = post_json(&app, path, text.to_owned()).await;
            assert_eq!(answer.code(), "malformed-json", "{path} {text:.20}");
            assert_eq!(answer.json()["errors"][0]["pointer"], "");
        }
    }
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    for (path, text) in [
        ("/api/v1/workflows", deep.clone()),
        (SIGNAL, format!(r#"{{"payload": {deep}}}"#)),
        (
            "/api/v1/workflows/run",
            format!(r#"{{"workflow": "x", "input": {deep}}}"#),
        ),
    ] {
        assert_eq!(post_json(&app, path, text).await.code(), "malformed-json", "{path}");
    }
    let not_utf8 = post_json(&app, VALIDATE, vec![b'"', 0xff, b'"']).await;
    assert_eq!(not_utf8.code(), "malformed-json");
    let lone = post_json(&app, "/api/v1/workflows", r#""\ud800""#).await;
    assert_eq!(lone.code(), "malformed-json");
    let mut body = post_json(&app, VALIDATE, "{\n  \"name\": }").await.json();
    body["request_id"] = "…".into();
    insta::assert_json_snapshot!(body);
}

#[tokio::test]
async fn yaml_that_is_not_utf8_is_refused() {
    let request = Request::post(VALIDATE).header("content-type", "application/yaml");
    let answer = send(&app(&[]), request, vec![b'a', 0xff]).await;
    assert_eq!(answer.code(), "workflow-invalid");
    assert_eq!(answer.json()["errors"][0]["code"], "not-utf8");
}

#[tokio::test]
async fn content_of_another_form_is_pointed_at() {
    let app = app(&[]);
    for (path, body, pointer) in [
        ("/api/v1/workflows/run", r#"{"workflow": "x", "inputs": {}}"#, "/inputs"),
        ("/api/v1/workflows/run", r#"{"input": {}}"#, "/workflow"),
        ("/api/v1/workflows/run", r#"{"workflow": 7}"#, "/workflow"),
        ("/api/v1/workflows/x/runs", r#"{"input": {}, "prio": 1}"#, "/prio"),
        (
            "/api/v1/approvals/appr_01h455vb4pex5vsknk084sn02q",
            r#"{"decision": "maybe"}"#,
            "/decision",
        ),
        (SIGNAL, r#"{"id": 7}"#, "/id"),
        (
            "/api/v1/runs/run_01h455vb4pex5vsknk084sn02q/steps/a/resolve",
            r#"{"outcome": "retry", "output": 1}"#,
            "/output",
        ),
    ] {
        let answer = post_json(&app, path, body).await;
        assert_eq!(answer.code(), "validation-error", "{path} {body}");
        let error = &answer.json()["errors"][0];
        assert_eq!(error["pointer"], pointer, "{path} {body}");
        assert_eq!(error["field"], pointer[1..], "{path} {body}");
    }
}

#[tokio::test]
async fn parameters_out_of_range_are_pointed_at() {
    let app = app(&[]);
    for (query, pointer) in [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=many", "/limit"),
        ("cursor=zz", "/cursor"),
        ("status=done", "/status"),
        ("since=yesterday", "/since"),
    ] {
        let answer = get(&app, &format!("/api/v1/runs?{query}")).await;
        assert_eq!(answer.code(), "validation-error", "{query}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer);
    }
}

#[tokio::test]
async fn headers_that_make_no_sense_are_refused() {
    let app = app(&[]);
    let long = "k".repeat(256);
    for key in ["", "two words", long.as_str()] {
        let request = Request::post("/api/v1/workflows/run").header("content-type", "application/json");
        let answer = send(&app, request.header("idempotency-key", key), r#"{"workflow": "x"}"#).await;
        assert_eq!(answer.code(), "bad-request", "{key:?}");
    }
    let events = "/api/v1/runs/run_01h455vb4pex5vsknk084sn02q/events";
    let answer = send(&app, Request::get(events).header("last-event-id", "x"), ()).await;
    assert_eq!(answer.code(), "bad-request");
    let put = Request::put("/api/v1/workflows/x").header("content-type", "application/json");
    assert_eq!(
        send(&app, put.header("if-match", "\"1\""), "{}").await.code(),
        "precondition-failed"
    );
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_refused_except_for_health() {
    let app = app(&[]);
    let with = |path: &str, name: &str, value: &str| Request::get(path).header(name, value);
    for path in ["/api/v1/runs", "/docs", "/openapi.json", "/problems", "/nowhere"] {
        let answer = send(&app, with(path, "host", "evil.example"), ()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (421, "host-not-allowed")
        );
        let answer = send(&app, with(path, "origin", "http://evil.example"), ()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (403, "origin-not-allowed")
        );
    }
    for path in ["/health", "/ready", "/health/ready"] {
        assert_eq!(send(&app, with(path, "host", "10.0.0.7:8000"), ()).await.status, 200);
    }
    for host in ["localhost:1", "127.0.0.1:8000", "[::1]:8000"] {
        assert_eq!(send(&app, with("/problems", "host", host), ()).await.status, 200);
    }
    let own = with("/problems", "host", "localhost:8000").header("origin", "http://localhost:8000");
    assert_eq!(send(&app, own, ()).await.status, 200);
}

#[tokio::test]
async fn hosts_and_origins_are_those_that_were_named() {
    let app = app(&[
        ("ALLOWED_HOSTS", "api.example.com, *.internal"),
        ("CORS_ORIGINS", "https://app.example.com"),
    ]);
    let from = |host: &str, origin: Option<&str>| {
        let request = Request::get("/problems").header("host", host);
        match origin {
            Some(origin) => request.header("origin", origin),
            None => request,
        }
    };
    for host in ["api.example.com", "API.example.com:8000", "a.internal", "localhost"] {
        assert_eq!(send(&app, from(host, None), ()).await.status, 200, "{host}");
    }
    for host in ["internal", "app.example.com", "api.example.com.evil.example"] {
        assert_eq!(
            send(&app, from(host, None), ()).await.code(),
            "host-not-allowed",
            "{host}"
        );
    }
    let allowed = send(&app, from("api.example.com", Some("https://app.example.com")), ()).await;
    assert_eq!(allowed.header("access-control-allow-origin"), "https://app.example.com");
    assert!(!allowed.headers.contains_key("access-control-allow-credentials"));
    for origin in [
        "null",
        "http://app.example.com",
        "https://app.example.com.evil.example",
        "https://xapp.example.com",
        "https://APP.example.com",
        "https://app.example.com:8443",
    ] {
        let answer = send(&app, from("api.example.com", Some(origin)), ()).await;
        assert_eq!(answer.code(), "origin-not-allowed", "{origin}");
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
    let asks = Request::options("/api/v1/workflows")
        .header("host", "api.example.com")
        .header("origin", "https://app.example.com")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization, idempotency-key");
    let answer = send(&app, asks, ()).await;
    assert_eq!(answer.status, 204);
    assert!(
        answer
            .header("access-control-allow-headers")
            .contains("idempotency-key")
    );
}

#[tokio::test]
async fn outside_development_nothing_is_answered_in_the_clear() {
    let app = app(&[("ENVIRONMENT", "production"), ("TRUSTED_PROXIES", "10.0.0.0/8")]);
    let by = |peer: [u8; 4], path: &str, scheme: &str| {
        Request::get(path)
            .header("x-forwarded-proto", scheme)
            .extension(PeerAddress((peer, 40_000).into()))
    };
    let answer = send(&app, by([10, 0, 0, 7], "/api/v1/health", "https"), ()).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("strict-transport-security").contains("includeSubDomains"));
    for (peer, scheme) in [
        ([10, 0, 0, 7], "http"),
        ([192, 0, 2, 1], "https"),
        ([127, 0, 0, 1], "https"),
    ] {
        let answer = send(&app, by(peer, "/api/v1/health", scheme), ()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (403, "https-required")
        );
        assert_eq!(send(&app, by(peer, "/health", scheme), ()).await.status, 200);
        let page = send(&app, by(peer, "/docs", scheme), ()).await;
        assert_eq!(
            (page.status.as_u16(), page.header("location")),
            (308, "https://localhost/docs")
        );
    }
}

fn unruly() -> Router {
    let routes = Router::new()
        .route(
            "/panic",
            routing::get(|| async {
                if true {
                    panic!("hunter2")
                }
            }),
        )
        .route(
            "/hang",
            routing::get(std::future::pending::<()>).post(std::future::pending::<()>),
        );
    guarded(routes, &state(&[]))
}

#[tokio::test]
async fn a_panic_is_a_500_that_says_nothing() {
    let app = unruly();
    for _ in 0..2 {
        let answer = get(&app, "/panic").await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (500, "internal-error")
        );
        assert!(!String::from_utf8_lossy(&answer.body).contains("hunter2"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_ends_at_its_deadline_and_a_wait_prolongs_it() {
    let app = unruly();
    for (method, prefer, seconds) in [
        (Method::GET, None, 30),
        (Method::POST, Some("wait=10"), 40),
        (Method::POST, Some("wait=9999"), 90),
    ] {
        let mut request = Request::builder().method(method).uri("/hang");
        if let Some(prefer) = prefer {
            request = request.header("prefer", prefer);
        }
        let began = tokio::time::Instant::now();
        let answer = send(&app, request, ()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (408, "request-timeout")
        );
        assert_eq!(began.elapsed().as_secs(), seconds);
    }
}

#[tokio::test]
async fn every_answer_carries_the_id_and_the_security_headers() {
    let app = app(&[]);
    let foreign = Request::get("/x").header("host", "evil.example");
    let answers = [
        get(&app, "/health").await,
        get(&app, "/nowhere").await,
        send(&app, Request::put("/health"), ()).await,
        send(&app, foreign, ()).await,
        post_json(&app, VALIDATE, "{").await,
        get(&unruly(), "/panic").await,
    ];
    for answer in &answers {
        hardened(answer);
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        );
        assert!(!answer.headers.contains_key("strict-transport-security"), "not in dev");
    }
    hardened(&get(&app, "/docs").await);
    let staging = crate::support::app(&[("ENVIRONMENT", "staging")]);
    let answer = get(&staging, "/health").await;
    assert_eq!(
        answer.header("strict-transport-security"),
        "max-age=31536000; includeSubDomains"
    );
}

fn hardened(answer: &Answer) {
    assert!(!answer.header("x-request-id").is_empty());
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("x-xss-protection", "0"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-permitted-cross-domain-policies", "none"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(!answer.headers.contains_key("server"));
}

#[tokio::test]
async fn a_callers_id_is_taken_over_if_it_is_sound() {
    let app = app(&[]);
    let send_id = |id: &'static str| send(&app, Request::get("/nowhere").header("x-request-id", id), ());
    let answer = send_id("trace-7.a_B").await;
    assert_eq!(answer.header("x-request-id"), "trace-7.a_B");
    assert_eq!(answer.json()["request_id"], "trace-7.a_B");
    assert_ne!(send_id("two words").await.header("x-request-id"), "two words");
}
