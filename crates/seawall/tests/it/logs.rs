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

const BEARER: &str = "Authorization: Bearer plantedinbearer1";
const NOBODY: &str = "X-API-Key: plantedinapikey2";

/// Sends a request with what belongs to no log, and reads the answer.
fn answer(address: &str, (line, credential): (&str, &str), body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         {credential}\r\nCookie: session=plantedincookie3\r\nX-Profile: 1\r\nX-Request-ID: not one\r\nPrefer: wait=30\r\n\
         Connection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// A server with every line there is; all that it says, once it has been asked and stopped.
fn everything(house: &House, format: &str) -> String {
    let mut command = house.command(&["serve", "--port", "0"]);
    command
        .env("LOG_LEVEL", "trace")
        .env("LOG_FORMAT", format)
        .env("LOG_BODIES", "65536")
        .env("ADMIN_API_KEY", "plantedinbearer1")
        .env("SEAWALL_SECRET_TOKEN", "plantedinstep7");
    let mut server = Running::of(command);
    let banner = server.wait_for("Seawall listens on http://127.0.0.1:");
    let address = banner.split(['/', ' ']).find(|word| word.starts_with("127.")).unwrap();
    // Meanwhile: at this level it says more than a pipe holds.
    let listening = server.listen();
    let query = "token=plantedinquery4&password=plantedinquery4";
    let malformed = r#"{"password": "plantedinbody5", "input": {"#;
    let run = r#"{"input": {"password": "plantedinbody5"}}"#;
    let runs = format!("GET /api/v1/runs?{query}");
    let answers = [
        answer(address, (&runs, NOBODY), ""),
        answer(address, (&runs, BEARER), ""),
        answer(address, (&format!("GET /nowhere?{query}"), BEARER), ""),
        answer(address, ("POST /api/v1/workflows/run", BEARER), malformed),
        answer(address, ("POST /api/v1/workflows", BEARER), DEFINITION),
        answer(address, ("POST /api/v1/workflows/leaky/runs", BEARER), run),
    ];
    server.signal(Signal::TERM);
    assert_eq!(server.end(), Some(0));
    let all = listening.join().unwrap();
    let statuses = answers.map(|answer| status(&answer));
    assert_eq!(statuses, [401, 422, 404, 400, 201, 200], "{all}");
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
        .env("METRICS_PORT", "0")
        .env("SECRET_KEY", "a secret key of the tests, long enough");
    let mut server = Running::of(command);
    let before = server.all_until("Seawall listens on http://127.0.0.1:");
    let banner = before.lines().next_back().unwrap();
    let address = banner.split(['/', ' ']).find(|word| word.starts_with("127.")).unwrap();
    let listening = server.listen();
    let health = answer(address, ("GET /health?token=plantedinquery4", NOBODY), "");
    assert_eq!(status(&health), 200);
    server.signal(Signal::TERM);
    assert_eq!(server.end(), Some(0));
    let all = before + &listening.join().unwrap();
    let lines = all.lines().map(|line| serde_json::from_str(line).expect(line));
    let lines: Vec<Value> = lines.collect();
    for said in ["Metrics are on", "An admin key was made", "stopping; once more"] {
        assert!(all.contains(&format!("\"message\":\"{said}")), "{said}: {all}");
    }
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

#[test]
fn where_profiles_are_on_whoever_asks_is_told_what_the_store_took() {
    for (switch, shown) in [("true", true), ("false", false)] {
        let house = House::new();
        let mut command = house.command(&["serve", "--port", "0"]);
        command
            .env("ENABLE_PROFILING", switch)
            .env("ADMIN_API_KEY", "plantedinbearer1");
        let mut server = Running::of(command);
        let banner = server.wait_for("Seawall listens on http://127.0.0.1:");
        let address = banner.split(['/', ' ']).find(|word| word.starts_with("127.")).unwrap();
        let answer = answer(address, ("GET /api/v1/runs", BEARER), "");
        assert_eq!(status(&answer), 200, "{answer}");
        let top = answer.lines().find_map(|line| line.strip_prefix("x-profile-top: "));
        assert_eq!(
            top.is_some_and(|top| top.contains("store.list;dur=")),
            shown,
            "{answer}"
        );
    }
}
