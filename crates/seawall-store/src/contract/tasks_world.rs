//! What the cases about tasks need beside [`World`].

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::contract::World;
use crate::error::StoreResult;
use crate::ids::{RunId, TaskId};
use crate::records::{
    ClaimedTask, CrossMessage, Lease, MessageKey, QueueName, QueueRecord, QueueSettings, TaskClaim, TaskEnder,
    TaskLease, TaskOffered, TaskRecord, TaskSettled, TaskWithdrawn,
};

/// How long leases last here.
pub(super) const LEASE: Duration = Duration::from_secs(30);
/// How long attempts last here.
pub(super) const TIMEOUT: Duration = Duration::from_secs(100);

#[must_use]
pub(super) fn queue(name: &str) -> QueueName {
    QueueName::parse(name).expect("a valid name")
}

/// A worker that takes at most `max`.
#[must_use]
pub(super) fn worker(max: u32) -> TaskClaim {
    TaskClaim {
        worker: "worker".to_owned(),
        lease: TaskLease(Uuid::now_v7()),
        lease_for: LEASE,
        max,
        max_bytes: usize::MAX,
    }
}

/// The activities, in their order.
#[must_use]
pub(super) fn names(tasks: &[ClaimedTask]) -> Vec<&str> {
    tasks.iter().map(|task| task.activity.as_str()).collect()
}

impl World<'_> {
    /// A task of the queue `mail` that is offered now, named by its activity.
    #[must_use]
    pub fn task(&self, activity: &str) -> TaskOffered {
        TaskOffered {
            id: TaskId::generate(),
            queue: queue("mail"),
            activity: activity.to_owned(),
            attempt: 1,
            effect_key: format!("effect of {activity}"),
            payload: Arc::from(format!("\"{activity}\"").as_bytes()),
            key: None,
            priority: 0,
            timeout: TIMEOUT,
            offered_at: self.now(),
        }
    }

    #[must_use]
    pub fn keyed(&self, activity: &str, key: &str) -> TaskOffered {
        TaskOffered {
            key: Some(key.to_owned()),
            ..self.task(activity)
        }
    }

    /// Offers the tasks with one append of the run.
    pub async fn offer(&self, lease: &Lease, tasks: Vec<TaskOffered>) {
        let mut append = self.next(lease, "offered").await;
        append.tasks = tasks;
        self.append(append).await;
    }

    pub async fn withdraw(&self, lease: &Lease, id: TaskId, grace: Duration) {
        let mut append = self.next(lease, "withdrawn").await;
        append.withdrawn.push(withdrawn(lease.run, id, grace));
        self.append(append).await;
    }

    /// What a worker gets from the queue `mail`.
    pub async fn take(&self, max: u32) -> Vec<ClaimedTask> {
        self.take_as(worker(max)).await
    }

    pub async fn take_as(&self, claim: TaskClaim) -> Vec<ClaimedTask> {
        let claimed = self.store.claim_tasks(&self.tenant, &queue("mail"), claim).await;
        claimed.expect("claiming works")
    }

    /// The one task that a worker gets.
    pub async fn take_one(&self) -> ClaimedTask {
        let mut taken = self.take(1).await;
        taken.pop().expect("a task is claimable")
    }

    pub async fn end(&self, id: TaskId, lease: TaskLease, by: TaskEnder) -> StoreResult<()> {
        let message = Self::message(&format!("end of {id}"));
        let end = TaskSettled { id, lease, by, message };
        self.store.settle_task(&self.tenant, end).await
    }

    /// Its worker says that the task has ended.
    pub async fn complete(&self, task: &ClaimedTask) -> StoreResult<()> {
        self.end(task.id, task.lease, TaskEnder::Worker).await
    }

    pub async fn limit(&self, settings: QueueSettings) -> QueueRecord {
        let set = self.store.set_queue(&self.tenant, &queue("mail"), settings, None).await;
        set.expect("setting works")
    }

    /// The queue `mail`.
    pub async fn mail(&self) -> QueueRecord {
        let found = self.store.queue(&self.tenant, &queue("mail")).await;
        found.expect("reading works").expect("the queue is not empty")
    }

    pub async fn task_record(&self, id: TaskId) -> TaskRecord {
        let found = self.store.task(&self.tenant, id).await.expect("reading works");
        found.expect("the task exists")
    }
}

#[must_use]
pub(super) fn withdrawn(run: RunId, id: TaskId, grace: Duration) -> TaskWithdrawn {
    TaskWithdrawn {
        id,
        message: CrossMessage {
            to: run,
            key: MessageKey(format!("withdrawal of {id}")),
            body: Arc::from(&b"nobody needs it"[..]),
            unheard: None,
        },
        lost: Arc::from(&b"nobody knows"[..]),
        grace,
    }
}
