//! One of the two stores, with what its callers remember: leases, identities, the last append.

use crate::contract::differential::dump;
use crate::contract::differential::op::Op;
use crate::contract::differential::samples::{
    approval_id, expected, flow, message, name, node_id, run_id, status, tenant, workflow,
};
use crate::contract::differential::tasks::ClaimedBy;
use crate::contract::{TTL, World};
use crate::ids::{Digest, NodeId, Seq, TaskId, WorkflowId};
use crate::manual_clock::ManualClock;
use crate::records::{
    Append, ApprovalFilter, ClaimLimits, CreatedRun, IdempotencyKey, Lease, NewMessage, NewRun, NewWorkflow, Page,
    RunFilter, StatusSet, WorkflowRef, WorkflowVersion,
};
use crate::roles::Store;
use crate::time::StoreClock as _;

pub(super) const TENANTS: usize = 2;
const NODES: usize = 2;
pub(super) const RUNS: usize = 5;

/// What the callers know of one run.
#[derive(Default)]
pub(super) struct Known {
    /// All leases that were granted, newest last.
    pub leases: Vec<Lease>,
    pub last_append: Option<Append>,
    /// Tasks that its appends were to offer, newest last.
    pub offered: Vec<TaskId>,
}

pub(super) struct Side<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) clock: &'a ManualClock,
    pub(super) flows: Vec<WorkflowVersion>,
    nodes: Vec<NodeId>,
    lives: u64,
    pub(super) runs: Vec<Known>,
    /// Tasks that were given out, newest last.
    pub(super) claimed: Vec<ClaimedBy>,
}

impl<'a> Side<'a> {
    pub(super) async fn new(store: &'a dyn Store, clock: &'a ManualClock) -> Self {
        let mut flows = Vec::new();
        for number in 0..TENANTS {
            let new = NewWorkflow {
                id: WorkflowId::derived(&[b"flow", &number.to_be_bytes()]),
                ..World::workflow("flow", "{}")
            };
            let made = store.create_workflow(&tenant(number), new).await;
            flows.push(made.expect("the store is fresh").pinned());
        }
        Self {
            store,
            clock,
            flows,
            nodes: (0..NODES as u64).map(node_id).collect(),
            lives: NODES as u64,
            runs: (0..RUNS).map(|_| Known::default()).collect(),
            claimed: Vec::new(),
        }
    }

    /// Does one operation and gives its answer as comparable text.
    pub(super) async fn apply(&mut self, number: usize, op: &Op) -> String {
        match op {
            Op::Advance(_) | Op::SetBack(_) => String::new(),
            Op::CreateWorkflow { .. }
            | Op::KeepInline { .. }
            | Op::UpdateWorkflow { .. }
            | Op::DeleteWorkflow { .. }
            | Op::ListWorkflows { .. } => self.apply_workflow(number, op).await,
            Op::CreateRun { .. } => self.create_run(op).await,
            Op::Wake { tenant: t, runs } => {
                let runs = runs.iter().map(|run| run_id(*run)).collect();
                dump::answer(self.store.wake(&tenant((*t).into()), runs).await, dump::plain)
            }
            Op::ListFlow { .. } | Op::Send { .. } | Op::Journal { .. } | Op::ListRuns { .. } | Op::Decide { .. } => {
                self.apply_client(op).await
            }
            Op::Append(append) => self.append(number, append).await,
            Op::CreateSchedule { .. }
            | Op::UpdateSchedule { .. }
            | Op::DeleteSchedule { .. }
            | Op::Fire(_)
            | Op::DueSchedules { .. } => self.apply_schedule(op).await,
            Op::Task(op) => self.apply_task(number, op).await,
            Op::Load { .. } | Op::Release { .. } => self.apply_holder(op).await,
            Op::Forget { .. } | Op::ForgetRun { .. } | Op::DiscardRun { .. } | Op::ForgetWorkflows { .. } => {
                self.apply_retention(op).await
            }
            _ => self.apply_node(op).await,
        }
    }

