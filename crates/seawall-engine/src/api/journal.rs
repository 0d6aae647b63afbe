//! Journals as clients read them: in parts that are bounded in events and in bytes.

use seawall_store::{RunId, Seq};

use crate::api::engine::Result;
use crate::api::read::Enough;
use crate::api::view_journal::journal_item;
use crate::api::{Engine, JournalItem, Principal};
use crate::datum::weight;

/// Consecutive events of a journal.
#[derive(Clone, Debug)]
pub struct JournalPart {
    pub items: Vec<JournalItem>,
    /// There are later events.
    pub more: bool,
    /// The run has ended with the last of them.
    pub ended: bool,
}

impl JournalPart {
    /// About as many bytes of JSON has one part; the first event always goes, however large it is.
    pub const MAX_BYTES: usize = 4 * 1024 * 1024;
}

impl Engine {
    /// At most `limit` events after `after`, and at most [`JournalPart::MAX_BYTES`].
    ///
    /// # Errors
    /// `NotFound`, `Store`, `Corrupt`.
    pub async fn journal(&self, by: &Principal, run: RunId, after: Seq, limit: usize) -> Result<JournalPart> {
        let enough = Enough {
            events: limit,
            bytes: JournalPart::MAX_BYTES,
        };
        let stretch = self.stretch(by, run, after, Some(enough)).await?;
        let mut items: Vec<JournalItem> = Vec::new();
        let mut bytes = 0;
        for item in stretch.events.iter().map(journal_item) {
            bytes += weight(&item.data);
            if bytes > JournalPart::MAX_BYTES && !items.is_empty() {
                break;
            }
            items.push(item);
        }
        let last = items.last().map_or(after, |item| item.seq);
        let more = last < stretch.record.last_seq;
        Ok(JournalPart {
            items,
            more,
            ended: !more && stretch.record.projection.status.is_terminal(),
        })
    }
}
