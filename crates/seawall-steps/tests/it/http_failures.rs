//! Exchanges that give no complete response.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use seawall_engine::EffectClass::{self, Idempotent, Once, Read};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::support::{Raw, Rig, code, not_begun, soon, unknown};

/// A port that nobody listens on: it was free a moment ago.
async fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address").port()
}

#[tokio::test]
async fn a_refused_connection_did_not_begin() {
    let url = format!("http://127.0.0.1:{}/", closed_port().await);
    for effect in [Read, Idempotent, Once] {
        let rig = Rig::new();
        let error = not_begun(rig.http(effect, json!({"url": url})).await);
        assert_eq!((code(&error), error.retryable), ("connect-failed", true));
        assert!(error.message.contains("refused"), "{}", error.message);
    }
}

#[tokio::test]
async fn a_name_that_does_not_resolve_did_not_begin() {
    let asked = EffectClass::ALL.map(|effect| async move {
        let rig = Rig::new().with(|config| config.http.connect_timeout = Duration::from_secs(3));
        let error = not_begun(rig.http(effect, json!({"url": "http://no-such-host.invalid/"})).await);
        // Without any name server the system's resolver may take longer than the connect timeout.
        assert!(
            ["dns-failed", "connect-timeout"].contains(&code(&error)),
            "{effect:?}: {error:?}"
        );
        assert!(error.retryable, "{effect:?}");
        if effect == Once {
            assert_eq!(rig.asked.times(), 0);
        }
    });
    futures_util::future::join_all(asked).await;
}

#[tokio::test]
async fn a_failed_tls_handshake_did_not_begin() {
    let server = Raw::serve(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    for effect in EffectClass::ALL {
        let rig = Rig::new();
        let url = format!("https://{}/", server.address);
        let error = not_begun(rig.http(effect, json!({"url": url})).await);
        assert_eq!((code(&error), error.retryable), ("connect-failed", true), "{effect:?}");
        if effect == Once {
            assert_eq!(rig.asked.times(), 0);
        }
    }
}

#[tokio::test]
async fn a_lease_that_is_too_short_sends_nothing() {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    let server = Raw::serve(move |mut stream| {
        let counted = Arc::clone(&counted);
        async move {
            if stream.read_u8().await.is_ok() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await;
    for effect in EffectClass::ALL {
        let rig = Rig::new().with_dead_lease();
        let error = not_begun(rig.http(effect, json!({"url": server.url("/")})).await);
        assert_eq!((code(&error), error.retryable), ("fence-refused", true));
        assert_eq!(rig.asked.times(), 1);
    }
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_once_request_asks_the_fence_only_after_the_connection_stands() {
    // Accepts, and never answers the ClientHello.
    let accepted = Arc::new(Notify::new());
    let notify = Arc::clone(&accepted);
    let server = Raw::serve(move |stream| {
        notify.notify_one();
        async move {
            let _open = stream;
            std::future::pending::<()>().await;
        }
    })
    .await;
    let rig = Rig::new();
    let mut tasks = JoinSet::new();
    tasks.spawn(rig.start("http", Once, json!({"url": format!("https://{}/", server.address)})));
    soon(accepted.notified()).await;
    rig.cancel.cancel();
    let outcome = soon(tasks.join_next()).await.expect("a task").expect("an outcome");
    assert_eq!(code(&not_begun(outcome)), "cancelled");
    assert_eq!(rig.asked.times(), 0);
}

#[tokio::test]
async fn a_handshake_that_takes_too_long_did_not_begin() {
    let server = Raw::serve(|stream| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let rig = Rig::new().with(|config| config.http.connect_timeout = Duration::from_millis(50));
    let url = format!("https://{}/", server.address);
    let error = not_begun(rig.http(Once, json!({"url": url})).await);
    assert_eq!(code(&error), "connect-timeout");
}

#[tokio::test]
async fn cancelling_before_the_start_begins_nothing() {
    let rig = Rig::new();
    rig.cancel.cancel();
    let error = not_begun(rig.http(Once, json!({"url": "http://127.0.0.1:1/"})).await);
    assert_eq!(code(&error), "cancelled");
    assert_eq!(rig.asked.times(), 0);
}

#[tokio::test]
async fn cancelling_after_the_request_was_sent_leaves_it_unknown() {
    for effect in EffectClass::ALL {
        let received = Arc::new(Notify::new());
        let notify = Arc::clone(&received);
        let server = Raw::serve(move |mut stream| {
            let notify = Arc::clone(&notify);
            async move {
                Raw::read_head(&mut stream).await;
                notify.notify_one();
                std::future::pending::<()>().await;
            }
        })
        .await;
        let rig = Rig::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(rig.start("http", effect, json!({"url": server.url("/")})));
        soon(received.notified()).await;
        rig.cancel.cancel();
        let outcome = soon(tasks.join_next()).await.expect("a task").expect("an outcome");
        assert_eq!(code(&unknown(outcome)), "cancelled");
    }
}

#[tokio::test]
async fn a_connection_lost_after_the_request_is_unknown_and_the_request_is_not_repeated() {
    for effect in EffectClass::ALL {
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        let server = Raw::serve(move |mut stream| {
            let counted = Arc::clone(&counted);
            async move {
                Raw::read_head(&mut stream).await;
                counted.fetch_add(1, Ordering::SeqCst);
                // Zero linger: the close is a reset.
                let _ = stream.set_zero_linger();
            }
        })
        .await;
        let error = unknown(Rig::new().http(effect, json!({"url": server.url("/")})).await);
        assert_eq!((code(&error), error.retryable), ("connection-lost", true));
        assert_eq!(requests.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_unknown() {
    let server = Raw::answering(b"").await;
    let error = unknown(Rig::new().http(Once, json!({"url": server.url("/")})).await);
    assert_eq!(code(&error), "connection-lost");
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_unknown() {
    let server = Raw::answering(b"SSH-2.0-OpenSSH_9.6\r\n\r\n").await;
    let error = unknown(Rig::new().http(Once, json!({"url": server.url("/")})).await);
    assert_eq!(code(&error), "connection-lost");
}

#[tokio::test]
async fn a_response_cut_in_its_body_is_unknown_whatever_its_status() {
    for answer in [
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".as_slice(),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 500 Oops\r\ncontent-length: 10\r\n\r\nabc",
    ] {
        let server = Raw::answering(answer).await;
        let error = unknown(Rig::new().http(Once, json!({"url": server.url("/")})).await);
        assert_eq!(code(&error), "response-truncated");
    }
}

#[tokio::test]
async fn private_addresses_are_refused_when_they_are_off() {
    let port = closed_port().await;
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0x7f.1",
        "2130706433",
        "169.254.169.254",
    ] {
        let rig = Rig::new().with(|config| config.http.allow_private = false);
        let error = not_begun(rig.http(Once, json!({"url": format!("http://{host}:{port}/")})).await);
        assert_eq!(
            (code(&error), error.retryable),
            ("address-not-allowed", false),
            "{host}"
        );
        assert_eq!(rig.asked.times(), 0, "{host}");
    }
}
