//! Runs that are deleted: those that have ended, and those that nobody here can go on with.

use seawall_store::{CrossMessage, Discard, Fate, KeptFor, RunId, RunRecord, RunStatus};

use crate::api::controls::conflict;
use crate::api::engine::{Result, refused};
use crate::api::read::{RUN, ReadRun};
use crate::api::{Engine, EngineError, Principal};
use crate::core::{Message, Wait};
use crate::datum::Datum;
use crate::executor::StepError;
use crate::journal::{READER_VERSION, encode_message, end_message_key};
use crate::names::ActivityRef;

impl Engine {
    /// Forgets a run with its journal: one that has ended, or one that cannot be read here and that nobody executes.
    ///
    /// # Errors
    /// `Conflict` while somebody or something needs it, `NotFound`, `Overloaded`, `Store`.
    pub async fn delete_run(&self, by: &Principal, run: RunId) -> Result<()> {
        let record = self.record(by, run).await?;
        let status = record.projection.status;
        let fate = self.shared().store.forget_run(&by.tenant, run).await;
        match fate.map_err(refused(RUN))? {
            Fate::Forgotten => {
                tracing::info!(run.id = %run, run.status = %status, "run deleted");
                Ok(())
            }
            Fate::Kept(reason) => match self.unreadable(by, run).await? {
                Some(record) => self.discard(by, &record).await,
                None if reason == KeptFor::Work && self.retry_waits(by, &record).await? => Err(conflict(
                    status,
                    format!("the run is {status}, and its retry waits for a slot: cancel it first"),
                )),
                None => Err(kept(status, reason)),
            },
        }
    }

    /// The row of a run that cannot be read here.
    async fn unreadable(&self, by: &Principal, run: RunId) -> Result<Option<RunRecord>> {
        let ReadRun { record, state, .. } = self.read(by, run).await?;
        Ok((state.is_none() || record.reader > READER_VERSION).then_some(record))
    }

    /// As it stands: what it has done stays done, and nobody will know more of it.
    async fn discard(&self, by: &Principal, record: &RunRecord) -> Result<()> {
        let (run, status) = (record.id, record.projection.status);
        // Held by nobody, or by this node, which only keeps others from looking at it.
        let aside = record.holder.is_some() && self.shared().held.is_aside(run, record.epoch);
        let discard = Discard {
            run,
            held: aside.then_some(record.epoch),
            end: self.word_to_parent(by, record).await?,
        };
        let fate = self.shared().store.discard_run(&by.tenant, discard).await;
        match fate.map_err(refused(RUN))? {
            Fate::Forgotten => {
                tracing::warn!(run.id = %run, run.status = %status, "a run that could not be read was deleted");
                self.shared().held.drop_run(run, record.epoch);
                Ok(())
            }
            Fate::Kept(KeptFor::Work) => {
                let detail = "the run cannot be read by this installation, but a node has just taken it: try again";
                Err(conflict(status, detail.to_owned()))
            }
            Fate::Kept(reason) => Err(kept(status, reason)),
        }
    }

    /// What the parent that waits for this run is told. None: nobody waits for it.
    async fn word_to_parent(&self, by: &Principal, record: &RunRecord) -> Result<Option<CrossMessage>> {
        let Some(link) = &record.parent else { return Ok(None) };
        let Some(activity) = ActivityRef::parse(&link.step) else {
            return Ok(None);
        };
        let activity = ActivityRef {
            item: link.item,
            ..activity
        };
        let Some(round) = self.awaited(by, link.run, (record.id, &activity)).await? else {
            return Ok(None);
        };
        let message = format!(
            "the child run {} could not be read any more and was deleted; what it has done is not known",
            record.id
        );
        let ended = Message::ChildEnded {
            child: record.id,
            activity,
            generation: link.generation,
            round,
            status: RunStatus::Failed,
            output: Datum::null(),
            error: Some(StepError::permanent("child-deleted", message)),
        };
        Ok(Some(CrossMessage {
            to: link.run,
            key: end_message_key(record.id, round),
            body: encode_message(&ended),
            unheard: None,
        }))
    }

    /// With which round the parent waits for the child, if it does. One that cannot be read either is taken to wait with
    /// the first one.
    async fn awaited(&self, by: &Principal, parent: RunId, of: (RunId, &ActivityRef)) -> Result<Option<u32>> {
        let found = match self.read(by, parent).await {
            Err(EngineError::NotFound(_)) => return Ok(None),
            found => found?,
        };
        let Some(state) = found.state else {
            return Ok((!found.record.projection.status.is_terminal()).then_some(0));
        };
        let waits = state.activity(of.1).and_then(|own| own.wait.as_ref());
        Ok(match waits {
            Some(Wait::Child { run, round, .. }) if *run == of.0 => Some(*round),
            _ => None,
        })
    }
}

fn kept(status: RunStatus, reason: KeptFor) -> EngineError {
    let detail = match reason {
        KeptFor::Work if status.is_terminal() => "the run has ended, but a message for it is being read".to_owned(),
        KeptFor::Work => format!("the run is {status}: cancel it first"),
        KeptFor::Key => "the Idempotency-Key that it was created with still counts; without the run the same request \
                         would make another one"
            .to_owned(),
        KeptFor::Parent => "its parent run is still there: delete that first".to_owned(),
        KeptFor::Child => "a child run of it has not ended yet".to_owned(),
    };
    conflict(status, detail)
}
