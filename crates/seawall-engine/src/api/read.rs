//! A run as the store has it: its row and its replayed state, of one moment.

use seawall_store::{RunId, RunRecord, Seq};

use crate::api::engine::{Result, refused};
use crate::api::{Engine, EngineError, Principal};
use crate::core::{Recorded, RunState};
use crate::journal::decode;
use crate::runtime::DefinitionTrouble;

pub(super) const RUN: &str = "run";
/// Of a journal, read at once by whoever needs all of it.
pub(super) const PAGE_BYTES: usize = 1024 * 1024;
/// Of a journal, read at once by whoever needs some events: what is read beyond them is read again with the next ones.
const FEW_BYTES: usize = 64 * 1024;

/// Some consecutive events with the row of the same moment.
pub(super) struct Stretch {
    pub(super) record: RunRecord,
    pub(super) events: Vec<Recorded>,
}

/// Of events, whichever comes first.
#[derive(Clone, Copy)]
pub(super) struct Enough {
    pub(super) events: usize,
    /// As they are stored.
    pub(super) bytes: usize,
}

/// A run and, unless its definition or journal cannot be used here, its state.
pub(super) struct ReadRun {
    pub(super) record: RunRecord,
    pub(super) state: Option<RunState>,
    /// Why there is no state.
    pub(super) trouble: Option<String>,
}

impl Engine {
    /// The run's row.
    pub(super) async fn record(&self, by: &Principal, run: RunId) -> Result<RunRecord> {
        let found = self.shared().store.run(&by.tenant, run).await;
        found.map_err(refused(RUN))?.ok_or(EngineError::NotFound(RUN))
    }

    /// Events after `after`: `enough` of them or as many as there are, at least one segment of them; with `enough` None all.
    pub(super) async fn stretch(
        &self,
        by: &Principal,
        run: RunId,
        after: Seq,
        enough: Option<Enough>,
    ) -> Result<Stretch> {
        let mut events: Vec<Recorded> = Vec::new();
        let (mut last, mut bytes) = (after, 0);
        let is_enough =
            |found: usize, bytes: usize| enough.is_some_and(|enough| found >= enough.events || bytes >= enough.bytes);
        let page_bytes = if enough.is_some() { FEW_BYTES } else { PAGE_BYTES };
        loop {
            let page = self.shared().store.journal(&by.tenant, run, last, page_bytes).await;
            let page = page.map_err(refused(RUN))?;
            let before = last;
            for segment in &page.segments {
                // Reading a segment's events costs far more than reading its bytes.
                if is_enough(events.len(), bytes) {
                    break;
                }
                let more = decode(segment).map_err(|error| EngineError::Corrupt(error.to_string()))?;
                events.extend(more.into_iter().filter(|event| event.seq > last));
                last = last.max(segment.last());
                bytes += segment.bytes.len();
            }
            // A page without progress cannot be: the row counts events that the journal does not have.
            let done = last >= page.record.last_seq || last == before;
            if done || is_enough(events.len(), bytes) {
                if let Some(enough) = enough {
                    events.truncate(enough.events);
                }
                return Ok(Stretch {
                    record: page.record,
                    events,
                });
            }
        }
    }

    /// The run with its state.
    pub(super) async fn read(&self, by: &Principal, run: RunId) -> Result<ReadRun> {
        let stretch = match self.stretch(by, run, Seq(0), None).await {
            Ok(stretch) => stretch,
            Err(EngineError::Corrupt(reason)) => {
                let record = self.record(by, run).await?;
                return Ok(unusable(record, reason));
            }
            Err(error) => return Err(error),
        };
        let Stretch { record, events } = stretch;
        let definition = match self.shared().definitions.of(&by.tenant, &record.workflow).await {
            Ok(definition) => definition,
            Err(DefinitionTrouble::Store(error)) => return Err(refused("workflow")(error)),
            Err(trouble) => return Ok(unusable(record, trouble.to_string())),
        };
        match RunState::replay(definition, &events) {
            Ok(state) => Ok(ReadRun {
                record,
                state: Some(state),
                trouble: None,
            }),
            Err(error) => Ok(unusable(record, error.to_string())),
        }
    }
}

fn unusable(record: RunRecord, reason: String) -> ReadRun {
    tracing::error!(run.id = %record.id, reason, "a run can only be shown by its row");
    ReadRun {
        record,
        state: None,
        trouble: Some(reason),
    }
}
