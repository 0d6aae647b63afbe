use std::sync::Arc;
use std::time::Duration;

use crate::ids::{RunId, TaskId, TenantId};
use crate::records::append::CrossMessage;
use crate::records::queue::QueueName;
use crate::records::run::NewMessage;
use crate::time::Timestamp;

/// What a worker shows to say that a task is its own: drawn at random for each claim.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TaskLease(pub uuid::Uuid);

/// A task that becomes visible to workers with this append. Its run is the one that is appended to.
#[derive(Clone, PartialEq, Debug)]
pub struct TaskOffered {
    pub id: TaskId,
    pub queue: QueueName,
    /// The activity that it belongs to, as it is written in the API: the engine's own name, opaque here.
    pub activity: String,
    /// Of the activity, counted from 1.
    pub attempt: u32,
    /// What the worker may use to make its effect once; opaque here.
    pub effect_key: String,
    /// JSON, opaque here.
    pub payload: Arc<[u8]>,
    /// Tasks of one key of one queue are limited together; at most 256 bytes. None: not limited by key.
    pub key: Option<String>,
    /// Higher comes first; -100 to 100. One point is worth [`TaskOffered::AGEING`] of waiting, so nothing starves.
    pub priority: i8,
    /// Of the attempt, counted from its claim.
    pub timeout: Duration,
    pub offered_at: Timestamp,
}

impl TaskOffered {
    /// How much earlier one point of priority makes a task.
    pub const AGEING: Duration = Duration::from_secs(10);

    /// The place in the queue: earlier comes first.
    #[must_use]
    pub fn order(&self) -> i64 {
        let head_start = i64::from(self.priority) * Self::AGEING.as_millis() as i64;
        self.offered_at.as_millis().saturating_sub(head_start)
    }
}

/// A task that nobody needs any more. An unclaimed one is settled with this append, and `message` stands in its run's inbox;
/// the worker of a claimed one is told at its next heartbeat, and its lease lasts at most `grace` from the store's now.
#[derive(Clone, Debug)]
pub struct TaskWithdrawn {
    pub id: TaskId,
    /// To the run that is appended to.
    pub message: CrossMessage,
    /// The message's body instead, if the task is not there any more, or is settled and nothing of that key ever said how it
    /// ended: neither happens but by damage, and whoever waits for it must not wait for ever.
    pub lost: Arc<[u8]>,
    pub grace: Duration,
}

/// A worker asks for tasks.
#[derive(Clone, PartialEq, Debug)]
pub struct TaskClaim {
    /// How the worker calls itself: for people.
    pub worker: String,
    pub lease: TaskLease,
    /// How long the lease lasts without a heartbeat, or until the attempt's deadline if that is earlier.
    pub lease_for: Duration,
    pub max: u32,
    /// Payloads together; one task is given whatever it measures.
    pub max_bytes: usize,
}

/// A task in a worker's hands.
#[derive(Clone, PartialEq, Debug)]
pub struct ClaimedTask {
    pub id: TaskId,
    pub run: RunId,
    pub activity: String,
    pub attempt: u32,
    pub effect_key: String,
    pub payload: Arc<[u8]>,
    pub lease: TaskLease,
    pub claimed_at: Timestamp,
    pub lease_until: Timestamp,
    /// When the attempt is over at the latest.
    pub deadline: Timestamp,
}

/// What a worker learns from its heartbeat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TaskBeat {
    pub lease_until: Timestamp,
    pub deadline: Timestamp,
    /// Nobody needs the task any more: stop, and say how it ended.
    pub cancelled: bool,
}

/// The end of a claimed task: its row is settled and `message` stands in its run's inbox, in one change.
#[derive(Clone, Debug)]
pub struct TaskSettled {
    pub id: TaskId,
    pub lease: TaskLease,
    /// By whom the end was said.
    pub by: TaskEnder,
    pub message: NewMessage,
}

/// Who may end a task's lease.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TaskEnder {
    /// Its worker, as long as the task is claimed under its lease.
    Worker,
    /// The engine, once the lease is over (the end is at or before the store's now).
    Lapse,
}

/// A claimed task whose lease is over.
#[derive(Clone, PartialEq, Debug)]
pub struct LapsedTask {
    pub tenant: TenantId,
    pub run: RunId,
    pub id: TaskId,
    pub activity: String,
    pub attempt: u32,
    pub lease: TaskLease,
    pub worker: String,
    pub claimed_at: Timestamp,
    /// When the attempt was to be over at the latest, moved as [`crate::TaskStore::prolong_leases`] did.
    pub deadline: Timestamp,
    /// The attempt's deadline is over too: it was not only that the worker fell silent.
    pub timed_out: bool,
}

/// What the engine's keeper of leases sees.
#[derive(Clone, PartialEq, Debug)]
pub struct Lapses {
    /// The ones longest over first.
    pub tasks: Vec<LapsedTask>,
    /// When the next lease after these ends.
    pub next: Option<Timestamp>,
    /// The store's now.
    pub now: Timestamp,
}

/// Leases of tasks that are to begin anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeasesAnew {
    pub from: Timestamp,
    /// How far the clock was set ahead.
    pub ahead: Duration,
    /// The most for a task that was withdrawn.
    pub grace: Duration,
    pub limit: u32,
}

/// `Offered => (Claimed | Settled)`, `Claimed => Settled`. A settled row lasts as long as its run: a late word about it is
/// told apart from one about nothing. Another attempt is another task.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TaskStatus {
    Offered,
    Claimed,
    Settled,
}

/// A task as its run's watchers see it.
#[derive(Clone, PartialEq, Debug)]
pub struct TaskRecord {
    pub id: TaskId,
    pub run: RunId,
    pub queue: QueueName,
    pub activity: String,
    pub attempt: u32,
    pub key: Option<String>,
    pub priority: i8,
    pub status: TaskStatus,
    pub offered_at: Timestamp,
    pub worker: Option<String>,
    pub claimed_at: Option<Timestamp>,
    pub lease_until: Option<Timestamp>,
    pub deadline: Option<Timestamp>,
    /// What its worker told last, JSON. None again once the task is settled.
    pub progress: Option<Arc<[u8]>>,
    /// When the last heartbeat was.
    pub beat_at: Option<Timestamp>,
    /// It was withdrawn.
    pub cancelled: bool,
    /// Who said its end, once it is settled. None for one that was withdrawn before anybody claimed it.
    pub ended_by: Option<TaskEnder>,
}