    async fn apply_workflow(&self, number: usize, op: &Op) -> String {
        let store = self.store;
        match *op {
            Op::CreateWorkflow { tenant: t, name, text } => {
                let new = workflow(number, name, text);
                dump::answer(store.create_workflow(&tenant(t.into()), new).await, dump::plain)
            }
            Op::KeepInline { tenant: t, text } => {
                let new = workflow(number, 9, text);
                dump::answer(store.keep_inline(&tenant(t.into()), new).await, dump::plain)
            }
            Op::UpdateWorkflow {
                tenant: t,
                name: n,
                text,
                expect,
            } => {
                let new = workflow(number, n, text);
                let made = store
                    .update_workflow(&tenant(t.into()), &name(n), new, expected(expect))
                    .await;
                dump::answer(made, dump::plain)
            }
            Op::DeleteWorkflow {
                tenant: t,
                name: n,
                expect,
            } => {
                let done = store
                    .delete_workflow(&tenant(t.into()), &name(n), expected(expect))
                    .await;
                dump::answer(done, dump::plain)
            }
            Op::ListWorkflows { tenant: t, limit } => {
                let listed = store.list_workflows(&tenant(t.into()), Page::first(limit.into())).await;
                dump::answer(listed, |listed| dump::page(listed, dump::plain))
            }
            _ => unreachable!("the caller chose workflow operations"),
        }
    }

    async fn apply_client(&self, op: &Op) -> String {
        let store = self.store;
        match *op {
            Op::Send {
                tenant: t,
                run,
                key,
                terminal,
                turn,
            } => {
                let message = NewMessage {
                    turn,
                    ..message(key, terminal)
                };
                let sent = store.send(&tenant(t.into()), run_id(run), message).await;
                dump::answer(sent, dump::plain)
            }
            Op::ListFlow { tenant: t, limit } => self.flow_of(t.into(), limit.into()).await,
            Op::Journal { run, after } => {
                let after = Seq(after.into());
                let mut text = String::new();
                for number in 0..TENANTS {
                    let part = store.journal(&tenant(number), run_id(run), after, usize::MAX).await;
                    text += &dump::answer(part, |part| dump::journal_page(part, after));
                }
                text
            }
            Op::ListRuns {
                tenant: t,
                limit,
                status: s,
            } => {
                let filter = RunFilter {
                    statuses: s.map(|s| StatusSet::of(&[status(s), status(s / 2)])),
                    ..RunFilter::default()
                };
                let listed = store
                    .list_runs(&tenant(t.into()), filter, Page::first(limit.into()))
                    .await;
                dump::answer(listed, |listed| dump::page(listed, dump::record))
            }
            Op::Decide {
                tenant: t,
                approval,
                key,
            } => {
                let message = message(key, false);
                let decided = store
                    .decide_approval(&tenant(t.into()), approval_id(approval), message)
                    .await;
                dump::answer(decided, dump::plain)
            }
            _ => unreachable!("the caller chose client operations"),
        }
    }

    async fn apply_node(&mut self, op: &Op) -> String {
        let store = self.store;
        match *op {
            Op::Register { node } => {
                self.nodes[usize::from(node)] = node_id(self.lives);
                self.lives += 1;
                dump::answer(store.register(self.node(node), TTL).await, dump::plain)
            }
            Op::Renew { node } => dump::answer(store.renew(self.node(node), TTL).await, dump::plain),
            Op::Retire { node } => dump::answer(store.retire(self.node(node)).await, dump::plain),
            Op::Bury => dump::answer(store.bury_expired().await, dump::plain),
            Op::Claim {
                node,
                max,
                suspects,
                grave,
                reader,
            } => {
                let limits = ClaimLimits {
                    max: max.into(),
                    suspects: suspects.into(),
                    grave,
                    reader: reader.into(),
                    ttl: TTL,
                };
                self.claim(self.node(node), limits).await
            }
            Op::Held { node } => dump::answer(store.held(self.node(node)).await, dump::held),
            Op::NextDue { reader } => dump::answer(store.next_due(reader.into()).await, dump::plain),
            _ => unreachable!("the caller chose node operations"),
        }
    }

    async fn apply_holder(&mut self, op: &Op) -> String {
        match *op {
            Op::Load { run } => {
                let Some(lease) = self.lease(run) else {
                    return String::new();
                };
                dump::answer(self.store.load(&lease).await, dump::loaded)
            }
            Op::Release { run, at_last, due } => {
                let Some(lease) = self.lease(run) else {
                    return String::new();
                };
                let last = self.last(&lease).await;
                let at = if at_last { last } else { last.plus(1) };
                let due = due.map(|millis| self.later(millis));
                dump::answer(self.store.release(&lease, at, due).await, dump::plain)
            }
            _ => unreachable!("the caller chose a holder's operations"),
        }
    }

