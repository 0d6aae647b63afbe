//! Tasks and queues of one side.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::contract::differential::dump;
use crate::contract::differential::op::{Lie, OfferOp, TaskOp};
use crate::contract::differential::samples::{cross, message, run_id, tenant};
use crate::contract::differential::side::{RUNS, Side, TENANTS};
use crate::ids::{TaskId, TenantId};
use crate::records::{
    LeasesAnew, Page, QueueName, QueueSettings, Rate, TaskClaim, TaskEnder, TaskLease, TaskOffered, TaskSettled,
    TaskWithdrawn,
};
use crate::time::StoreClock as _;

const TASKS: u8 = 40;
const QUEUES: u8 = 2;

fn task_id(number: u8) -> TaskId {
    TaskId::derived(&[&[number]])
}

fn queue(number: u8) -> QueueName {
    QueueName::parse(&format!("queue-{number}")).expect("a valid name")
}

/// A task that was given out.
pub(super) struct ClaimedBy {
    tenant: TenantId,
    id: TaskId,
    lease: TaskLease,
}

impl Side<'_> {
    pub(super) fn offered(&self, op: &OfferOp) -> TaskOffered {
        TaskOffered {
            id: task_id(op.task),
            queue: queue(op.queue),
            activity: format!("step-{}", op.task),
            attempt: 1,
            effect_key: format!("effect-{}", op.task),
            payload: vec![b'x'; op.bytes.into()].into(),
            key: op.key.map(|key| format!("key-{key}")),
            priority: op.priority,
            timeout: Duration::from_millis(op.timeout.into()),
            offered_at: self.clock.now(),
        }
    }

    pub(super) fn withdrawn(&self, run: u8, nth: u8, grace: u16) -> Option<TaskWithdrawn> {
        let offered = &self.runs[usize::from(run)].offered;
        let id = *offered.iter().rev().nth(nth.into())?;
        Some(TaskWithdrawn {
            id,
            message: cross(run, nth),
            lost: Arc::from(&b"lost"[..]),
            grace: Duration::from_millis(grace.into()),
        })
    }

    pub(super) async fn apply_task(&mut self, number: usize, op: &TaskOp) -> String {
        let store = self.store;
        match *op {
            TaskOp::Claim { .. } => self.claim_tasks(number, op).await,
            TaskOp::Heartbeat { nth, lie, progress } => {
                let Some(ClaimedBy { tenant, id, lease }) = self.claimed_by(nth, lie) else {
                    return String::new();
                };
                let progress = progress.map(|text| Arc::from(text.to_string().as_bytes()));
                dump::answer(store.heartbeat_task(&tenant, id, lease, progress).await, dump::plain)
            }
            TaskOp::Settle { nth, lie, lapse, key } => {
                let Some(ClaimedBy { tenant, id, lease }) = self.claimed_by(nth, lie) else {
                    return String::new();
                };
                let end = TaskSettled {
                    id,
                    lease,
                    by: if lapse { TaskEnder::Lapse } else { TaskEnder::Worker },
                    message: message(key, false),
                };
                dump::answer(store.settle_task(&tenant, end).await, dump::plain)
            }
            TaskOp::Lapsed { limit } => dump::answer(store.lapsed_tasks(limit.into()).await, dump::plain),
            TaskOp::Prolong { ahead, grace, limit } => {
                let anew = LeasesAnew {
                    from: self.clock.now(),
                    ahead: Duration::from_millis(ahead.into()),
                    grace: Duration::from_millis(grace.into()),
                    limit: limit.into(),
                };
                dump::answer(store.prolong_leases(anew).await, dump::plain)
            }
            TaskOp::Set { .. } => self.set_queue(op).await,
            TaskOp::Look { tenant: t, limit } => self.tasks_of(&tenant(t.into()), limit.into()).await,
        }
    }

    async fn claim_tasks(&mut self, number: usize, op: &TaskOp) -> String {
        let TaskOp::Claim {
            tenant: t,
            queue: q,
            max,
            max_bytes,
            lease_for,
        } = *op
        else {
            return String::new();
        };
        let claim = TaskClaim {
            worker: format!("worker-{number}"),
            lease: TaskLease(Uuid::from_u128(number as u128 + 1)),
            lease_for: Duration::from_millis(lease_for.into()),
            max: max.into(),
            max_bytes: max_bytes.into(),
        };
        let claimed = self.store.claim_tasks(&tenant(t.into()), &queue(q), claim).await;
        for task in claimed.iter().flatten() {
            self.claimed.push(ClaimedBy {
                tenant: tenant(t.into()),
                id: task.id,
                lease: task.lease,
            });
        }
        dump::answer(claimed, dump::plain)
    }

    /// What the worker of the claim says about itself.
    fn claimed_by(&self, nth: u8, lie: Lie) -> Option<ClaimedBy> {
        let claimed = self.claimed.iter().rev().nth(nth.into())?;
        let mut said = ClaimedBy {
            tenant: claimed.tenant.clone(),
            ..*claimed
        };
        match lie {
            Lie::Nothing => {}
            Lie::Lease => said.lease = TaskLease(Uuid::nil()),
            Lie::Tenant => said.tenant = tenant(usize::from(said.tenant == tenant(0))),
            Lie::Task => said.id = task_id(nth),
        }
        Some(said)
    }

    async fn set_queue(&self, op: &TaskOp) -> String {
        let TaskOp::Set {
            tenant: t,
            queue: q,
            concurrency,
            per_key,
            rate,
            paused,
            expects,
        } = *op
        else {
            return String::new();
        };
        let settings = QueueSettings {
            concurrency: concurrency.map(u32::from),
            concurrency_per_key: per_key.map(u32::from),
            rate: rate.map(|limit| Rate {
                limit: limit.into(),
                per: Duration::from_secs(1),
            }),
            paused,
        };
        let expected = expects.map(|paused| QueueSettings {
            paused,
            ..QueueSettings::default()
        });
        let (tenant, queue) = (tenant(t.into()), queue(q));
        let set = self.store.set_queue(&tenant, &queue, settings, expected);
        let set = set.await;
        dump::answer(set, dump::plain)
    }

    /// What a tenant's callers can read of tasks and queues, the lists in pages of `limit`.
    async fn tasks_of(&self, tenant: &TenantId, limit: u32) -> String {
        let store = self.store;
        let mut text = String::new();
        let mut page = Page::first(limit);
        loop {
            let listed = store.list_queues(tenant, page).await;
            let next = listed.as_ref().ok().and_then(|listed| listed.next);
            text += &dump::answer(listed, |listed| dump::page(listed, dump::plain));
            let Some(cursor) = next else { break };
            page.cursor = Some(cursor);
        }
        for number in 0..QUEUES {
            let name = queue(number);
            text += &dump::answer(store.queue(tenant, &name).await, dump::plain);
            text += &dump::answer(store.queue_room(tenant, &name).await, dump::plain);
            text += &dump::answer(store.next_claimable(tenant, &name).await, dump::plain);
        }
        for number in 0..TASKS {
            text += &dump::answer(store.task(tenant, task_id(number)).await, dump::plain);
        }
        for number in 0..RUNS {
            let run = run_id(u8::try_from(number).unwrap_or(0));
            text += &dump::answer(store.tasks_of_run(tenant, run).await, dump::plain);
        }
        text
    }

    pub(super) async fn all_tasks(&self) -> String {
        let mut text = dump::answer(self.store.lapsed_tasks(u32::from(TASKS)).await, dump::plain);
        for number in 0..TENANTS {
            text += &self.tasks_of(&tenant(number), 1).await;
        }
        text
    }
}
