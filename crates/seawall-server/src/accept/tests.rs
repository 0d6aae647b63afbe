use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use seawall_guard::client_address::PeerAddress;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::connection::{Ending, serve_connection};
use super::places::Pressure;
use super::{Acceptor, CONNECTIONS};

pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) draining: CancellationToken,
    pub(super) server: JoinSet<()>,
}

pub(super) async fn serve(router: Router, deadline: Duration) -> Running {
    let acceptor = Acceptor::bind((Ipv4Addr::LOCALHOST, 0).into(), CONNECTIONS)
        .await
        .unwrap();
    let (address, draining) = (acceptor.address(), CancellationToken::new());
    let mut server = JoinSet::new();
    server.spawn(acceptor.run(router, draining.clone(), deadline));
    Running {
        address,
        draining,
        server,
    }
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

pub(super) const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn an_answer_to_an_unread_upload_arrives_whole() {
    let router = Router::new().route("/", post(|| async { "refused" }));
    let running = serve(router, LONG).await;
    let mut client = TcpStream::connect(running.address).await.unwrap();
    let size = 10 * 1024 * 1024;
    let head = format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    // Without the lingering close the server's reset would make one of these writes fail, or the answer vanish.
    client.write_all(&vec![b'x'; size]).await.unwrap();
    let answer = read_all(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("refused"));
}

#[tokio::test]
async fn a_request_in_flight_is_answered_after_the_stop_began() {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (begun, go) = (Arc::clone(&begun), Arc::clone(&go));
        move || async move {
            begun.notify_one();
            go.notified().await;
            "done"
        }
    };
    let mut running = serve(Router::new().route("/", get(handler)), LONG).await;
    let mut client = TcpStream::connect(running.address).await.unwrap();
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    begun.notified().await;
    running.draining.cancel();
    go.notify_one();
    assert!(read_all(&mut client).await.ends_with("done"));
    running.server.join_next().await.unwrap().unwrap();
    assert!(TcpStream::connect(running.address).await.is_err(), "it still accepts");
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut_off() {
    let begun = Arc::new(Notify::new());
    let handler = {
        let begun = Arc::clone(&begun);
        move || async move {
            begun.notify_one();
            std::future::pending::<()>().await;
        }
    };
    let mut running = serve(Router::new().route("/", get(handler)), Duration::from_millis(20)).await;
    let mut client = TcpStream::connect(running.address).await.unwrap();
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    begun.notified().await;
    running.draining.cancel();
    running.server.join_next().await.unwrap().unwrap();
    assert_eq!(read_all(&mut client).await, "");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_finish_its_head_is_dropped() {
    let running = serve(Router::new(), LONG).await;
    for sent in ["", "P", "PRI * HTTP/2.0", "GET / HTTP/1.1\r\nHost: loc"] {
        let mut client = TcpStream::connect(running.address).await.unwrap();
        client.write_all(sent.as_bytes()).await.unwrap();
        assert_eq!(read_all(&mut client).await, "", "{sent:?}");
    }
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_the_stop() {
    let mut running = serve(Router::new().route("/", get(|| async { "fine" })), LONG).await;
    let _silent = TcpStream::connect(running.address).await.unwrap();
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0u8; 15];
    idle.read_exact(&mut first).await.unwrap();
    running.draining.cancel();
    running.server.join_next().await.unwrap().unwrap();
}

#[tokio::test]
async fn small_answers_do_not_wait_for_an_acknowledgement() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    let stream = stream.into_std().unwrap();
    let same_socket = stream.try_clone().unwrap();
    assert!(!same_socket.nodelay().unwrap());
    let ending = Ending {
        draining: CancellationToken::new(),
        cut_off: CancellationToken::new(),
        pressure: Pressure::default(),
    };
    let router = Router::new().route("/", get(|| async { "fine" }));
    let stream = TcpStream::from_std(stream).unwrap();
    let mut server = JoinSet::new();
    server.spawn(serve_connection(stream, PeerAddress(peer), router, ending));
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    assert!(read_all(&mut client).await.ends_with("fine"));
    assert!(same_socket.nodelay().unwrap());
}
