//! Tasks in the hands of workers: claim, heartbeat, complete, fail.
//!
//! A worker's word is a message to the run, durable when it is accepted; what it means is decided there. It counts as long
//! as the worker's lease lasts: the store compares the two in one change.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use seawall_store::{
    ClaimedTask, NewMessage, QueueName, RunId, StatusSet, StoreError, TaskBeat, TaskClaim, TaskEnder, TaskId,
    TaskLease, TaskRecord, TaskSettled, TaskStatus, Timestamp, Turn,
};
use serde_json::Value;
use tokio::time::Instant;

use crate::api::controls::invalid;
use crate::api::engine::{Result, refused};
use crate::api::{Engine, EngineError, Principal};
use crate::core::{Message, TaskEnd, TaskEnded};
use crate::datum::Datum;
use crate::executor::StepError;
use crate::journal::{encode_message, task_message_key};
use crate::names::ActivityRef;
use crate::runtime::{Claim, excess};

const TASK: &str = "task";
/// Of a heartbeat, as JSON text.
const MAX_PROGRESS: usize = 16 * 1024;
/// Of a worker's name for itself, in bytes.
const MAX_WORKER: usize = 128;
const MAX_CODE: usize = 64;
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What a worker asks for.
#[derive(Clone, Debug)]
pub struct ClaimTasks {
    /// At least 1.
    pub max: u32,
    /// How it calls itself; for people.
    pub worker: String,
    /// How long a task is its own without a heartbeat.
    pub lease_for: Duration,
    /// Of the payloads together; one task is given whatever it measures.
    pub max_bytes: usize,
}

/// A task in a worker's hands.
#[derive(Clone, Debug)]
pub struct TaskView {
    pub id: TaskId,
    pub queue: QueueName,
    /// JSON text.
    pub payload: Arc<[u8]>,
    pub lease: TaskLease,
    pub lease_expires_at: Timestamp,
    pub run: RunId,
    pub activity: ActivityRef,
    pub attempt: u32,
    pub effect_key: String,
    pub deadline: Timestamp,
}

/// How a worker says that a task failed.
#[derive(Clone, Debug)]
pub struct TaskFailure {
    pub message: String,
    /// Kebab-case; `task-failed` without it.
    pub code: Option<String>,
    pub retryable: bool,
    pub retry_after: Option<Duration>,
}

/// One of several tasks that are completed together.
#[derive(Clone, Debug)]
pub struct TaskOutput {
    pub id: TaskId,
    pub lease: TaskLease,
    pub output: Value,
}

impl Engine {
    /// Gives tasks of a queue to a worker. With none there, waits until some are, `wait` is over, or `cut_off` resolves.
    /// Nothing is claimed while nobody polls this: a client that has gone away takes no task with it.
    ///
    /// # Errors
    /// `Invalid` for a worker's name that is empty or too long; `Overloaded`, `Store`.
    pub async fn claim_tasks(
        &self,
        by: &Principal,
        queue: &QueueName,
        claim: ClaimTasks,
        wait: Duration,
        cut_off: impl Future<Output = ()>,
    ) -> Result<Vec<TaskView>> {
        check_worker(&claim.worker)?;
        self.is_open()?;
        let store = &self.shared().store;
        // Registered before the first look: what is offered in between is not missed.
        let watch = store.watchers().watch_queue(by.tenant.clone(), queue.clone());
        let end = Instant::now() + wait;
        tokio::pin!(cut_off);
        let mut woken = false;
        loop {
            let claimed = store.claim_tasks(&by.tenant, queue, self.store_claim(&claim)).await;
            let claimed = claimed.map_err(refused("queue"))?;
            // What woke it is used up: a watch that goes away with a wake-up hands it on.
            watch.served();
            if !claimed.is_empty() {
                self.shared().queues.taken(&by.tenant, queue);
            }
            if !claimed.is_empty() || Instant::now() >= end {
                let view = |task| self.claimed(by, queue, (task, &claim.worker));
                return claimed.into_iter().map(view).collect();
            }
            // Who was woken in vain knows that the timer is wrong; who has just come may rely on it.
            if woken || !watch.is_timed() {
                let seen = watch.timer();
                let next = store.next_claimable(&by.tenant, queue).await;
                let next = next.map_err(refused("queue"))?;
                watch.set_timer(seen, next.map(|next| (next.at.since(next.now), next.every)));
            }
            tokio::select! {
                biased;
                () = &mut cut_off => return Ok(Vec::new()),
                () = self.shared().draining.cancelled() => return Ok(Vec::new()),
                () = watch.changed() => woken = true,
                () = tokio::time::sleep_until(end) => return Ok(Vec::new()),
            }
        }
    }

