//! The program sends its spans to a collector, the last ones at its end.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use rustix::process::Signal;

use crate::house::{House, Running};

/// Takes whatever is posted, on a thread that lives as long as the tests do.
fn collector(told: std::sync::mpsc::Sender<(String, Vec<u8>)>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            while let Some(post) = posted(&stream) {
                (&stream)
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    .unwrap();
                if told.send(post).is_err() {
                    return;
                }
            }
        }
    });
    address
}

/// The first line and the body of the next request. None: the client is gone.
fn posted(stream: &TcpStream) -> Option<(String, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        } else if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Some((first.trim_end().to_owned(), body))
}

#[test]
fn a_server_sends_its_spans_before_it_ends() {
    let house = House::new();
    let (tell, told) = std::sync::mpsc::channel();
    let address = collector(tell);
    house.write(
        "traced.json",
        r#"{"name": "traced", "steps": [{"id": "only", "kind": "transform", "with": {"value": 1}}]}"#,
    );
    let mut command = house.command(&["serve", "--port", "0"]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}"));
    let mut server = Running::of(command);
    server.wait_for("Seawall listens on http://127.0.0.1:");
    house.run(&["run", "traced.json"]).expect(0);
    server.signal(Signal::TERM);
    assert_eq!(server.end(), Some(0));
    let posts: Vec<_> = told.try_iter().collect();
    let bytes: Vec<u8> = posts.iter().flat_map(|(_, body)| body.clone()).collect();
    let text = String::from_utf8_lossy(&bytes);
    for said in ["run traced", "step only", "POST /api/v1/workflows/run", "service.name"] {
        assert!(text.contains(said), "{said} in {text}");
    }
    assert!(posts.iter().all(|(line, _)| line == "POST /v1/traces HTTP/1.1"));
}

#[test]
fn an_endpoint_that_is_none_stops_the_start() {
    let house = House::new();
    let mut command = house.command(&["serve", "--port", "0"]);
    let done = command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")
        .output()
        .unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(2), "{told}");
    assert!(told.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{told}");
}
