//! Writing a document.

use std::borrow::Cow;

use seawall_store::{RunId, Segment, Timestamp};
use serde_json::value::RawValue;

use crate::export::document::children_of;
use crate::export::form::{DocumentForm, RunForm, instant};
use crate::export::{DocumentRun, FORMAT, MAX_DOCUMENT_BYTES, VERSION};
use crate::journal::{CodecError, decode};

/// Of a journal, written down before others get their turn.
const TURN_BYTES: usize = 256 * 1024;

/// A document, ready to be kept.
#[derive(Clone, Debug)]
pub struct Export {
    pub run: RunId,
    /// JSON text, one event on a line.
    pub bytes: Vec<u8>,
}

impl Export {
    /// A good name for its file.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.json", self.run)
    }
}

/// What a document is made of.
pub(crate) struct Source<'a> {
    pub(crate) run: DocumentRun,
    pub(crate) exported_at: Timestamp,
    /// JSON text.
    pub(crate) definition: &'a str,
    /// The journal from its first event on.
    pub(crate) segments: &'a [Segment],
}

/// Why a journal is not written down.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    #[error("the journal cannot be read")]
    Journal(#[from] CodecError),
    #[error("the stored definition or journal is not JSON")]
    NotJson(#[from] serde_json::Error),
    #[error("it is larger than {} MiB", MAX_DOCUMENT_BYTES / 1024 / 1024)]
    TooLarge,
}

/// The document's text, made in turns with everything else that goes on in this process.
pub(crate) async fn write_in_turns(source: &Source<'_>) -> Result<Vec<u8>, WriteError> {
    let mut writing = Writing::default();
    let mut bytes = 0;
    for segment in source.segments {
        bytes += segment.bytes.len();
        if bytes >= TURN_BYTES {
            bytes = 0;
            tokio::task::yield_now().await;
        }
        writing.add(segment)?;
    }
    writing.finish(source)
}

/// The document's text, made at once.
#[cfg(test)]
pub(crate) fn write(source: &Source<'_>) -> Result<Vec<u8>, WriteError> {
    let mut writing = Writing::default();
    for segment in source.segments {
        writing.add(segment)?;
    }
    writing.finish(source)
}

/// A document in the making. The events' own text is copied, not written anew.
#[derive(Default)]
struct Writing {
    children: Vec<Cow<'static, str>>,
    events: u64,
    /// Event by event on a line of its own: such files are read and compared by people.
    lines: String,
}

impl Writing {
    fn add(&mut self, segment: &Segment) -> Result<(), WriteError> {
        // Read as well: whoever exports a damaged journal wants to know it now.
        let children = children_of(&decode(segment)?);
        self.children
            .extend(children.iter().map(|child| child.to_string().into()));
        for line in serde_json::from_slice::<Vec<&RawValue>>(&segment.bytes)? {
            self.lines.push_str(if self.events == 0 { "\n" } else { ",\n" });
            self.lines.push_str(line.get());
            self.events += 1;
        }
        if self.lines.len() > MAX_DOCUMENT_BYTES {
            return Err(WriteError::TooLarge);
        }
        Ok(())
    }

    fn finish(self, source: &Source<'_>) -> Result<Vec<u8>, WriteError> {
        let form = DocumentForm {
            format: FORMAT.into(),
            version: VERSION,
            exported_at: instant(source.exported_at).into(),
            exported_by_version: env!("CARGO_PKG_VERSION").into(),
            run: RunForm::new(&source.run, self.events),
            children: self.children,
            definition: serde_json::from_str(source.definition)?,
            journal: Vec::new(),
        };
        let mut head = serde_json::to_string(&form)?;
        head.truncate(head.len().saturating_sub("]}".len()));
        let end = "\n]}\n";
        if head.len() + self.lines.len() + end.len() > MAX_DOCUMENT_BYTES {
            return Err(WriteError::TooLarge);
        }
        let mut text = self.lines;
        text.reserve_exact(head.len() + end.len());
        text.insert_str(0, &head);
        text.push_str(end);
        Ok(text.into_bytes())
    }
}