    /// The worker is still at it.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when the task is not its own any more; `Invalid` for too large a progress.
    pub async fn heartbeat_task(
        &self,
        by: &Principal,
        id: TaskId,
        lease: TaskLease,
        progress: Option<&Value>,
    ) -> Result<TaskBeat> {
        let progress: Option<Arc<[u8]>> = progress.map(|progress| progress.to_string().into_bytes().into());
        if progress.as_ref().is_some_and(|text| text.len() > MAX_PROGRESS) {
            return Err(invalid("/progress", "too-large", "is more than 16 KiB of JSON"));
        }
        let beat = self
            .shared()
            .store
            .heartbeat_task(&by.tenant, id, lease, progress)
            .await;
        match beat {
            Err(StoreError::StaleLease) => Err(self.not_its_own(by, id, None).await),
            beat => beat.map_err(refused(TASK)),
        }
    }

    /// The worker is done; `output` becomes the step's.
    ///
    /// # Errors
    /// As [`Engine::heartbeat_task`]; with `Invalid`, for too large an output, the task stays claimed.
    pub async fn complete_task(&self, by: &Principal, output: TaskOutput) -> Result<()> {
        let TaskOutput { id, lease, output } = output;
        if let Some((code, reason)) = excess(&output) {
            return Err(invalid("/output", code, &format!("the output {reason}")));
        }
        self.end_task(by, (id, lease), TaskEnd::Completed(Datum::new(output)))
            .await
    }

    /// The same for several, each with its own answer.
    pub async fn complete_tasks(&self, by: &Principal, outputs: Vec<TaskOutput>) -> Vec<(TaskId, Result<()>)> {
        // Together, so that they share a commit.
        let complete = |output: TaskOutput| async move { (output.id, self.complete_task(by, output).await) };
        join_all(outputs.into_iter().map(complete)).await
    }

    /// The worker could not do it.
    ///
    /// # Errors
    /// As [`Engine::heartbeat_task`]; `Invalid` for a code that is not kebab-case or too long a `retry_after`.
    pub async fn fail_task(&self, by: &Principal, id: TaskId, lease: TaskLease, failure: TaskFailure) -> Result<()> {
        let TaskFailure {
            message,
            code,
            retryable,
            retry_after,
        } = failure;
        if code.as_deref().is_some_and(|code| !is_code(code)) {
            let message = "is 1 to 64 of a-z, 0-9 and single hyphens between them, beginning with a letter";
            return Err(invalid("/code", "bad-code", message));
        }
        if retry_after.is_some_and(|after| after > MAX_RETRY_AFTER) {
            return Err(invalid("/retry_after", "out-of-range", "is more than a day"));
        }
        let code = code.unwrap_or_else(|| "task-failed".to_owned());
        let error = StepError {
            retryable,
            retry_after,
            ..StepError::new(code, message)
        };
        self.end_task(by, (id, lease), TaskEnd::Failed(error)).await
    }

    /// The task, settled or not, without its lease: that is its worker's.
    ///
    /// # Errors
    /// `NotFound`; `Store`.
    pub async fn task(&self, by: &Principal, id: TaskId) -> Result<TaskRecord> {
        let found = self.shared().store.task(&by.tenant, id).await;
        found.map_err(refused(TASK))?.ok_or(EngineError::NotFound(TASK))
    }

    async fn end_task(&self, by: &Principal, (id, lease): (TaskId, TaskLease), end: TaskEnd) -> Result<()> {
        let claim = match self.shared().claims.of(&by.tenant, id) {
            Some(claim) => claim,
            None => self.read_claim(by, id).await?,
        };
        let ended = TaskEnded {
            task: id,
            activity: claim.activity,
            claim: Some((claim.worker, claim.claimed_at)),
            end,
        };
        let settled = TaskSettled {
            id,
            lease,
            by: TaskEnder::Worker,
            message: NewMessage {
                turn: Turn::Keep,
                key: task_message_key(id),
                allowed: StatusSet::live(),
                body: encode_message(&Message::TaskEnded(Box::new(ended))),
            },
        };
        match self.shared().store.settle_task(&by.tenant, settled).await {
            Err(StoreError::StaleLease) => Err(self.not_its_own(by, id, None).await),
            settled => {
                settled.map_err(refused(TASK))?;
                self.shared().claims.leave(id);
                Ok(())
            }
        }
    }

    /// Who has the task, as the store says.
    async fn read_claim(&self, by: &Principal, id: TaskId) -> Result<Claim> {
        let record = self.task(by, id).await?;
        let claim = record.worker.as_deref().map(Arc::from).zip(record.claimed_at);
        let Some((worker, claimed_at)) = claim.filter(|_| record.status == TaskStatus::Claimed) else {
            return Err(self.not_its_own(by, id, Some(record)).await);
        };
        Ok(Claim {
            tenant: by.tenant.clone(),
            activity: activity_of(&record.activity)?,
            worker,
            claimed_at,
        })
    }

    fn store_claim(&self, claim: &ClaimTasks) -> TaskClaim {
        let entropy = &self.shared().entropy;
        let bits = (u128::from(entropy.bits()) << 64) | u128::from(entropy.bits());
        TaskClaim {
            worker: claim.worker.clone(),
            lease: TaskLease(uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()),
            lease_for: claim.lease_for,
            max: claim.max,
            max_bytes: claim.max_bytes,
        }
    }

