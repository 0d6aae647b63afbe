//! Tasks and queues as rows, and what appends and claims do to them. Nothing is counted but by counting.

use std::sync::Arc;
use std::time::Duration;

use crate::ids::{RunId, RunKey, TaskId, TenantId};
use crate::memory::state::{News, State};
use crate::records::{
    ClaimedTask, CrossMessage, Cursor, Lease, MessageKey, NextClaim, Page, PageOf, QueueName, QueueRecord,
    QueueSettings, Spent, TaskClaim, TaskLease, TaskOffered, TaskRecord, TaskStatus, TaskWithdrawn,
};
use crate::time::Timestamp;

pub(super) struct TaskRow {
    pub tenant: TenantId,
    pub run: RunKey,
    pub record: TaskRecord,
    pub order: i64,
    pub effect_key: String,
    pub payload: Arc<[u8]>,
    pub timeout: Duration,
    pub lease: Option<TaskLease>,
    pub lease_for: Duration,
}

impl TaskRow {
    fn is_in(&self, tenant: &TenantId, queue: &QueueName) -> bool {
        self.tenant == *tenant && self.record.queue == *queue
    }

    /// The ends of the lease and of the attempt.
    pub(super) fn term(&self) -> (Timestamp, Timestamp) {
        let ends = self.record.lease_until.zip(self.record.deadline);
        ends.expect("the task was claimed")
    }

    /// How long its lease lasts that begins anew.
    pub(super) fn lease_anew(&self, grace: Duration) -> Duration {
        let most = if self.record.cancelled { grace } else { Duration::MAX };
        self.lease_for.min(self.timeout).min(most)
    }

    pub(super) fn settle(&mut self) {
        self.record.status = TaskStatus::Settled;
        self.record.progress = None;
    }

    fn take(&mut self, claim: &TaskClaim, now: Timestamp) -> ClaimedTask {
        let deadline = now.saturating_add(self.timeout);
        let lease_until = now.saturating_add(claim.lease_for).min(deadline);
        self.lease = Some(claim.lease);
        self.lease_for = claim.lease_for;
        let record = &mut self.record;
        record.status = TaskStatus::Claimed;
        record.worker = Some(claim.worker.clone());
        record.claimed_at = Some(now);
        record.lease_until = Some(lease_until);
        record.deadline = Some(deadline);
        ClaimedTask {
            id: record.id,
            run: record.run,
            activity: record.activity.clone(),
            attempt: record.attempt,
            effect_key: self.effect_key.clone(),
            payload: Arc::clone(&self.payload),
            lease: claim.lease,
            claimed_at: now,
            lease_until,
            deadline,
        }
    }
}

pub(super) struct QueueRow {
    pub number: i64,
    pub settings: QueueSettings,
    pub spent: Spent,
}

impl State {
    pub(super) fn offer_task(&mut self, lease: &Lease, task: TaskOffered) {
        if self.tasks.values().any(|row| row.record.id == task.id) {
            return;
        }
        self.queue_row(&lease.tenant, &task.queue);
        self.news
            .push(News::Offered(lease.tenant.clone(), task.queue.clone(), 1));
        let order = task.order();
        let record = TaskRecord {
            id: task.id,
            run: lease.run,
            queue: task.queue,
            activity: task.activity,
            attempt: task.attempt,
            key: task.key,
            priority: task.priority,
            status: TaskStatus::Offered,
            offered_at: task.offered_at,
            worker: None,
            claimed_at: None,
            lease_until: None,
            deadline: None,
            progress: None,
            beat_at: None,
            cancelled: false,
            ended_by: None,
        };
        let row = TaskRow {
            tenant: lease.tenant.clone(),
            run: lease.key,
            record,
            order,
            effect_key: task.effect_key,
            payload: task.payload,
            timeout: task.timeout,
            lease: None,
            lease_for: Duration::ZERO,
        };
        let number = self.number();
        self.tasks.insert(number, row);
    }

    pub(super) fn withdraw_task(&mut self, lease: &Lease, withdrawn: TaskWithdrawn, now: Timestamp) {
        let mut rows = self.tasks.values_mut();
        let row = rows.find(|row| row.record.id == withdrawn.id);
        if row.as_ref().is_some_and(|row| row.run != lease.key) {
            return;
        }
        let Some(row) = row.filter(|row| row.record.status != TaskStatus::Settled) else {
            let CrossMessage { to, key, .. } = withdrawn.message;
            return self.deliver_to(&lease.tenant, to, key, withdrawn.lost);
        };
        row.record.cancelled = true;
        if row.record.status == TaskStatus::Claimed {
            let until = row.term().0.min(now.saturating_add(withdrawn.grace));
            row.record.lease_until = Some(until);
            self.news.push(News::Lapses);
            return;
        }
        row.settle();
        let CrossMessage { to, key, body, .. } = withdrawn.message;
        self.deliver_to(&lease.tenant, to, key, body);
    }

    fn deliver_to(&mut self, tenant: &TenantId, to: RunId, key: MessageKey, body: Arc<[u8]>) {
        if let Ok(receiver) = self.run_by_id(tenant, to) {
            let receiver = receiver.record.key;
            self.deliver(receiver, key, body);
        }
    }

    pub(super) fn task_row(&mut self, tenant: &TenantId, id: TaskId) -> Option<&mut TaskRow> {
        let mut rows = self.tasks.values_mut();
        rows.find(|row| row.record.id == id && row.tenant == *tenant)
    }

