//! Messages to runs: cancel, pause, resume, retry, resolve, signal.
//!
//! Each looks at the run as it is durable, so that a refusal can say why, and then sends a message with a guard: where the
//! status has changed in between, the store refuses. What is accepted is durable; the run takes it in its own time.

use std::sync::Arc;

use seawall_store::{
    FlowStage, MessageKey, NewMessage, RunId, RunRecord, RunStatus, Sent, StatusSet, StoreError, Turn,
};
use serde_json::Value;

use crate::api::engine::{Result, refused};
use crate::api::read::{RUN, ReadRun};
use crate::api::{Engine, EngineError, Principal};
use crate::core::{BlockReason, Message, Resolution, RunState, StepStatus};
use crate::datum::Datum;
use crate::definition::MAX_SIGNAL_NAME;
use crate::executor::StepError;
use crate::journal::{READER_VERSION, encode_message, own_retry_message_key};
use crate::names::{ActivityRef, Part};
use crate::runtime::excess;

impl Engine {
    /// Of a run that has ended and whose retry waits for a slot, withdraws that: the run stays as it ended.
    ///
    /// # Errors
    /// `Conflict` where the run's state forbids it, `NotFound`, `Overloaded`.
    pub async fn cancel(&self, by: &Principal, run: RunId) -> Result<()> {
        let record = self.record(by, run).await?;
        let status = record.projection.status;
        if status.is_terminal() {
            return self.withdraw_retry(by, &record).await;
        }
        // Whoever cannot read the run now will not take the message either. One of a newer version waits for its reader.
        if status == RunStatus::Blocked && record.reader <= READER_VERSION {
            let ReadRun { state, trouble, .. } = self.read(by, run).await?;
            if state.is_none() {
                return Err(conflict(status, cannot_be_read(trouble.as_deref())));
            }
        }
        let message = Message::Cancel {
            by: Arc::clone(&by.subject),
        };
        let key = format!("cancel-{}", record.last_seq);
        self.send(by, run, key, StatusSet::live(), &message).await.map(drop)
    }

    /// The run has ended, and its retry waits for a slot.
    pub(super) async fn retry_waits(&self, by: &Principal, record: &RunRecord) -> Result<bool> {
        if !record.projection.status.is_terminal() {
            return Ok(false);
        }
        let place = self.flow_place(by, record.id).await?;
        Ok(place.is_some_and(|place| place.stage == FlowStage::Queued))
    }

    async fn withdraw_retry(&self, by: &Principal, record: &RunRecord) -> Result<()> {
        let refusal = |status| conflict(status, format!("the run is {status} already"));
        if !self.retry_waits(by, record).await? {
            return Err(refusal(record.projection.status));
        }
        let message = Message::WithdrawRetry {
            by: Arc::clone(&by.subject),
        };
        let message = NewMessage {
            key: MessageKey(format!("withdraw-{}-{}", record.last_seq, record.epoch.0)),
            allowed: StatusSet::retriable(),
            body: encode_message(&message),
            turn: Turn::GiveUp,
        };
        match self.shared().store.send(&by.tenant, record.id, message).await {
            // It has found its slot meanwhile.
            Err(StoreError::RunIs(status)) => Err(refusal(status)),
            sent => sent.map(drop).map_err(refused(RUN)),
        }
    }

    /// # Errors
    /// As [`Engine::cancel`].
    pub async fn pause(&self, by: &Principal, run: RunId) -> Result<()> {
        let ReadRun { record, state, .. } = self.read(by, run).await?;
        let status = record.projection.status;
        let refusal = match &state {
            _ if status.is_terminal() => Some(format!("the run is {status} already")),
            Some(state) if state.paused => Some("the run is paused already".to_owned()),
            Some(state) if state.is_stopping() && !state.is_compensating() => {
                Some("the run is being stopped".to_owned())
            }
            _ => None,
        };
        if let Some(refusal) = refusal {
            return Err(conflict(status, refusal));
        }
        let message = Message::Pause {
            by: Arc::clone(&by.subject),
        };
        let key = format!("pause-{}", record.last_seq);
        self.send(by, run, key, StatusSet::live(), &message).await.map(drop)
    }