    async fn create_run(&mut self, op: &Op) -> String {
        let Op::CreateRun {
            tenant: t,
            run,
            hold,
            key,
            priority,
            flow: held_back,
        } = op
        else {
            unreachable!("the caller chose a creation")
        };
        let idempotency = key.map(|(key, request)| IdempotencyKey {
            key: Digest::of(&[key]),
            fingerprint: Digest::of(&[request]),
            expires_at: self.later(1500),
        });
        let new = self.new_run(*t, *run);
        let new = NewRun {
            hold: hold.map(|node| self.node(node)),
            idempotency,
            priority: *priority,
            flow: held_back.as_ref().map(|op| flow(op, new.workflow.id, self.clock.now())),
            ..new
        };
        let t = *t;
        let created = self.store.create_run(&tenant(t.into()), new).await;
        if let Ok(CreatedRun::New { lease: Some(lease) }) = &created {
            self.remember(lease.clone());
        }
        dump::answer(created, dump::created)
    }

    async fn claim(&mut self, node: NodeId, limits: ClaimLimits) -> String {
        let claimed = self.store.claim(node, limits).await;
        for run in claimed.iter().flatten() {
            self.remember(run.lease.clone());
        }
        dump::answer(claimed, |claimed| dump::claimed(&claimed))
    }

    /// The lines of a tenant's workflow, and where each run stands.
    async fn flow_of(&self, number: usize, limit: u32) -> String {
        let tenant = tenant(number);
        let lines = self
            .store
            .list_flow(&tenant, self.flows[number].id, Page::first(limit))
            .await;
        let mut text = dump::answer(lines, |lines| dump::page(lines, dump::plain));
        for run in 0..RUNS as u8 {
            let place = self.store.flow_place(&tenant, run_id(run)).await;
            text += &dump::answer(place, dump::plain);
        }
        text
    }

    /// Everything that clients can read.
    pub(super) async fn contents(&self) -> String {
        let (store, all) = (self.store, Page::first(Page::MAX));
        let mut text = String::new();
        for number in 0..TENANTS {
            let tenant = tenant(number);
            let workflows = store.list_workflows(&tenant, all).await.expect("listing works");
            for workflow in &workflows.items {
                let versions = store.list_versions(&tenant, &WorkflowRef::Id(workflow.id), all).await;
                text += &dump::answer(versions, |versions| dump::page(versions, dump::plain));
            }
            text += &dump::page(workflows, dump::plain);
            let runs = store
                .list_runs(&tenant, RunFilter::default(), all)
                .await
                .expect("listing works");
            for run in runs.items {
                let part = store.journal(&tenant, run.id, Seq(0), usize::MAX).await;
                text += &dump::answer(part, |part| dump::journal_page(part, Seq(0)));
            }
            let schedules = store.list_schedules(&tenant, all).await;
            text += &dump::answer(schedules, |schedules| dump::page(schedules, dump::plain));
            let approvals = store.list_approvals(&tenant, ApprovalFilter::default(), all).await;
            text += &dump::answer(approvals, |approvals| dump::page(approvals, dump::plain));
            text += &self.flow_of(number, Page::MAX).await;
        }
        for life in 0..self.lives {
            text += &dump::answer(store.held(node_id(life)).await, dump::held);
        }
        text += &self.all_tasks().await;
        text + &dump::answer(store.next_due(u32::MAX).await, dump::plain)
    }

    /// Buries everybody and loads whatever a new node can claim.
    pub(super) async fn take_over(&mut self) -> String {
        let mut text = self.apply_node(&Op::Bury).await;
        text += &self.apply_node(&Op::Register { node: 0 }).await;
        for _ in 0..=RUNS {
            let limits = ClaimLimits {
                max: 100,
                suspects: u32::MAX,
                grave: true,
                reader: u32::MAX,
                ttl: TTL,
            };
            let claimed = self.claim(self.node(0), limits).await;
            text = text + &claimed + "\n";
        }
        for run in 0..RUNS as u8 {
            text += &self.apply_holder(&Op::Load { run }).await;
        }
        text
    }

    fn node(&self, slot: u8) -> NodeId {
        self.nodes[usize::from(slot)]
    }

    pub(super) fn lease(&self, run: u8) -> Option<Lease> {
        self.runs[usize::from(run)].leases.last().cloned()
    }

    fn remember(&mut self, lease: Lease) {
        let number = (0..RUNS as u8).find(|number| run_id(*number) == lease.run);
        let number = number.expect("only these runs are ever made");
        self.runs[usize::from(number)].leases.push(lease);
    }

    /// Of a run that was forgotten since: 0.
    pub(super) async fn last(&self, lease: &Lease) -> Seq {
        let record = self.store.run(&lease.tenant, lease.run).await.expect("reading works");
        record.map_or(Seq(0), |record| record.last_seq)
    }
}