    pub(super) fn claim_tasks(
        &mut self,
        tenant: &TenantId,
        queue: &QueueName,
        claim: &TaskClaim,
        now: Timestamp,
    ) -> Vec<ClaimedTask> {
        let mut claimed: Vec<ClaimedTask> = Vec::new();
        let mut bytes = 0;
        while claimed.len() < claim.max as usize && self.rate_allows(tenant, queue, now) {
            let Some(number) = self.first_claimable(tenant, queue) else {
                break;
            };
            let row = self.tasks.get_mut(&number).expect("it was just found");
            bytes += row.payload.len();
            if bytes > claim.max_bytes && !claimed.is_empty() {
                break;
            }
            claimed.push(row.take(claim, now));
            let queue = self.queue_row(tenant, queue);
            if let Some(rate) = queue.settings.rate {
                queue.spent = rate.spend(queue.spent, now, 1);
            }
        }
        if !claimed.is_empty() {
            self.news.push(News::Lapses);
        }
        claimed
    }

    fn rate_allows(&self, tenant: &TenantId, queue: &QueueName, now: Timestamp) -> bool {
        let row = self.queues.get(&(tenant.clone(), queue.clone()));
        row.is_some_and(|row| {
            let rate = row.settings.rate;
            rate.is_none_or(|rate| rate.allowed(row.spent, now) > 0)
        })
    }

    /// The offered task that comes first among those that the limits let go, whatever the rate says.
    fn first_claimable(&self, tenant: &TenantId, queue: &QueueName) -> Option<i64> {
        let settings = self.queue_settings(tenant, queue);
        let claimed: Vec<_> = self
            .tasks
            .values()
            .filter(|row| row.is_in(tenant, queue) && row.record.status == TaskStatus::Claimed)
            .map(|row| &row.record.key)
            .collect();
        let is_full = |limit: Option<u32>, count: usize| limit.is_some_and(|limit| count >= limit as usize);
        if settings.paused || is_full(settings.concurrency, claimed.len()) {
            return None;
        }
        let has_room = |key: &Option<String>| {
            let same = claimed.iter().filter(|other| **other == key).count();
            key.is_none() || !is_full(settings.concurrency_per_key, same)
        };
        let offered = self
            .tasks
            .iter()
            .filter(|(_, row)| row.is_in(tenant, queue) && row.record.status == TaskStatus::Offered);
        let first = offered
            .filter(|(_, row)| has_room(&row.record.key))
            .min_by_key(|(number, row)| (row.order, **number));
        first.map(|(number, _)| *number)
    }

    pub(super) fn next_claimable(&self, tenant: &TenantId, queue: &QueueName, now: Timestamp) -> Option<NextClaim> {
        let row = self.queues.get(&(tenant.clone(), queue.clone()))?;
        let rate = row.settings.rate?;
        self.first_claimable(tenant, queue)?;
        Some(NextClaim {
            at: rate.next(row.spent, now),
            now,
            every: rate.spacing(),
        })
    }

    pub(super) fn claimed_of_key(&self, tenant: &TenantId, queue: &QueueName, key: &str) -> u64 {
        let claimed = self
            .tasks
            .values()
            .filter(|row| row.is_in(tenant, queue) && row.record.status == TaskStatus::Claimed);
        claimed.filter(|row| row.record.key.as_deref() == Some(key)).count() as u64
    }

    pub(super) fn queue_row(&mut self, tenant: &TenantId, name: &QueueName) -> &mut QueueRow {
        let number = self.number();
        self.queues
            .entry((tenant.clone(), name.clone()))
            .or_insert_with(|| QueueRow {
                number,
                settings: QueueSettings::default(),
                spent: Spent::default(),
            })
    }

    pub(super) fn queue_settings(&self, tenant: &TenantId, name: &QueueName) -> QueueSettings {
        let row = self.queues.get(&(tenant.clone(), name.clone()));
        row.map(|row| row.settings.clone()).unwrap_or_default()
    }

    pub(super) fn queue_record(&self, tenant: &TenantId, name: &QueueName) -> QueueRecord {
        let of = |status| {
            let rows = self.tasks.values().filter(|row| row.is_in(tenant, name));
            rows.filter(move |row| row.record.status == status)
        };
        QueueRecord {
            name: name.clone(),
            settings: self.queue_settings(tenant, name),
            offered: of(TaskStatus::Offered).count() as u64,
            claimed: of(TaskStatus::Claimed).count() as u64,
            offered_bytes: of(TaskStatus::Offered).map(|row| row.payload.len() as u64).sum(),
            oldest: of(TaskStatus::Offered).map(|row| row.record.offered_at).min(),
        }
    }

    pub(super) fn list_queues(&self, tenant: &TenantId, page: Page) -> PageOf<QueueRecord> {
        let limit = page.limit.clamp(1, Page::MAX) as usize;
        let after = self
            .queues
            .iter()
            .find(|(_, row)| page.cursor.is_some_and(|cursor| cursor.0 == row.number))
            .map(|((_, name), _)| name);
        let mut rows = self
            .queues
            .iter()
            .filter(|((owner, name), _)| owner == tenant && after.is_none_or(|after| after < name))
            .map(|((_, name), row)| (row.number, self.queue_record(tenant, name)))
            .filter(|(_, record)| record.is_listed())
            .peekable();
        let page: Vec<_> = rows.by_ref().take(limit).collect();
        let next = page.last().filter(|_| rows.peek().is_some()).map(|last| Cursor(last.0));
        let items = page.into_iter().map(|(_, record)| record).collect();
        PageOf { items, next }
    }
}
