//! The example's service on a real socket, and all that it logs.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use parking_lot::Mutex;
use prometheus_client::registry::Registry;
use seawall_guard::logs::{Style, directives, layer};
use seawall_guard::metrics::HttpMetrics;
use seawall_guard::problem::{Catalog, ProblemKind, kinds};
use seawall_guard::recording::{RecordLayer, Routes};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::hardened_axum::{Settings, app, guarded, serve};

pub(crate) const KEY: &str = "some-key";

pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    log: Log,
    _hears: tracing::subscriber::DefaultGuard,
    _serves: JoinSet<io::Result<()>>,
}

impl Service {
    /// The example as it is.
    pub(crate) async fn start(settings: &Settings) -> Self {
        Self::of(app(settings), Style::Json).await
    }

    /// Other routes behind the example's stack.
    pub(crate) async fn with_routes(routes: Router, settings: &Settings) -> Self {
        Self::of(behind(routes, settings), Style::Json).await
    }

    pub(crate) async fn of(app: Router, style: Style) -> Self {
        let log = Log::default();
        let lines = log.clone();
        let subscriber = tracing_subscriber::registry().with(layer(style, move || lines.clone()));
        let subscriber = subscriber.with(directives("info").unwrap());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serves = JoinSet::new();
        serves.spawn(serve(listener, app));
        Self {
            address,
            log,
            // Of this thread, on which the runtime of a test does all its work.
            _hears: tracing::subscriber::set_default(subscriber),
            _serves: serves,
        }
    }

    /// What comes back for these bytes, once the service has closed the connection.
    pub(crate) async fn send(&self, bytes: impl AsRef<[u8]>) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // A service that refuses early may have closed already. What it said is what counts.
        let _ = stream.write_all(bytes.as_ref()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        Answer::of(&String::from_utf8_lossy(&answer))
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8(self.log.0.lock().clone()).unwrap()
    }

    /// The lines of the access log, each of which has to be JSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let lines = self.log();
        let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.filter(|line: &Value| line["target"] == "access").collect()
    }
}

/// Routes behind the example's stack.
pub(crate) fn behind(routes: Router, settings: &Settings) -> Router {
    static TABLES: &[&[&ProblemKind]] = &[kinds::TABLE];
    let known = Routes::new(8);
    let metrics = HttpMetrics::register(&mut Registry::default(), &known, Catalog::new(TABLES));
    guarded(routes, settings, RecordLayer::new(known, metrics))
}

/// A request that asks for its connection to be closed. `fields`: more lines, each with its end.
pub(crate) fn request(line: &str, fields: &str, body: &str) -> String {
    let host = if fields.to_ascii_lowercase().contains("host:") {
        ""
    } else {
        "Host: localhost\r\n"
    };
    let length = match body.len() {
        0 => String::new(),
        length => format!("Content-Length: {length}\r\n"),
    };
    format!("{line} HTTP/1.1\r\n{host}Connection: close\r\n{fields}{length}\r\n{body}")
}

/// A JSON body from the one who has the key.
pub(crate) fn post(path: &str, body: &str) -> String {
    let fields = format!("X-API-Key: {KEY}\r\nContent-Type: application/json\r\n");
    request(&format!("POST {path}"), &fields, body)
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    fn of(text: &str) -> Self {
        let text = text.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(text);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            panic!("no answer: {text:?}");
        };
        let (status, fields) = head.split_once("\r\n").unwrap_or((head, ""));
        let status = status.split(' ').nth(1).unwrap().parse().unwrap();
        let fields = fields.split("\r\n").filter_map(|field| field.split_once(": "));
        Self {
            status,
            fields: fields
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: body.to_owned(),
        }
    }

    /// The only one of that name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut values = self.fields.iter().filter(|(known, _)| known == name);
        let first = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} twice");
        first
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {:?}", self.body))
    }

    /// The code of a problem document, whose form is looked at too.
    pub(crate) fn code(&self) -> String {
        assert_eq!(
            self.field("content-type"),
            Some("application/problem+json"),
            "{}",
            self.body
        );
        let body = self.json();
        assert_eq!(body["status"], self.status);
        assert_eq!(body["request_id"].as_str(), self.field("x-request-id"));
        assert!(self.field("content-security-policy").is_some());
        body["code"].as_str().unwrap().to_owned()
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
