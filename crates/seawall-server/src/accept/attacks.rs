//! Clients that mean no good, as the socket meets them: what hyper says by itself is held as it is.

use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{any, get};
use parking_lot::Mutex;
use seawall_guard::problem::read_body;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tracing_subscriber::fmt::MakeWriter;

use super::limits;
use super::tests::{LONG, Running, serve};

/// Counts the requests that get as far as the router, and reads their bodies.
async fn serve_counting() -> (Running, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&count);
    let handler = move |body: Body| {
        counting.fetch_add(1, Ordering::Relaxed);
        async { read_body(body).await.map(|body| body.len().to_string()) }
    };
    (serve(Router::new().fallback(any(handler)), LONG).await, count)
}

/// What comes back, to the end of the connection. A reset is an end too: the server has closed on unread bytes.
async fn exchange(running: &Running, parts: &[&[u8]]) -> String {
    let mut client = TcpStream::connect(running.address).await.unwrap();
    for part in parts {
        match client.write_all(part).await {
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => break,
            result => result.unwrap(),
        }
    }
    let mut answer = Vec::new();
    match client.read_to_end(&mut answer).await {
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        result => drop(result.unwrap()),
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn hear() -> (Lines, tracing::subscriber::DefaultGuard) {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).finish();
    (lines, tracing::subscriber::set_default(subscriber))
}

#[tokio::test]
async fn what_is_no_request_gets_a_bare_answer_and_no_line_in_the_log() {
    let (lines, _guard) = hear();
    let (running, count) = serve_counting().await;
    let of_host = |line: &str| format!("POST / HTTP/1.1\r\nHost: localhost\r\n{line}\r\n\r\n");
    let long_field = of_host(&format!("X-Long: {}", "x".repeat(limits::BUFFER_BYTES)));
    let many_fields = of_host(&vec!["X-Field: 1"; 101].join("\r\n"));
    let long_target = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(limits::BUFFER_BYTES));
    for (what, sent, status) in [
        ("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\u{7f}\r\n\r\n", "400"),
        ("SSH", "SSH-2.0-OpenSSH_9.6\r\n\r\n", "400"),
        ("nothing", "\0\0\0\0\r\n\r\n", "400"),
        ("another version", "GET / HTTP/9.9\r\n\r\n", "400"),
        ("no version", "GET /\r\n\r\n", "400"),
        ("a target with a space", "GET /a b HTTP/1.1\r\n\r\n", "400"),
        ("a field without a colon", &of_host("X-Broken"), "400"),
        ("a field with NUL", &of_host("X-Field: a\0b"), "400"),
        ("a folded field", &of_host("X-Field: a\r\n b"), "400"),
        ("a space before the colon", &of_host("Content-Length : 3"), "400"),
        ("two lengths", &of_host("Content-Length: 3\r\nContent-Length: 4"), "400"),
        ("a negative length", &of_host("Content-Length: -1"), "400"),
        (
            "a length beyond all numbers",
            &of_host("Content-Length: 18446744073709551616"),
            "400",
        ),
        ("a signed length", &of_host("Content-Length: +3"), "400"),
        ("an unknown coding", &of_host("Transfer-Encoding: gzip"), "400"),
        (
            "chunks and more",
            &of_host("Transfer-Encoding: chunked, identity"),
            "400",
        ),
        ("a long field", &long_field, "431"),
        ("many fields", &many_fields, "431"),
        ("a long target", &long_target, "431"),
    ] {
        let answer = exchange(&running, &[sent.as_bytes()]).await;
        let head = answer.to_ascii_lowercase();
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{what}: {answer:?}");
        assert!(head.contains("connection: close\r\n"), "{what}: {answer:?}");
        assert!(head.contains("content-length: 0\r\n"), "{what}: {answer:?}");
        assert!(
            !head.contains("server:") && head.ends_with("\r\n\r\n"),
            "{what}: {answer:?}"
        );
    }
    assert_eq!(count.load(Ordering::Relaxed), 0, "the router has seen one of them");
    assert_eq!(String::from_utf8_lossy(&lines.0.lock()), "");
}

#[tokio::test]
async fn where_a_body_ends_is_never_left_to_two_opinions() {
    let (running, count) = serve_counting().await;
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (what, sent) in [
        (
            "both lengths",
            format!("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"),
        ),
        (
            "both, the other way round",
            format!("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n{smuggled}"),
        ),
        (
            "a size that is none",
            format!("Transfer-Encoding: chunked\r\n\r\nzz\r\n{smuggled}"),
        ),
        (
            "a size beyond all numbers",
            format!("Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n{smuggled}"),
        ),
        (
            "a chunk without its end",
            format!("Transfer-Encoding: chunked\r\n\r\n1\r\nab{smuggled}"),
        ),
        (
            "an endless extension",
            format!(
                "Transfer-Encoding: chunked\r\n\r\n1;{}\r\na\r\n0\r\n\r\n{smuggled}",
                "x".repeat(20_000)
            ),
        ),
    ] {
        let before = count.load(Ordering::Relaxed);
        let head = "POST / HTTP/1.1\r\nHost: localhost\r\n";
        let answer = exchange(&running, &[head.as_bytes(), sent.as_bytes()]).await;
        let seen = count.load(Ordering::Relaxed) - before;
        assert!(seen <= 1, "{what}: {seen} requests: {answer:?}");
        assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{what}: {answer:?}");
    }
}

