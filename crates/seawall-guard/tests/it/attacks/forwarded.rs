use axum::{Extension, Router, routing};
use seawall_guard::client_address::{ClientAddress, TrustedProxies};

use crate::hardened_axum::Settings;
use crate::service::{KEY, Service, request};

/// Answers with the address of the client. Every caller here is at 127.0.0.1.
async fn service(proxies: &[&str], https: bool) -> Service {
    let proxies: TrustedProxies = proxies.iter().map(|range| range.parse().unwrap()).collect();
    let settings = Settings {
        proxies,
        https,
        ..Settings::local(KEY)
    };
    let who = async |Extension(client): Extension<ClientAddress>| client.0.to_string();
    Service::with_routes(Router::new().route("/", routing::get(who)), &settings).await
}

#[tokio::test]
async fn who_is_no_proxy_speaks_for_nobody() {
    for proxies in [&[][..], &["10.0.0.0/8"]] {
        let service = service(proxies, false).await;
        for fields in [
            "X-Forwarded-For: 203.0.113.9\r\n",
            "X-Forwarded-For: 10.0.0.1\r\n",
            "X-Forwarded-For: 127.0.0.1, 10.0.0.1\r\n",
            "Forwarded: for=203.0.113.9\r\n",
            "X-Real-IP: 203.0.113.9\r\nTrue-Client-IP: 203.0.113.9\r\nCF-Connecting-IP: 203.0.113.9\r\n",
        ] {
            let answer = service.send(request("GET /", fields, "")).await;
            assert_eq!(answer.body, "127.0.0.1", "{fields:?}");
        }
    }
}

#[tokio::test]
async fn of_a_chain_only_what_trusted_hops_report_is_believed() {
    let service = service(&["127.0.0.0/8", "10.0.0.0/8"], false).await;
    let trusted_hops = format!("X-Forwarded-For: 1.1.1.1{}\r\n", ", 10.0.0.1".repeat(2000));
    for (fields, client) in [
        ("X-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9"),
        ("X-Forwarded-For: 1.1.1.1, 203.0.113.9\r\n", "203.0.113.9"),
        ("X-Forwarded-For: 10.9.9.9, 203.0.113.9, 10.0.0.1\r\n", "203.0.113.9"),
        ("X-Forwarded-For: 127.0.0.1, 203.0.113.9\r\n", "203.0.113.9"),
        (
            "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 203.0.113.9\r\n",
            "203.0.113.9",
        ),
        ("X-Forwarded-For: 203.0.113.9, ::ffff:10.0.0.1\r\n", "203.0.113.9"),
        ("X-Forwarded-For: ::ffff:203.0.113.9\r\n", "203.0.113.9"),
        ("X-Forwarded-For: 203.0.113.9:4711\r\n", "203.0.113.9"),
        ("Forwarded: for=1.1.1.1, for=\"[2001:db8::9]:4711\"\r\n", "2001:db8::9"),
        (
            "Forwarded: for=1.1.1.1;by=\"a,for=2.2.2.2\", for=203.0.113.9\r\n",
            "203.0.113.9",
        ),
        // A hop that is no address: its reporter is the last one known.
        ("X-Forwarded-For: 203.0.113.9, unknown\r\n", "127.0.0.1"),
        ("X-Forwarded-For: 203.0.113.9, 10.0.0.1, 1.1.1.1.1\r\n", "127.0.0.1"),
        ("X-Forwarded-For: 203.0.113.9, unknown, 10.0.0.1\r\n", "10.0.0.1"),
        ("X-Forwarded-For: 203.0.113.9,\r\n", "127.0.0.1"),
        ("X-Forwarded-For: \r\n", "127.0.0.1"),
        ("X-Forwarded-For: ' OR 1=1 --\r\n", "127.0.0.1"),
        ("X-Forwarded-For: 203.0.113.9, \u{661}0.0.0.1\r\n", "127.0.0.1"),
        ("Forwarded: for=\"203.0.113.9\r\n", "127.0.0.1"),
        // One of them is as the client sent it, and nobody knows which.
        (
            "X-Forwarded-For: 203.0.113.9\r\nForwarded: for=1.1.1.1\r\n",
            "127.0.0.1",
        ),
        // No honest chain is so long.
        (trusted_hops.as_str(), "10.0.0.1"),
    ] {
        let answer = service.send(request("GET /", fields, "")).await;
        assert_eq!(answer.body, client, "{fields:.100?}");
    }
}

#[tokio::test]
async fn plain_http_is_not_made_secure_by_saying_so() {
    let (alone, behind) = (service(&[], true).await, service(&["127.0.0.1/32"], true).await);
    for (fields, secure) in [
        ("X-Forwarded-Proto: https\r\n", true),
        ("Forwarded: for=203.0.113.9;proto=https\r\n", true),
        ("", false),
        ("X-Forwarded-Proto: http\r\n", false),
        ("X-Forwarded-Proto: https, http\r\n", false),
        ("X-Forwarded-Proto: http\r\nX-Forwarded-Proto: https\r\n", false),
        ("X-Forwarded-Proto: https\r\nForwarded: proto=http\r\n", false),
        (
            "X-Forwarded-Protocol: https\r\nFront-End-Https: on\r\nX-Forwarded-Ssl: on\r\n",
            false,
        ),
    ] {
        let answer = behind.send(request("GET /", fields, "")).await;
        assert_eq!(answer.status, if secure { 200 } else { 403 }, "{fields:?}");
        // No proxy stands before this one: whoever says so is the client.
        let answer = alone.send(request("GET /", fields, "")).await;
        assert_eq!(answer.code(), "https-required", "{fields:?}");
        assert!(
            answer.field("location").is_none(),
            "credentials would be sent in the clear twice"
        );
    }
}
