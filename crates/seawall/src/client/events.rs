//! A run's events, as they come.

use std::collections::VecDeque;

use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::Value;

use crate::client::ClientError;
use crate::client::body::ByteStream;
use crate::client::sse::SseParser;

/// One event of a run's journal.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub(crate) struct JournalEvent {
    pub(crate) seq: u64,
    pub(crate) at: jiff::Timestamp,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) data: Value,
}

impl JournalEvent {
    /// A text of the event's data.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.data.get(name)?.as_str()
    }
}

/// An event, and what was received for it.
pub(crate) struct Received {
    pub(crate) event: JournalEvent,
    /// As it came, for machines.
    pub(crate) value: Value,
}

/// Events until the run, or the connection, ends.
pub(crate) struct EventStream {
    body: ByteStream,
    parser: SseParser,
    ready: VecDeque<Received>,
}

impl EventStream {
    pub(super) fn new(body: ByteStream) -> Self {
        Self {
            body,
            parser: SseParser::default(),
            ready: VecDeque::new(),
        }
    }

    /// None at the stream's end. May be dropped while it waits: nothing is lost.
    pub(crate) async fn next(&mut self) -> Option<Result<Received, ClientError>> {
        loop {
            if let Some(received) = self.ready.pop_front() {
                return Some(Ok(received));
            }
            let chunk = match self.body.next().await? {
                Ok(chunk) => chunk,
                Err(error) => return Some(Err(error)),
            };
            if let Err(error) = self.take(&chunk) {
                return Some(Err(error));
            }
        }
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), ClientError> {
        for sse in self.parser.push(chunk).map_err(ClientError::unexpected)? {
            let value: Value = serde_json::from_str(&sse.data).map_err(ClientError::unexpected)?;
            let event = JournalEvent::deserialize(&value).map_err(ClientError::unexpected)?;
            self.ready.push_back(Received { event, value });
        }
        Ok(())
    }
}