#[tokio::test]
async fn requests_that_come_at_once_and_heads_in_pieces_are_answered() {
    let (running, _) = serve_counting().await;
    let both = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    assert_eq!(exchange(&running, &[both]).await.matches("HTTP/1.1 200").count(), 2);
    // Until its fifth byte it could be the preface of HTTP/2.
    let pieces = [&b"PRI"[..], b" /", b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"];
    assert!(exchange(&running, &pieces).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_connection_that_rests_between_requests_loses_nothing() {
    let (running, count) = serve_counting().await;
    let mut client = TcpStream::connect(running.address).await.unwrap();
    let (head, rest) = ("POST / HTTP/1.1\r\nHost: a\r\nConte", "nt-Length: 3\r\n\r\nabc");
    // Each but the first begins in the same packet as the one before ends.
    client.write_all(head.as_bytes()).await.unwrap();
    for number in 0..5 {
        let next = if number < 4 { head } else { "" };
        client.write_all(format!("{rest}{next}").as_bytes()).await.unwrap();
        assert!(read_answer(&mut client).await.ends_with("\r\n\r\n3"));
    }
    for _ in 0..5 {
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        assert!(read_answer(&mut client).await.ends_with("\r\n\r\n0"));
    }
    assert_eq!(count.load(Ordering::Relaxed), 10);
}

/// One answer whose body is a single digit.
async fn read_answer(client: &mut TcpStream) -> String {
    let mut answer = String::new();
    while !answer.contains("\r\n\r\n") || answer.ends_with("\r\n\r\n") {
        let mut part = [0u8; 1024];
        let read = client.read(&mut part).await.unwrap();
        assert!(read > 0, "the connection ended after {answer:?}");
        answer += std::str::from_utf8(&part[..read]).unwrap();
    }
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer
}

#[tokio::test(start_paused = true)]
async fn a_connection_does_not_rest_for_ever() {
    let (running, _) = serve_counting().await;
    let began = Instant::now();
    let answer = exchange(&running, &[b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"]).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n0"),
        "{answer}"
    );
    assert_eq!(began.elapsed().as_secs(), limits::HEAD_TIMEOUT.as_secs());
    // Half of a next head, which came with the first, does not make it longer than a head may take.
    let began = Instant::now();
    let answer = exchange(&running, &[b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HT"]).await;
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    assert_eq!(began.elapsed().as_secs(), limits::HEAD_TIMEOUT.as_secs());
}

#[tokio::test]
async fn a_body_that_outlives_its_answer_is_still_read() {
    let (keeps, mut kept) = tokio::sync::mpsc::unbounded_channel();
    let handler = move |body: Body| {
        keeps.send(body).unwrap();
        async { "1" }
    };
    let running = serve(Router::new().fallback(any(handler)), LONG).await;
    let mut client = TcpStream::connect(running.address).await.unwrap();
    let head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc";
    client.write_all(head).await.unwrap();
    read_answer(&mut client).await;
    client.write_all(b"def").await.unwrap();
    let body = read_body(kept.recv().await.unwrap()).await.unwrap();
    assert_eq!(body, "abcdef");
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    read_answer(&mut client).await;
}

#[tokio::test]
async fn a_preface_in_pieces_begins_http_2_and_garbage_after_it_ends_it() {
    let (running, count) = serve_counting().await;
    let pieces = [&b"PRI * HTTP/2.0\r\n\r\n"[..], b"SM\r\n\r\n", &[0xff; 64]];
    let answer = exchange(&running, &pieces).await;
    // A frame of settings, then the word of leaving.
    assert!(answer.contains('\u{4}') && !answer.contains("HTTP/1.1"), "{answer:?}");
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_trickles_in_is_not_waited_for() {
    let (running, count) = serve_counting().await;
    for head in [
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut client = TcpStream::connect(running.address).await.unwrap();
        let began = Instant::now();
        for byte in head.bytes() {
            if client.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        assert!(
            began.elapsed() <= 3 * limits::HEAD_TIMEOUT,
            "{head:?}: {:?}",
            began.elapsed()
        );
    }
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_is_a_request_that_timed_out() {
    let (running, _) = serve_counting().await;
    for framing in [
        "Content-Length: 10\r\n\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ] {
        let began = Instant::now();
        let sent = format!("POST / HTTP/1.1\r\nHost: localhost\r\n{framing}");
        let answer = exchange(&running, &[sent.as_bytes()]).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{framing:?}: {answer}");
        assert!(answer.contains("request-timeout"), "{framing:?}: {answer}");
        let took = began.elapsed();
        assert!(took >= limits::BODY_TIMEOUT && took < LONG, "{framing:?}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_reads_is_not_held_for_ever() {
    let large = || async { vec![b'x'; 32 * 1024 * 1024] };
    let mut running = serve(Router::new().route("/", get(large)), 10 * LONG).await;
    let mut client = TcpStream::connect(running.address).await.unwrap();
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0u8; 15];
    client.read_exact(&mut first).await.unwrap();
    let began = Instant::now();
    running.draining.cancel();
    running.server.join_next().await.unwrap().unwrap();
    let took = began.elapsed();
    assert!(
        took >= limits::WRITE_TIMEOUT && took < 2 * limits::WRITE_TIMEOUT,
        "{took:?}"
    );
}
