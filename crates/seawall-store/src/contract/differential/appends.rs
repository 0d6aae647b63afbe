//! Appends of one side, and what goes into them.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::World;
use crate::contract::differential::dump;
use crate::contract::differential::op::{AppendOp, OwnTurnOp, Then, Wrong};
use crate::contract::differential::samples::{approval_id, cross, flow, message, node_id, run_id, status, tenant};
use crate::contract::differential::side::{Side, TENANTS};
use crate::ids::{Epoch, Seq};
use crate::records::{
    Append, AppendThen, ApprovalOpened, ApprovalSettled, ApprovalStatus, Lease, NewRun, OwnTurn, ParentLink, RunStatus,
    Segment,
};
use crate::time::{StoreClock as _, Timestamp};

impl Side<'_> {
    pub(super) async fn append(&mut self, number: usize, op: &AppendOp) -> String {
        let Some(lease) = self.lease(op.run) else {
            return String::new();
        };
        let repeat = self.runs[usize::from(op.run)]
            .last_append
            .clone()
            .filter(|_| op.wrong == Wrong::Repeat);
        let append = match repeat {
            Some(append) => append,
            None => self.make_append(number, op, lease).await,
        };
        let known = &mut self.runs[usize::from(op.run)];
        known.offered.extend(append.tasks.iter().map(|task| task.id));
        known.last_append = Some(append.clone());
        dump::answer(self.store.append(append).await, dump::plain)
    }

    async fn make_append(&self, number: usize, op: &AppendOp, lease: Lease) -> Append {
        let after = self.last(&lease).await;
        let unread = self.store.unread(&lease, op.consume.into()).await.unwrap_or_default();
        let text: String = (0..op.events)
            .map(|event| format!("event {event} of operation {number}\n"))
            .collect();
        let whose = (0..TENANTS as u8)
            .find(|number| tenant((*number).into()) == lease.tenant)
            .unwrap_or(0);
        let mut append = Append {
            segment: (op.events > 0).then(|| World::segment(after.0 + 1, op.events.into(), &text)),
            after,
            projection: World::projection(status(op.status)),
            consumed: unread.iter().map(|row| row.id).collect(),
            opened: op.open.map(|id| self.opened(id)).into_iter().collect(),
            settled: op.settle.map(|(id, to)| self.settled(id, to)).into_iter().collect(),
            children: op.child.map(|run| self.child(whose, run, op)).into_iter().collect(),
            messages: op.message.map(|(to, key)| cross(to, key)).into_iter().collect(),
            tasks: op.offer.iter().map(|offer| self.offered(offer)).collect(),
            withdrawn: op
                .withdraw
                .and_then(|(nth, grace)| self.withdrawn(op.run, nth, grace))
                .into_iter()
                .collect(),
            turn: match op.turn {
                None => OwnTurn::Keep,
                Some(OwnTurnOp::Ask(key)) => {
                    let asked = message(key, true);
                    let (key, body) = (asked.key, asked.body);
                    OwnTurn::Ask { key, body }
                }
                Some(OwnTurnOp::GiveUp) => OwnTurn::GiveUp,
            },
            keeps_deaths: op.keeps_deaths,
            reader: op.reader.into(),
            then: match op.then {
                Then::Hold => AppendThen::Hold,
                Then::Park(due) => AppendThen::Park {
                    due: due.map(|millis| self.later(millis)),
                },
                Then::End => AppendThen::End,
            },
            lease,
        };
        if append.projection.status.is_terminal() {
            append.projection.finished_at = Some(self.clock.now());
        }
        for child in &mut append.children {
            child.parent = Some(ParentLink {
                run: append.lease.run,
                step: "call".to_owned(),
                item: None,
                generation: 0,
            });
        }
        self.spoil(&mut append, op);
        append
    }

    fn spoil(&self, append: &mut Append, op: &AppendOp) {
        match op.wrong {
            Wrong::Nothing | Wrong::Repeat => {}
            Wrong::Node => append.lease.node = node_id(u64::MAX),
            Wrong::Epoch => append.lease.epoch = Epoch(append.lease.epoch.0 + 1),
            Wrong::After => append.after = append.after.plus(1),
            Wrong::Hole => {
                if let Some(segment) = &mut append.segment {
                    segment.first = segment.first.plus(1);
                }
            }
            Wrong::OldLease => {
                let leases = &self.runs[usize::from(op.run)].leases;
                append.lease = leases[leases.len().saturating_sub(2)].clone();
            }
        }
    }

    pub(super) fn later(&self, millis: u16) -> Timestamp {
        self.clock.now().saturating_add(Duration::from_millis(millis.into()))
    }

    fn child(&self, tenant: u8, run: u8, op: &AppendOp) -> NewRun {
        let new = self.new_run(tenant, run);
        NewRun {
            flow: op.flow.as_ref().map(|op| flow(op, new.workflow.id, self.clock.now())),
            ..new
        }
    }

    pub(super) fn new_run(&self, tenant: u8, run: u8) -> NewRun {
        NewRun {
            id: run_id(run),
            workflow: self.flows[usize::from(tenant)].clone(),
            created_by: Arc::from("someone"),
            created_at: self.clock.now(),
            parent: None,
            segment: Segment {
                first: Seq(1),
                count: 1,
                bytes: Arc::from(&b"created\n"[..]),
            },
            reader: u32::from(run) % 3,
            projection: World::projection(RunStatus::Queued),
            idempotency: None,
            hold: None,
            priority: 0,
            flow: None,
        }
    }

    pub(super) fn opened(&self, id: u8) -> ApprovalOpened {
        ApprovalOpened {
            id: approval_id(id),
            step: "ask".to_owned(),
            item: None,
            message: "May I?".to_owned(),
            deciders: vec!["ann".to_owned()],
            requested_at: self.clock.now(),
            expires_at: None,
        }
    }

    pub(super) fn settled(&self, id: u8, to: u8) -> ApprovalSettled {
        ApprovalSettled {
            id: approval_id(id),
            status: ApprovalStatus::ALL[usize::from(to) % ApprovalStatus::ALL.len()],
            comment: Some("because".to_owned()),
            decided_by: None,
            decided_at: self.clock.now(),
        }
    }
}
