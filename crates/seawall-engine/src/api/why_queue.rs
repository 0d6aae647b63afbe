//! What keeps tasks from being given out: the pause, the limits and the rate of their queues.

use std::collections::BTreeMap;

use seawall_store::{QueueName, QueueRecord, TaskId, TaskRecord, TaskStatus, Timestamp};

use crate::api::engine::{Result, refused};
use crate::api::read::RUN;
use crate::api::view_journal::rfc3339;
use crate::api::{Engine, Principal};
use crate::core::{RunState, Wait};

/// The tasks that a run waits for, and what is known of the queues of those that nobody has.
#[derive(Default)]
pub(crate) struct Tasks {
    rows: Vec<TaskRecord>,
    queues: BTreeMap<QueueName, Limits>,
}

/// A queue at one moment.
struct Limits {
    record: QueueRecord,
    /// When the rate lets the next task go, if only the rate keeps it.
    next: Option<Timestamp>,
    /// How many tasks of a key are claimed.
    of_key: BTreeMap<String, u64>,
}

impl Tasks {
    pub(super) fn find(&self, id: TaskId) -> Option<&TaskRecord> {
        self.rows.iter().find(|task| task.id == id)
    }

    /// What lets a task wait that workers could have otherwise, and until when if that is known.
    pub(super) fn held(&self, task: &TaskRecord, now: Timestamp) -> (Vec<String>, Option<Timestamp>) {
        let Some(Limits { record, next, of_key }) = self.queues.get(&task.queue) else {
            return (Vec::new(), None);
        };
        let (queue, settings) = (&record.name, &record.settings);
        let mut held = Vec::new();
        if settings.paused {
            held.push(format!("queue {queue} is paused"));
        }
        let full = |limit: Option<u32>, claimed: u64| limit.filter(|limit| claimed >= u64::from(*limit));
        if let Some(limit) = full(settings.concurrency, record.claimed) {
            held.push(format!("queue {queue} runs {} of {limit}", record.claimed));
        }
        let of_key = task.key.as_ref().and_then(|key| Some((key, *of_key.get(key)?)));
        if let Some((key, claimed)) = of_key
            && let Some(limit) = full(settings.concurrency_per_key, claimed)
        {
            held.push(format!("queue {queue} runs {claimed} of {limit} of its key {key:?}"));
        }
        let next = next.filter(|next| held.is_empty() && *next > now);
        held.extend(next.map(|at| format!("its rate lets the next one go at {}", rfc3339(at))));
        (held, next)
    }
}

impl Engine {
    /// The tasks that the run waits for, if it waits for any; with the queues of at most `named` of them.
    pub(super) async fn held_tasks(&self, by: &Principal, state: &RunState, named: usize) -> Result<Tasks> {
        let rows = self.tasks_of(by, state).await?;
        let waits = state.activities().filter_map(|(_, own)| match &own.wait {
            Some(Wait::Task { id, .. }) => Some(*id),
            _ => None,
        });
        let waits: Vec<TaskId> = waits.take(named).collect();
        let offered = |task: &&TaskRecord| task.status == TaskStatus::Offered && waits.contains(&task.id);
        let mut queues: BTreeMap<QueueName, Limits> = BTreeMap::new();
        for task in rows.iter().filter(offered) {
            if !queues.contains_key(&task.queue)
                && let Some(limits) = self.limits(by, &task.queue).await?
            {
                queues.insert(task.queue.clone(), limits);
            }
            let (Some(limits), Some(key)) = (queues.get_mut(&task.queue), &task.key) else {
                continue;
            };
            if limits.record.settings.concurrency_per_key.is_some() && !limits.of_key.contains_key(key) {
                let claimed = self.shared().store.claimed_of_key(&by.tenant, &task.queue, key).await;
                limits.of_key.insert(key.clone(), claimed.map_err(refused(RUN))?);
            }
        }
        Ok(Tasks { rows, queues })
    }

    async fn limits(&self, by: &Principal, queue: &QueueName) -> Result<Option<Limits>> {
        let store = &self.shared().store;
        let found = store.queue(&by.tenant, queue).await.map_err(refused(RUN))?;
        let Some(record) = found else { return Ok(None) };
        let next = match record.settings.rate {
            Some(_) => store
                .next_claimable(&by.tenant, queue)
                .await
                .map_err(refused(RUN))?
                .map(|next| next.at),
            None => None,
        };
        Ok(Some(Limits {
            record,
            next,
            of_key: BTreeMap::new(),
        }))
    }
}
