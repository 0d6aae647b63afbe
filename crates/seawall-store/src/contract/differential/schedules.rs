use std::sync::Arc;

use crate::contract::differential::dump;
use crate::contract::differential::op::{FireOp, Op};
use crate::contract::differential::samples::{schedule_id, tenant};
use crate::contract::differential::side::Side;
use crate::records::{Firing, FiringError, NewSchedule, Overlap, ScheduleChange, ScheduledRun};
use crate::time::StoreClock as _;

impl Side<'_> {
    pub(super) async fn apply_schedule(&self, op: &Op) -> String {
        let store = self.store;
        match op {
            Op::CreateSchedule {
                tenant: t,
                schedule,
                due,
            } => {
                let new = NewSchedule {
                    id: schedule_id(*schedule),
                    settings: Arc::from(&b"first"[..]),
                    created_at: self.clock.now(),
                    next_at: due.map(|millis| self.later(millis)),
                    most: 2,
                };
                let made = store.create_schedule(&tenant((*t).into()), new).await;
                dump::answer(made, dump::plain)
            }
            Op::UpdateSchedule {
                tenant: t,
                schedule,
                due,
                revision,
            } => {
                let change = ScheduleChange {
                    settings: Arc::from(&b"later"[..]),
                    at: self.clock.now(),
                    next_at: due.map(|millis| self.later(millis)),
                };
                let (tenant, id) = (tenant((*t).into()), schedule_id(*schedule));
                let made = store
                    .update_schedule(&tenant, id, change, revision.map(u64::from))
                    .await;
                dump::answer(made, dump::plain)
            }
            Op::DeleteSchedule {
                tenant: t,
                schedule,
                revision,
            } => {
                let (tenant, id) = (tenant((*t).into()), schedule_id(*schedule));
                let done = store.delete_schedule(&tenant, id, revision.map(u64::from)).await;
                dump::answer(done, dump::plain)
            }
            Op::Fire(fire) => self.fire(fire).await,
            Op::DueSchedules { limit } => dump::answer(store.due_schedules(u32::from(*limit)).await, dump::plain),
            _ => unreachable!("the caller chose schedule operations"),
        }
    }

    async fn fire(&self, op: &FireOp) -> String {
        let (owner, id) = (tenant(op.tenant.into()), schedule_id(op.schedule));
        let known = self.store.schedule(&owner, id).await.expect("reading works");
        let now = self.clock.now();
        let firing = Firing {
            tenant: owner,
            schedule: id,
            change: known.map_or(0, |record| record.change) + u64::from(op.stale),
            cursor: now,
            next_at: op.due.map(|millis| self.later(millis)),
            takes_waiting: op.takes_waiting,
            overlap: [Overlap::Skip, Overlap::Queue, Overlap::Allow][usize::from(op.overlap)],
            runs: op
                .runs
                .iter()
                .map(|run| ScheduledRun {
                    fire_at: now,
                    run: self.new_run(op.tenant, *run),
                })
                .collect(),
            missed: 1,
            failed: u64::from(op.fails),
            error: op.fails.then(|| FiringError {
                code: Arc::from("broken"),
                message: Arc::from("it does not work"),
                at: now,
            }),
        };
        dump::answer(self.store.fire(firing).await, dump::plain)
    }
}
