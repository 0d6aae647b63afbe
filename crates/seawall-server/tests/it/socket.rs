//! Over a real connection: what only hyper and the accept loop decide.

use std::net::SocketAddr;

use seawall_server::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::support::{ADMIN_KEY, config, state};

async fn serve() -> (SocketAddr, JoinSet<()>) {
    let server = Server::bind(&config(&[("PORT", "0")])).await.unwrap();
    let address = server.address();
    let mut tasks = JoinSet::new();
    tasks.spawn(server.run(state(&[]), CancellationToken::new()));
    (address, tasks)
}

/// Sends these parts and reads until the server closes.
async fn exchange(address: SocketAddr, parts: &[&[u8]]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    for part in parts {
        stream.write_all(part).await.unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn ten_megabytes_are_refused_and_the_client_can_read_why() {
    let (address, _tasks) = serve().await;
    let body = vec![b'x'; 10 * 1024 * 1024];
    let head = format!(
        "POST /api/v1/workflows HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-API-Key: {ADMIN_KEY}\r\n"
    );
    let announced = format!("{head}Content-Length: {}\r\n\r\n", body.len());
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len());
    for answer in [
        exchange(address, &[announced.as_bytes(), &body]).await,
        exchange(address, &[chunked.as_bytes(), &body, b"\r\n0\r\n\r\n"]).await,
    ] {
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer:.200}");
        assert!(answer.contains("connection: close"), "{answer:.900}");
        assert!(answer.contains("\"limit_bytes\":1048576"));
    }
}

#[tokio::test]
async fn a_request_for_a_foreign_host_is_misdirected() {
    let (address, _tasks) = serve().await;
    for (head, status) in [
        (
            "GET /problems HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
            "421",
        ),
        (
            "GET http://evil.example/problems HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "421",
        ),
        ("GET /problems HTTP/1.0\r\n\r\n", "421"),
        (
            "GET /problems HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "200",
        ),
    ] {
        let answer = exchange(address, &[head.as_bytes()]).await;
        let (_, rest) = answer.split_once(' ').unwrap();
        assert!(rest.starts_with(status), "{head:?}: {answer:.200}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let (address, _tasks) = serve().await;
    let port = address.port().to_string();
    let error = Server::bind(&config(&[("PORT", &port)])).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {address}"));
}
