//! Writing a document.

use seawall_store::{RunId, Segment, Timestamp};
use serde_json::value::RawValue;

use crate::export::document::children_of;
use crate::export::form::{DocumentForm, RunForm, instant};
use crate::export::{DocumentRun, FORMAT, MAX_DOCUMENT_BYTES, VERSION};
use crate::journal::{CodecError, decode};

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

/// The document's text. The events' own text is copied, not written anew.
pub(crate) fn write(source: &Source<'_>) -> Result<Vec<u8>, WriteError> {
    let mut children = Vec::new();
    let mut lines: Vec<&RawValue> = Vec::new();
    for segment in source.segments {
        // Read as well: whoever exports a damaged journal wants to know it now.
        children.extend(
            children_of(&decode(segment)?)
                .iter()
                .map(|child| child.to_string().into()),
        );
        lines.extend(serde_json::from_slice::<Vec<&RawValue>>(&segment.bytes)?);
    }
    let form = DocumentForm {
        format: FORMAT.into(),
        version: VERSION,
        exported_at: instant(source.exported_at).into(),
        exported_by_version: env!("CARGO_PKG_VERSION").into(),
        run: RunForm::new(&source.run, lines.len() as u64),
        children,
        definition: serde_json::from_str(source.definition)?,
        journal: Vec::new(),
    };
    let mut text = serde_json::to_string(&form)?;
    // Event by event on a line of its own: such files are read and compared by people.
    let end = text.len().saturating_sub("]}".len());
    text.truncate(end);
    let size = text.len() + lines.iter().map(|line| line.get().len() + ",\n".len()).sum::<usize>();
    if size + "\n]}\n".len() > MAX_DOCUMENT_BYTES {
        return Err(WriteError::TooLarge);
    }
    text.reserve(size - text.len() + 8);
    for (place, line) in lines.iter().enumerate() {
        text.push_str(if place == 0 { "\n" } else { ",\n" });
        text.push_str(line.get());
    }
    text.push_str("\n]}\n");
    Ok(text.into_bytes())
}
