//! Tasks in the hands of workers: who has one has it alone, and no queue gives more than its settings allow.

use std::collections::BTreeMap;

use seawall_engine::store::{
    ClaimedTask, MemoryStore, QueueName, QueueRecord, QueueSettings, StoreClock as _, StoreResult, TaskClaim,
    TaskEnder, TaskId, TaskSettled, TaskStore as _, TenantId,
};

use crate::sim::store::now;
use crate::sim::witness::Witness;
use crate::sim::witness::pace::Pace;

struct Hand {
    queue: QueueName,
    key: Option<String>,
    /// None: a worker has it.
    ended: Option<TaskEnder>,
}

/// Every task that was ever claimed.
#[derive(Default)]
pub(super) struct Queues {
    hands: BTreeMap<TaskId, Hand>,
    pace: BTreeMap<QueueName, Pace>,
}

impl Queues {
    pub(super) fn ended_by(&self, task: TaskId) -> Option<TaskEnder> {
        self.hands.get(&task)?.ended
    }

    fn claimed<'a>(&'a self, queue: &'a QueueName) -> impl Iterator<Item = &'a Hand> {
        let hands = self.hands.values();
        hands.filter(move |hand| hand.ended.is_none() && hand.queue == *queue)
    }
}

impl Witness {
    pub(crate) fn claim_tasks(
        &self,
        rows: &MemoryStore,
        tenant: &TenantId,
        (queue, claim): (&QueueName, TaskClaim),
    ) -> StoreResult<Vec<ClaimedTask>> {
        let settings = queue_record(rows, tenant, queue).map_or_else(QueueSettings::default, |record| record.settings);
        let answer = now(rows.claim_tasks(tenant, queue, claim));
        let Ok(tasks) = &answer else { return answer };
        for task in tasks {
            let key = now(rows.task(tenant, task.id))
                .ok()
                .flatten()
                .and_then(|record| record.key);
            self.trace.count("task claimed");
            let hand = Hand {
                queue: queue.clone(),
                key: key.clone(),
                ended: None,
            };
            let books = &mut *self.queues.lock();
            let before = books.hands.insert(task.id, hand);
            self.unless(before.is_none(), || format!("the task {} was claimed twice", task.id));
            books.pace.entry(queue.clone()).or_default().note(task.claimed_at);
            let all = books.claimed(queue).count();
            let same = books
                .claimed(queue)
                .filter(|hand| key.is_some() && hand.key == key)
                .count();
            self.unless(
                fits(settings.concurrency, all) && fits(settings.concurrency_per_key, same),
                || format!("{all} tasks of {queue} are claimed, {same} of {key:?}: {settings:?}"),
            );
        }
        self.unless(tasks.is_empty() || !settings.paused, || {
            format!("the paused {queue} gives tasks")
        });
        self.queue_agrees(rows, tenant, queue);
        answer
    }

    pub(crate) fn settle_task(&self, rows: &MemoryStore, tenant: &TenantId, end: TaskSettled) -> StoreResult<()> {
        let (id, by) = (end.id, end.by);
        let before = now(rows.task(tenant, id)).ok().flatten();
        let at = self.clock.now();
        let answer = now(rows.settle_task(tenant, end));
        let (Ok(()), Some(before)) = (&answer, before) else {
            return answer;
        };
        let until = before.lease_until;
        // A worker's word counts until its lapse is said.
        let in_time = by == TaskEnder::Worker || until.is_some_and(|until| until <= at);
        self.unless(in_time, || {
            format!("the lease of {id} lasts until {until:?}: {by:?} ended it at {at:?}")
        });
        if by == TaskEnder::Lapse {
            self.trace.count("task lapsed");
        }
        let ended = {
            let mut books = self.queues.lock();
            books.hands.get_mut(&id).map(|hand| hand.ended.replace(by))
        };
        self.unless(ended == Some(None), || {
            format!("{by:?} ended the task {id}, which is {ended:?}")
        });
        self.queue_agrees(rows, tenant, &before.queue);
        answer
    }

    /// The store's counters give what was claimed and has not ended.
    fn queue_agrees(&self, rows: &MemoryStore, tenant: &TenantId, queue: &QueueName) {
        let counted = queue_record(rows, tenant, queue).map_or(0, |record| record.claimed);
        let own = self.queues.lock().claimed(queue).count() as u64;
        self.unless(counted == own, || {
            format!("{queue} counts {counted} claimed tasks: there are {own}")
        });
    }

    /// In the end nobody has anything, and nothing waits.
    pub(crate) fn queues_are_empty(&self, rows: &MemoryStore) {
        let (tenant, page) = (TenantId::default(), seawall_engine::store::Page::first(100));
        let listed = now(rows.list_queues(&tenant, page)).expect("reading works");
        for queue in listed.items {
            self.unless(queue.offered == 0 && queue.claimed == 0, || {
                format!("tasks are stranded: {queue:?}")
            });
            let pace = self.queues.lock().pace.get(&queue.name).cloned().unwrap_or_default();
            if let Some(rate) = queue.settings.rate {
                let per = i64::try_from(rate.per.as_millis()).expect("it is short");
                let excess = pace.excess(rate.limit, per);
                self.unless(excess.is_none(), || format!("{} gave too fast: {excess:?}", queue.name));
            }
        }
    }
}

fn fits(limit: Option<u32>, count: usize) -> bool {
    limit.is_none_or(|limit| count <= limit as usize)
}

fn queue_record(rows: &MemoryStore, tenant: &TenantId, queue: &QueueName) -> Option<QueueRecord> {
    now(rows.queue(tenant, queue)).expect("reading works")
}
