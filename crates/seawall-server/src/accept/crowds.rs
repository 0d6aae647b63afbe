//! More clients than there is room for, and clients that keep a place without using it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::tests::LONG;
use super::{Acceptor, limits};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Far less than a client may be idle.
const SOON: Duration = Duration::from_secs(5);

async fn serve_in(places: usize, router: Router) -> (SocketAddr, JoinSet<()>) {
    let bound = Acceptor::bind((Ipv4Addr::LOCALHOST, 0).into(), places).await;
    let acceptor = bound.unwrap();
    let address = acceptor.address();
    let mut server = JoinSet::new();
    server.spawn(acceptor.run(router, CancellationToken::new(), LONG));
    (address, server)
}

fn fine() -> Router {
    Router::new().route("/", get(|| async { "fine" }))
}

/// One more request on this connection. False: it has ended.
async fn ask(client: &mut TcpStream) -> bool {
    let mut answer = Vec::new();
    if client.write_all(REQUEST).await.is_err() {
        return false;
    }
    while !answer.ends_with(b"fine") {
        match client.read_buf(&mut answer).await {
            Ok(0) | Err(_) => return false,
            Ok(_) => {}
        }
    }
    true
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn for_one_more_client_the_one_that_has_been_idle_longest_gives_way() {
    let (address, _server) = serve_in(2, fine()).await;
    let (mut first, mut second) = (connect(address).await, connect(address).await);
    assert!(ask(&mut first).await && ask(&mut second).await);
    let mut third = connect(address).await;
    assert!(timeout(SOON, ask(&mut third)).await.expect("it waits for idle ones"));
    assert!(!ask(&mut first).await);
    assert!(ask(&mut second).await && ask(&mut third).await);
}

#[tokio::test(start_paused = true)]
async fn who_has_said_nothing_or_half_of_something_gives_way_too() {
    for said in ["", "P", "GET / HTTP/1.1\r\nHo"] {
        let (address, _server) = serve_in(2, fine()).await;
        let mut silent = JoinSet::new();
        for _ in 0..20 {
            let mut client = connect(address).await;
            client.write_all(said.as_bytes()).await.unwrap();
            // A reset is an end too: the server has closed on unread bytes.
            silent.spawn(async move { client.read(&mut [0]).await.unwrap_or(0) });
        }
        let mut client = connect(address).await;
        let began = Instant::now();
        assert!(ask(&mut client).await, "{said:?}");
        // One second for each two of them, and not what a head may take.
        assert!(
            began.elapsed() < limits::HEAD_TIMEOUT,
            "{said:?}: {:?}",
            began.elapsed()
        );
        // Twenty came, and one more: of two places the client has one.
        for _ in 0..19 {
            assert_eq!(silent.join_next().await.unwrap().unwrap(), 0);
        }
    }
}

#[tokio::test]
async fn who_is_being_answered_does_not_give_way() {
    let (begun, go) = (Arc::new(Semaphore::new(0)), Arc::new(Notify::new()));
    let handler = {
        let (begun, go) = (Arc::clone(&begun), Arc::clone(&go));
        move || async move {
            begun.add_permits(1);
            go.notified().await;
            "fine"
        }
    };
    let (address, _server) = serve_in(2, fine().route("/slow", get(handler))).await;
    let mut slow = JoinSet::new();
    for _ in 0..2 {
        let mut client = connect(address).await;
        client
            .write_all(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await
            .unwrap();
        slow.spawn(async move {
            let mut answer = Vec::new();
            // To the end of the connection.
            client.read_to_end(&mut answer).await.unwrap();
            String::from_utf8(answer).unwrap()
        });
    }
    let _ = begun.acquire_many(2).await.unwrap();
    let mut third = connect(address).await;
    let mut asked = Box::pin(ask(&mut third));
    // Several times over, those who have no time are asked.
    assert!(timeout(3 * limits::ASK_AGAIN, asked.as_mut()).await.is_err());
    go.notify_one();
    assert!(
        timeout(SOON, asked)
            .await
            .expect("the first that is idle does not give way")
    );
    // Who is answered while somebody waits is told that it is the last time.
    let answer = slow.join_next().await.unwrap().unwrap();
    assert!(
        answer.contains("connection: close\r\n") && answer.ends_with("fine"),
        "{answer}"
    );
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const NO_SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
/// How much of an answer may be sent unasked: nothing.
const NO_WINDOW: &[u8] = &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0];
/// `GET /` of `localhost`, on stream 1.
const GET: &[u8] = b"\0\0\x0e\x01\x05\0\0\0\x01\x82\x86\x84\x41\x09localhost";
const KIND_OF_DATA: u8 = 0;
const KIND_OF_PING: u8 = 6;
const KIND_OF_GOING_AWAY: u8 = 7;

/// A client of HTTP/2 that says this, and from then on answers pings. The kinds and sizes of the frames that come.
async fn http_2(mut client: TcpStream, said: &[&[u8]]) -> Vec<(u8, usize)> {
    client.write_all(&[&[PREFACE], said].concat().concat()).await.unwrap();
    frames(&mut client, usize::MAX).await
}

/// To the end of the connection, or up to so many bytes of an answer.
async fn frames(client: &mut TcpStream, mut enough: usize) -> Vec<(u8, usize)> {
    let mut frames = Vec::new();
    let mut head = [0u8; 9];
    while enough > 0 && client.read_exact(&mut head).await.is_ok() {
        let [a, b, c, kind, flags, ..] = head;
        let mut payload = vec![0; usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)];
        client.read_exact(&mut payload).await.unwrap();
        frames.push((kind, payload.len()));
        match (kind, flags & 1) {
            (KIND_OF_PING, 0) => {
                let pong = [&[0, 0, 8, KIND_OF_PING, 1, 0, 0, 0, 0][..], &payload].concat();
                if client.write_all(&pong).await.is_err() {
                    break;
                }
            }
            (KIND_OF_DATA, _) => enough = enough.saturating_sub(payload.len()),
            _ => {}
        }
    }
    frames
}

fn was_told_to_go(frames: &[(u8, usize)]) -> bool {
    frames.iter().any(|(kind, _)| *kind == KIND_OF_GOING_AWAY)
}

#[tokio::test(start_paused = true)]
async fn a_connection_of_http_2_is_not_idle_for_ever() {
    let (address, _server) = serve_in(2, fine()).await;
    for said in [
        &[NO_SETTINGS][..],
        &[NO_SETTINGS, GET],
        // Who asks, and takes nothing of the answer.
        &[NO_WINDOW, GET],
    ] {
        let began = Instant::now();
        let told = timeout(10 * LONG, http_2(connect(address).await, said)).await;
        assert!(was_told_to_go(&told.expect("it is idle for ever")), "{said:?}");
        let longest = limits::IDLE_LOOK * (limits::IDLE_LOOKS + 1) + limits::LINGER;
        assert!(began.elapsed() <= longest, "{said:?}: {:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_of_http_2_gives_way() {
    let (address, _server) = serve_in(1, fine()).await;
    let mut idle = JoinSet::new();
    idle.spawn(http_2(connect(address).await, &[NO_SETTINGS]));
    let mut client = connect(address).await;
    let began = Instant::now();
    let answered = timeout(LONG, ask(&mut client)).await;
    assert!(answered.expect("it waits for the idle one"));
    assert!(
        began.elapsed() < limits::IDLE_LOOK * limits::IDLE_LOOKS,
        "{:?}",
        began.elapsed()
    );
    assert!(was_told_to_go(&idle.join_next().await.unwrap().unwrap()));
}

#[tokio::test(start_paused = true)]
async fn who_takes_an_answer_slowly_gets_all_of_it() {
    const SIZE: usize = 48 * 1024;
    let large = Router::new().route("/", get(|| async { vec![b'x'; SIZE] }));
    let (address, _server) = serve_in(1, large).await;
    let mut client = connect(address).await;
    client.write_all(&[PREFACE, NO_WINDOW, GET].concat()).await.unwrap();
    let began = Instant::now();
    let more = [&[0, 0, 4, 8, 0, 0, 0, 0, 1, 0, 0][..], &1024u16.to_be_bytes()].concat();
    let mut taken = 0;
    while taken < SIZE {
        client.write_all(&more).await.unwrap();
        let got = frames(&mut client, 1024).await;
        let data = got.iter().filter(|(kind, _)| *kind == KIND_OF_DATA);
        taken += data.map(|(_, size)| size).sum::<usize>();
        assert!(!was_told_to_go(&got), "after {taken} bytes");
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    assert!(began.elapsed() > limits::IDLE_LOOK * (limits::IDLE_LOOKS + 2));
}
