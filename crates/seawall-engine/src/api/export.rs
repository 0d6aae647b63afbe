//! A run as a document.

use std::sync::Arc;

use seawall_store::{RunId, RunRecord, Segment, Seq};

use crate::api::engine::{Result, refused};
use crate::api::read::{PAGE_BYTES, RUN};
use crate::api::{Engine, EngineError, Principal};
use crate::export::{DocumentRun, Export, MAX_DOCUMENT_BYTES, Source, WriteError, write_in_turns};

impl Engine {
    /// The run with its definition and its journal, as far as it is durable now.
    ///
    /// # Errors
    /// `NotFound`, `Store`; `Corrupt` when the journal cannot be read here; `Conflict` when it is too large.
    pub async fn export(&self, by: &Principal, run: RunId) -> Result<Export> {
        let (record, segments) = self.whole_journal(by, run).await?;
        let workflow = &record.workflow;
        let found = self
            .shared()
            .store
            .workflow_version(&by.tenant, workflow.id, workflow.version)
            .await;
        let definition = found.map_err(refused("workflow"))?.ok_or_else(|| {
            EngineError::Corrupt(format!(
                "version {} of the workflow {} is not in the store",
                workflow.version, workflow.id
            ))
        })?;
        let source = Source {
            run: described(&record),
            exported_at: self.shared().clock.now(),
            definition: &definition.source,
            segments: &segments,
        };
        match write_in_turns(&source).await {
            Ok(bytes) => Ok(Export { run, bytes }),
            Err(WriteError::TooLarge) => Err(too_large()),
            Err(WriteError::Journal(error)) => Err(EngineError::Corrupt(error.to_string())),
            Err(WriteError::NotJson(error)) => Err(EngineError::Corrupt(error.to_string())),
        }
    }

    /// Every segment, with the row of the moment at which the last one was read.
    async fn whole_journal(&self, by: &Principal, run: RunId) -> Result<(RunRecord, Vec<Segment>)> {
        let mut segments: Vec<Segment> = Vec::new();
        let (mut last, mut bytes) = (Seq(0), 0);
        loop {
            let page = self.shared().store.journal(&by.tenant, run, last, PAGE_BYTES).await;
            let page = page.map_err(refused(RUN))?;
            let before = last;
            for segment in page.segments {
                if segment.first != last.plus(1) {
                    let reason = format!("after event {last} comes event {}", segment.first);
                    return Err(EngineError::Corrupt(reason));
                }
                last = segment.last();
                bytes += segment.bytes.len();
                segments.push(segment);
            }
            if bytes > MAX_DOCUMENT_BYTES {
                return Err(too_large());
            }
            if last == page.record.last_seq {
                return Ok((page.record, segments));
            }
            if last > page.record.last_seq || last == before {
                let reason = format!("the run's row says {} events, its journal {last}", page.record.last_seq);
                return Err(EngineError::Corrupt(reason));
            }
        }
    }
}

fn described(record: &RunRecord) -> DocumentRun {
    DocumentRun {
        id: record.id,
        workflow: record.workflow.clone(),
        status: record.projection.status,
        created_at: record.created_at,
        created_by: Arc::clone(&record.created_by),
        parent: record.parent.clone(),
    }
}

fn too_large() -> EngineError {
    EngineError::Conflict {
        status: None,
        detail: format!(
            "the run is too large to be exported: its document would be larger than {} MiB",
            MAX_DOCUMENT_BYTES / 1024 / 1024
        ),
    }
}
