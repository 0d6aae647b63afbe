//! What the program says of itself: lines as configured, and never a secret.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use rustix::process::Signal;
use serde_json::Value;

use crate::house::{House, Running};

/// Each names where it was planted. None looks like anything: only the name it stands under, or its place, gives it away.
const SECRETS: [&str; 8] = [
    "plantedinbearer1",
    "plantedinapikey2",
    "plantedincookie3",
    "plantedinquery4",
    "plantedinbody5",
    "plantedinurl6",
    "plantedinstep7",
    "plantedindefinition8",
];

/// Sends a request with what belongs to no log, and reads the answer's status.
fn send(address: &str, line: &str, body: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Authorization: Bearer plantedinbearer1\r\nX-API-Key: plantedinapikey2\r\nCookie: session=plantedincookie3\r\n\
         X-Request-ID: not one\r\nPrefer: wait=30\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// A server with every line there is; all that it says, once it has been asked and stopped.
fn everything(house: &House, format: &str) -> String {
    let mut command = house.command(&["serve", "--port", "0"]);
    command
        .env("LOG_LEVEL", "trace")
        .env("LOG_FORMAT", format)
        .env("SEAWALL_SECRET_TOKEN", "plantedinstep7");
    let mut server = Running::of(command);
    let banner = server.wait_for("Seawall listens on http://127.0.0.1:");
    let address = banner.split(['/', ' ']).find(|word| word.starts_with("127.")).unwrap();
    // Meanwhile: at this level it says more than a pipe holds.
    let listening = server.listen();
    let query = "token=plantedinquery4&password=plantedinquery4";
    let malformed = r#"{"password": "plantedinbody5", "input": {"#;
    let run = r#"{"input": {"password": "plantedinbody5"}}"#;
    let statuses = [
        send(address, &format!("GET /api/v1/runs?{query}"), ""),
        send(address, &format!("GET /nowhere?{query}"), ""),
        send(address, "POST /api/v1/workflows/run", malformed),
        send(address, "POST /api/v1/workflows", DEFINITION),
        send(address, "POST /api/v1/workflows/leaky/runs", run),
    ];
    server.signal(Signal::TERM);
    assert_eq!(server.end(), Some(0));
    let all = listening.join().unwrap();
    assert_eq!(statuses, [422, 404, 400, 201, 200], "{all}");
    all
}

/// A step that is sure to fail: nothing listens there. What it is asked for holds secrets in each place where they may stand.
const DEFINITION: &str = r#"{"name": "leaky", "input": {"properties": {"password": {"type": "string"}}}, "steps": [
    {"id": "call", "kind": "http", "retry": {"max_attempts": 1}, "with": {
        "url": "http://127.0.0.1:1/?api_key=plantedinurl6",
        "headers": {"Authorization": "Bearer {{ secrets.TOKEN }}"},
        "json": {"secret": "plantedindefinition8"}}}]}"#;

#[test]
fn no_secret_reaches_the_log_at_any_level() {
    for format in ["json", "text"] {
        let house = House::new();
        let told = everything(&house, format);
        for secret in SECRETS {
            let line = told.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret} in {format}");
        }
        assert!(
            told.contains("/api/v1/workflows/{workflow_id}/runs"),
            "there is no line of the request: {told}"
        );
    }
}

#[test]
fn outside_development_every_line_is_json() {
    let house = House::new();
    let mut command = house.command(&["serve", "--port", "0"]);
    command
        .env("ENVIRONMENT", "staging")
        .env("SECRET_KEY", "a secret key of the tests, long enough");
    let mut server = Running::of(command);
    let banner = server.wait_for("Seawall listens on http://127.0.0.1:");
    let address = banner.split(['/', ' ']).find(|word| word.starts_with("127.")).unwrap();
    let listening = server.listen();
    assert_eq!(send(address, "GET /health?token=plantedinquery4", ""), 200);
    server.signal(Signal::TERM);
    assert_eq!(server.end(), Some(0));
    let all = listening.join().unwrap();
    // What it says to the person at the terminal is no line of the log.
    let lines = all.lines().filter(|line| !line.starts_with("stopping; once more"));
    let lines: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    let request = lines.iter().find(|line| line["http.route"] == "/health").expect(&all);
    assert_eq!(
        (&request["level"], &request["http.status"]),
        (&"INFO".into(), &200.into())
    );
}

#[test]
fn a_level_that_does_not_exist_stops_the_start() {
    let house = House::new();
    let mut command = house.command(&["serve", "--port", "0"]);
    let done = command.env("LOG_LEVEL", "info,hyper=wran").output().unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(2), "{told}");
    assert!(
        told.contains("LOG_LEVEL") && told.contains("`wran` in `hyper=wran` is no level"),
        "{told}"
    );
}
