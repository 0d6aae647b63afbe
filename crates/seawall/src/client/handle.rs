//! The client itself: requests in, JSON or problems out.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use serde_json::Value;

use crate::client::body::{ByteStream, whole};
use crate::client::events::EventStream;
use crate::client::local::Local;
use crate::client::remote::Remote;
use crate::client::{Answer, Call, ClientError, Problem, segment};

/// Who answers.
pub(super) enum Transport {
    Local(Box<Local>),
    Remote(Remote),
}

/// What came back, its body unread.
pub(super) struct Raw {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: ByteStream,
}

/// A client of the HTTP API.
pub(crate) struct Client(pub(super) Transport);

impl Client {
    /// Whether the service runs in this process: then runs only go on while this process lives.
    pub(crate) const fn is_local(&self) -> bool {
        matches!(self.0, Transport::Local(_))
    }

    /// Asks for a document, and gives it byte by byte as it came.
    pub(crate) async fn document(&self, call: Call) -> Result<Bytes, ClientError> {
        Ok(self.read(call).await?.1)
    }

    async fn read(&self, call: Call) -> Result<(HeaderMap, Bytes), ClientError> {
        let raw = self.send(call).await?;
        let (status, headers) = (raw.status, raw.headers);
        let body = whole(raw.body).await?;
        if !status.is_success() {
            return Err(ClientError::Problem(Box::new(Problem::read(status.as_u16(), &body))));
        }
        Ok((headers, body))
    }

    /// Asks, and reads the whole answer.
    pub(crate) async fn call(&self, call: Call) -> Result<Answer, ClientError> {
        let (headers, body) = self.read(call).await?;
        let value = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body).map_err(ClientError::unexpected)?
        };
        Ok(Answer { headers, value })
    }

    /// A run's events after `after`, as they become durable.
    pub(crate) async fn events(&self, run: &str, after: u64) -> Result<EventStream, ClientError> {
        let path = format!("/api/v1/runs/{}/events", segment(run));
        let call = Call::get(path)
            .header(ACCEPT, HeaderValue::from_static("text/event-stream"))
            .header(HeaderName::from_static("last-event-id"), HeaderValue::from(after));
        let raw = self.send(call).await?;
        if !raw.status.is_success() {
            let body = whole(raw.body).await?;
            return Err(ClientError::Problem(Box::new(Problem::read(
                raw.status.as_u16(),
                &body,
            ))));
        }
        Ok(EventStream::new(raw.body))
    }

    /// Ends what runs in this process: runs are parked, the store is closed. Nothing happens to a server. Ctrl-C ends it at
    /// once, as a crash would; the next start recovers.
    pub(crate) async fn close(self) {
        if let Transport::Local(local) = self.0 {
            tokio::select! {
                () = local.close() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
    }

    async fn send(&self, call: Call) -> Result<Raw, ClientError> {
        let request = request(call)?;
        match &self.0 {
            Transport::Local(local) => local.send(request).await,
            Transport::Remote(remote) => remote.send(request).await,
        }
    }
}

fn request(call: Call) -> Result<Request<Bytes>, ClientError> {
    let mut builder = Request::builder().method(call.method).uri(call.path);
    if let Some(headers) = builder.headers_mut() {
        *headers = call.headers;
        if call.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
    }
    let body = match call.body {
        Some(value) => serde_json::to_vec(&value).map_err(ClientError::unexpected)?,
        None => Vec::new(),
    };
    builder.body(Bytes::from(body)).map_err(ClientError::unexpected)
}