    /// A task in the hands of a worker, remembered until its end is said.
    fn claimed(&self, by: &Principal, queue: &QueueName, (task, worker): (ClaimedTask, &str)) -> Result<TaskView> {
        let activity = activity_of(&task.activity)?;
        let claim = Claim {
            tenant: by.tenant.clone(),
            activity: activity.clone(),
            worker: Arc::from(worker),
            claimed_at: task.claimed_at,
        };
        self.shared().claims.enter(task.id, claim);
        Ok(view(task, activity, queue))
    }

    /// Why a worker's word about a task does not count.
    async fn not_its_own(&self, by: &Principal, id: TaskId, read: Option<TaskRecord>) -> EngineError {
        let record = match read {
            Some(record) => record,
            None => match self.task(by, id).await {
                Ok(record) => record,
                Err(error) => return error,
            },
        };
        let over = record
            .lease_until
            .is_some_and(|until| until <= self.shared().clock.now());
        EngineError::Conflict {
            status: None,
            detail: stands(&record, over),
        }
    }
}

/// How a task stands that is not, or not any more, the caller's.
fn stands(record: &TaskRecord, over: bool) -> String {
    let (worker, attempt) = (record.worker.as_deref().unwrap_or("nobody"), record.attempt);
    match (record.status, record.ended_by) {
        (TaskStatus::Offered, _) => "nobody has claimed the task".to_owned(),
        (TaskStatus::Claimed, _) if over => "the lease of the task is over".to_owned(),
        (TaskStatus::Claimed, _) => format!("the task was claimed under another lease, by {worker}"),
        (TaskStatus::Settled, Some(TaskEnder::Worker)) => {
            format!(
                "the task is settled already: {worker} has completed it, or said that it failed (attempt {attempt})"
            )
        }
        (TaskStatus::Settled, Some(TaskEnder::Lapse)) => format!(
            "the task is settled already: its lease was over before {worker} said how it ended; another attempt than \
             attempt {attempt} is another task"
        ),
        (TaskStatus::Settled, None) => "the task was taken back before anybody claimed it".to_owned(),
    }
}

fn view(task: ClaimedTask, activity: ActivityRef, queue: &QueueName) -> TaskView {
    TaskView {
        id: task.id,
        queue: queue.clone(),
        payload: task.payload,
        lease: task.lease,
        lease_expires_at: task.lease_until,
        run: task.run,
        activity,
        attempt: task.attempt,
        effect_key: task.effect_key,
        deadline: task.deadline,
    }
}

fn activity_of(text: &str) -> Result<ActivityRef> {
    ActivityRef::parse(text).ok_or_else(|| EngineError::Corrupt("a task belongs to no activity".to_owned()))
}

fn check_worker(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(invalid("/worker", "empty", "must not be empty"));
    }
    if name.len() > MAX_WORKER {
        return Err(invalid("/worker", "too-long", "is longer than 128 bytes"));
    }
    Ok(())
}

fn is_code(text: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= MAX_CODE && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split('-').all(part)
}

#[cfg(test)]
mod tests {
    use seawall_store::{TaskEnder, TaskRecord, TaskStatus, Timestamp};

    use super::{is_code, stands};

    #[test]
    fn a_refused_word_hears_how_the_task_stands() {
        let record = |status, ended_by| TaskRecord {
            id: seawall_store::TaskId::generate(),
            run: seawall_store::RunId::generate(),
            queue: "q".parse().unwrap(),
            activity: "a".to_owned(),
            attempt: 2,
            key: None,
            priority: 0,
            status,
            offered_at: Timestamp::ZERO,
            worker: Some("w1".to_owned()),
            claimed_at: None,
            lease_until: None,
            deadline: None,
            progress: None,
            beat_at: None,
            cancelled: false,
            ended_by,
        };
        let said = |status, ended_by, over| stands(&record(status, ended_by), over);
        let settled = TaskStatus::Settled;
        assert!(said(settled, Some(TaskEnder::Worker), true).contains("w1 has completed it"));
        assert!(said(settled, Some(TaskEnder::Lapse), true).contains("its lease was over before w1"));
        assert!(said(settled, None, false).contains("taken back"));
        assert!(said(TaskStatus::Claimed, None, false).contains("another lease, by w1"));
        assert!(said(TaskStatus::Claimed, None, true).contains("lease of the task is over"));
        assert!(said(TaskStatus::Offered, None, false).contains("nobody has claimed"));
    }

    #[test]
    fn a_workers_code_is_kebab_case() {
        for code in ["a", "out-of-stock", "http-503", "x1-y2"] {
            assert!(is_code(code), "{code}");
        }
        let long = "x".repeat(65);
        for code in ["", "-", "a-", "-a", "a--b", "A", "a_b", "1a", "a b", &long] {
            assert!(!is_code(code), "{code}");
        }
    }
}
