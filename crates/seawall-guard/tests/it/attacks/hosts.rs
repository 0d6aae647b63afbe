use crate::hardened_axum::Settings;
use crate::service::{KEY, Service};

#[tokio::test]
async fn a_request_for_another_host_is_misdirected() {
    let service = Service::start(&Settings::local(KEY)).await;
    for (head, own) in [
        ("GET /problems HTTP/1.1\r\nHost: localhost\r\n", true),
        ("GET /problems HTTP/1.1\r\nHost: LocalHost.:8000\r\n", true),
        ("GET /problems HTTP/1.1\r\nHost: [::1]:80\r\n", true),
        ("GET http://localhost/problems HTTP/1.1\r\nHost: localhost\r\n", true),
        ("GET /problems HTTP/1.1\r\nHost: evil.example\r\n", false),
        ("GET /problems HTTP/1.1\r\nHost: localhost.evil.example\r\n", false),
        ("GET /problems HTTP/1.1\r\nHost: evil-localhost\r\n", false),
        ("GET /problems HTTP/1.1\r\nHost: localhost:80@evil.example\r\n", false),
        ("GET /problems HTTP/1.1\r\nHost: evil.example@localhost\r\n", false),
        ("GET /problems HTTP/1.1\r\nHost: localhost, evil.example\r\n", false),
        ("GET /problems HTTP/1.1\r\nHost: localhost/evil.example\r\n", false),
        ("GET /problems HTTP/1.1\r\nHost: localhost#evil.example\r\n", false),
        ("GET /problems HTTP/1.1\r\nHost: local%68ost\r\n", false),
        ("GET /problems HTTP/1.1\r\nHost: \r\n", false),
        (
            "GET /problems HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n",
            false,
        ),
        (
            "GET /problems HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n",
            false,
        ),
        (
            "GET /problems HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost\r\n",
            false,
        ),
        (
            "GET /problems HTTP/1.1\r\nHost: evil.example\r\nForwarded: host=localhost\r\n",
            false,
        ),
        // The target counts before the header.
        (
            "GET http://evil.example/problems HTTP/1.1\r\nHost: localhost\r\n",
            false,
        ),
        ("GET /problems HTTP/1.1\r\n", false),
        // Load balancers ask by addresses of their own.
        ("GET /health HTTP/1.1\r\nHost: 10.0.0.7\r\n", true),
        ("GET /health/ HTTP/1.1\r\nHost: 10.0.0.7\r\n", false),
        ("GET //health HTTP/1.1\r\nHost: 10.0.0.7\r\n", false),
        ("GET /problems/../health HTTP/1.1\r\nHost: 10.0.0.7\r\n", false),
    ] {
        let answer = service.send(format!("{head}Connection: close\r\n\r\n")).await;
        if own {
            assert_eq!(answer.status, 200, "{head:?}");
        } else {
            assert_eq!(answer.code(), "host-not-allowed", "{head:?}");
            assert_eq!(answer.status, 421);
        }
    }
}