    /// Goes on after a pause, or after a block whose cause was not an unknown outcome.
    ///
    /// # Errors
    /// As [`Engine::cancel`].
    pub async fn resume(&self, by: &Principal, run: RunId) -> Result<()> {
        let ReadRun { record, state, .. } = self.read(by, run).await?;
        let status = record.projection.status;
        if let Some(refusal) = state.as_ref().and_then(|state| cannot_resume(status, state)) {
            return Err(conflict(status, refusal));
        }
        let message = Message::Resume {
            by: Arc::clone(&by.subject),
        };
        let allowed = StatusSet::of(&[RunStatus::Paused, RunStatus::Blocked]);
        let key = format!("resume-{}-{}", record.last_seq, record.epoch.0);
        self.send(by, run, key, allowed, &message).await.map(drop)
    }

    /// From the failed steps on.
    ///
    /// # Errors
    /// As [`Engine::cancel`].
    pub async fn retry(&self, by: &Principal, run: RunId) -> Result<()> {
        let record = self.record(by, run).await?;
        let status = record.projection.status;
        if !matches!(status, RunStatus::Failed | RunStatus::Cancelled) {
            return Err(conflict(status, self.not_retriable(by, run, status).await?));
        }
        if let Some(parent) = &record.parent {
            let detail = format!(
                "the parent run {} has used the end of this run; retry that one",
                parent.run
            );
            return Err(conflict(status, detail));
        }
        let message = Message::Retry {
            by: Arc::clone(&by.subject),
        };
        let allowed = StatusSet::of(&[RunStatus::Failed, RunStatus::Cancelled]);
        // It takes its slot anew.
        let message = NewMessage {
            key: own_retry_message_key(record.last_seq),
            allowed,
            body: encode_message(&message),
            turn: Turn::Ask,
        };
        let sent = self.shared().store.send(&by.tenant, run, message).await;
        sent.map(drop).map_err(refused(RUN))
    }

    /// A request that comes again after the run has taken it hears so.
    async fn not_retriable(&self, by: &Principal, run: RunId, status: RunStatus) -> Result<String> {
        let retried = self.read(by, run).await?.state.is_some_and(|state| state.attempt > 1);
        let already = if retried {
            "has been retried already and is"
        } else {
            "is"
        };
        Ok(format!(
            "the run {already} {status}; only a failed or cancelled run can be retried"
        ))
    }

    /// Settles an unknown outcome.
    ///
    /// # Errors
    /// As [`Engine::cancel`]; `NotFound` for a step that is not in the definition; `Conflict` when it is not unknown.
    pub async fn resolve(
        &self,
        by: &Principal,
        run: RunId,
        activity: ActivityRef,
        resolution: Resolution,
    ) -> Result<()> {
        match &resolution {
            Resolution::Succeeded(output) => {
                if let Some((code, reason)) = excess(output.json()) {
                    return Err(invalid("/output", code, &format!("the output {reason}")));
                }
            }
            Resolution::Failed(message) if message.len() > StepError::MAX_MESSAGE => {
                return Err(invalid("/message", "too-long", "the message is longer than 4096 bytes"));
            }
            Resolution::Failed(_) | Resolution::Retry => {}
        }
        let ReadRun { record, state, .. } = self.read(by, run).await?;
        let status = record.projection.status;
        let Some(state) = state else {
            return Err(conflict(
                status,
                "the run cannot be read by this installation".to_owned(),
            ));
        };
        if state.step(&activity.step).is_none() {
            return Err(EngineError::NotFound("step"));
        }
        let Some(of) = state.activity(&activity) else {
            let what = if activity.part == Part::Main {
                "item"
            } else {
                "compensation or reconcile step"
            };
            return Err(EngineError::NotFound(what));
        };
        let slot = state.slot(&activity);
        if !slot.is_some_and(|slot| state.can_resolve(slot, &resolution)) {
            let detail = format!("the outcome of {activity} is not unknown: it is {}", of.status.as_str());
            let unknown = unknown_items(&state, &activity);
            return Err(conflict(status, format!("{detail}{unknown}")));
        }
        let key = format!(
            "resolve-{}-{}-{}",
            activity.step_and_part(),
            activity.item.map_or(-1, i64::from),
            of.attempts
        );
        let message = Message::Resolve {
            activity,
            resolution,
            by: Arc::clone(&by.subject),
        };
        match self.send(by, run, key, StatusSet::live(), &message).await? {
            Sent::Accepted => Ok(()),
            Sent::Duplicate | Sent::Differs => {
                Err(conflict(status, "somebody else has resolved it already".to_owned()))
            }
        }
    }

    /// Sends a signal; one of the same name and id is taken once. Answers false for a duplicate.
    ///
    /// # Errors
    /// As [`Engine::cancel`]; `Conflict` also for a name and id that came with another payload; `Invalid` for a name or id that is empty or too long, or too large a payload.
    pub async fn signal(
        &self,
        by: &Principal,
        run: RunId,
        name: &str,
        id: Option<&str>,
        payload: Value,
    ) -> Result<bool> {
        check_name("/name", name)?;
        let id = match id {
            Some(id) => {
                check_name("/id", id)?;
                id.to_owned()
            }
            None => self.shared().entropy.uuid().simple().to_string(),
        };
        if let Some((code, reason)) = excess(&payload) {
            return Err(invalid("/payload", code, &format!("the payload {reason}")));
        }
        // An id counts for its name: the length says where that ends.
        let key = format!("signal-{}-{name}-{id}", name.len());
        let message = Message::Signal {
            id,
            name: name.to_owned(),
            payload: Datum::new(payload),
        };
        match self.send(by, run, key, StatusSet::live(), &message).await? {
            Sent::Accepted => Ok(true),
            Sent::Duplicate => Ok(false),
            Sent::Differs => Err(EngineError::Conflict {
                status: None,
                detail: "a signal of this name and id was taken before, with another payload".to_owned(),
            }),
        }
    }

    async fn send(
        &self,
        by: &Principal,
        run: RunId,
        key: String,
        allowed: StatusSet,
        message: &Message,
    ) -> Result<Sent> {
        let message = NewMessage {
            key: MessageKey(key),
            allowed,
            body: encode_message(message),
            turn: Turn::Keep,
        };
        let sent = self.shared().store.send(&by.tenant, run, message).await;
        sent.map_err(refused(RUN))
    }
}

pub(super) fn cannot_be_read(trouble: Option<&str>) -> String {
    let trouble = trouble.map_or_else(String::new, |trouble| format!(": {trouble}"));
    format!("the run cannot be read by this installation, so it can only be deleted{trouble}")
}

/// Of a step that is meant as a whole: those of its items, and of what undoes them, that may be meant.
fn unknown_items(state: &RunState, of: &ActivityRef) -> String {
    const NAMED: usize = 5;
    if of.item.is_some() {
        return String::new();
    }
    let unknown = state.activities().filter(|(_, own)| own.status == StepStatus::Unknown);
    let names = unknown.map(|(slot, _)| state.name(slot));
    let names: Vec<String> = names
        .filter(|name| name.step == of.step)
        .map(|name| name.to_string())
        .collect();
    let more = if names.len() > NAMED { ", …" } else { "" };
    match &names[..] {
        [] => String::new(),
        [only] => format!("; {only} is unknown"),
        several => format!("; unknown are {}{more}", several[..several.len().min(NAMED)].join(", ")),
    }
}

fn cannot_resume(status: RunStatus, state: &RunState) -> Option<String> {
    match &state.blocked {
        _ if state.paused => None,
        Some(BlockReason::HoldersDied(_)) => None,
        Some(BlockReason::UnknownOutcome(activities)) => {
            let names: Vec<String> = activities.iter().map(ToString::to_string).collect();
            Some(format!(
                "the outcome of {} is unknown: resolve it, then the run goes on",
                names.join(", ")
            ))
        }
        // The row says so because the run could not be used; now it can.
        None if status == RunStatus::Blocked => None,
        None => Some(format!("the run is {status}, not paused")),
    }
}

pub(super) fn conflict(status: RunStatus, detail: String) -> EngineError {
    EngineError::Conflict {
        status: Some(status),
        detail,
    }
}

pub(super) fn invalid(pointer: &str, code: &'static str, message: &str) -> EngineError {
    EngineError::Invalid {
        pointer: pointer.to_owned(),
        code,
        message: message.to_owned(),
    }
}

fn check_name(pointer: &str, name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(invalid(pointer, "empty", "must not be empty"));
    }
    if name.len() > MAX_SIGNAL_NAME {
        return Err(invalid(pointer, "too-long", "is longer than 128 bytes"));
    }
    Ok(())
}
