//! One of the two stores, with what its callers remember: leases, identities, the last append.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::contract::differential::dump;
use crate::contract::differential::op::{AppendOp, Expect, Op, Then, Wrong};
use crate::contract::{TTL, World};
use crate::ids::{ApprovalId, Digest, Epoch, NodeId, RunId, Seq, TenantId, WorkflowId};
use crate::manual_clock::ManualClock;
use crate::records::{
    Append, AppendThen, ApprovalFilter, ApprovalOpened, ApprovalSettled, ApprovalStatus, ClaimLimits, CreatedRun,
    CrossMessage, IdempotencyKey, Lease, MessageKey, NewMessage, NewRun, NewWorkflow, Page, RunFilter, RunStatus,
    Segment, StatusSet, WorkflowRef, WorkflowVersion,
};
use crate::roles::Store;
use crate::time::{StoreClock as _, Timestamp};

const TENANTS: usize = 2;
const NODES: usize = 2;
const RUNS: usize = 5;

/// What the callers know of one run.
#[derive(Default)]
struct Known {
    /// All leases that were granted, newest last.
    leases: Vec<Lease>,
    last_append: Option<Append>,
}

pub(super) struct Side<'a> {
    store: &'a dyn Store,
    clock: &'a ManualClock,
    flows: Vec<WorkflowVersion>,
    nodes: Vec<NodeId>,
    lives: u64,
    runs: Vec<Known>,
}

fn tenant(number: usize) -> TenantId {
    TenantId::new(&format!("tenant-{number}")).expect("a valid tenant")
}

fn run_id(number: u8) -> RunId {
    RunId::derived(&[b"run", &[number]])
}

fn approval_id(number: u8) -> ApprovalId {
    ApprovalId::derived(&[&[number]])
}

fn node_id(life: u64) -> NodeId {
    NodeId::from_uuid(Uuid::from_u128(u128::from(life) + 1))
}

fn status(number: u8) -> RunStatus {
    RunStatus::ALL[usize::from(number) % RunStatus::ALL.len()]
}

fn name(number: u8) -> WorkflowRef {
    WorkflowRef::Name(format!("name-{number}"))
}

fn expected(expect: Expect) -> Option<Digest> {
    match expect {
        Expect::Nothing => None,
        Expect::Text(text) => Some(Digest::of(format!("text {text}").as_bytes())),
    }
}

/// Ids follow from the operation's number, so that both sides make the same ones.
fn workflow(number: usize, name: u8, text: u8) -> NewWorkflow {
    NewWorkflow {
        id: WorkflowId::derived(&[&number.to_be_bytes()]),
        ..World::workflow(&format!("name-{name}"), &format!("text {text}"))
    }
}

fn message(key: u8, terminal: bool) -> NewMessage {
    let ended = [RunStatus::Succeeded, RunStatus::Failed, RunStatus::Cancelled];
    NewMessage {
        allowed: if terminal {
            StatusSet::of(&ended)
        } else {
            StatusSet::live()
        },
        ..World::message(&format!("key-{key}"))
    }
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
        }
    }

    /// Does one operation and gives its answer as comparable text.
    pub(super) async fn apply(&mut self, number: usize, op: &Op) -> String {
        match op {
            Op::Advance(_) => String::new(),
            Op::CreateWorkflow { .. }
            | Op::KeepInline { .. }
            | Op::UpdateWorkflow { .. }
            | Op::DeleteWorkflow { .. }
            | Op::ListWorkflows { .. } => self.apply_workflow(number, op).await,
            Op::CreateRun { tenant, run, hold, key } => self.create_run(*tenant, *run, *hold, *key).await,
            Op::Send { .. } | Op::Journal { .. } | Op::ListRuns { .. } | Op::Decide { .. } => {
                self.apply_client(op).await
            }
            Op::Append(append) => self.append(number, append).await,
            Op::Load { .. } | Op::Release { .. } => self.apply_holder(op).await,
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
            } => {
                let sent = store.send(&tenant(t.into()), run_id(run), message(key, terminal)).await;
                dump::answer(sent, dump::plain)
            }
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
                    status: s.map(status),
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
            Op::Claim { node, max, suspects } => self.claim(self.node(node), max.into(), suspects).await,
            Op::Held { node } => dump::answer(store.held(self.node(node)).await, dump::leases),
            Op::NextDue => dump::answer(store.next_due().await, dump::plain),
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

    async fn create_run(&mut self, t: u8, run: u8, hold: Option<u8>, key: Option<(u8, u8)>) -> String {
        let idempotency = key.map(|(key, request)| IdempotencyKey {
            key: Digest::of(&[key]),
            fingerprint: Digest::of(&[request]),
            expires_at: self.later(1500),
        });
        let new = NewRun {
            hold: hold.map(|node| self.node(node)),
            idempotency,
            ..self.new_run(t, run)
        };
        let created = self.store.create_run(&tenant(t.into()), new).await;
        if let Ok(CreatedRun::New { lease: Some(lease) }) = &created {
            self.remember(lease.clone());
        }
        dump::answer(created, dump::created)
    }

    async fn claim(&mut self, node: NodeId, max: u32, suspects: bool) -> String {
        let limits = ClaimLimits {
            max,
            suspects,
            ttl: TTL,
        };
        let claimed = self.store.claim(node, limits).await;
        for run in claimed.iter().flatten() {
            self.remember(run.lease.clone());
        }
        dump::answer(claimed, |claimed| dump::claimed(&claimed))
    }

    async fn append(&mut self, number: usize, op: &AppendOp) -> String {
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
        self.runs[usize::from(op.run)].last_append = Some(append.clone());
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
            children: op.child.map(|run| self.new_run(whose, run)).into_iter().collect(),
            messages: op.message.map(|(to, key)| cross(to, key)).into_iter().collect(),
            then: match op.then {
                Then::Hold => AppendThen::Hold,
                Then::Park(due) => AppendThen::Park {
                    due: due.map(|millis| self.later(millis)),
                },
                Then::End => AppendThen::End,
            },
            lease,
        };
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
            let approvals = store.list_approvals(&tenant, ApprovalFilter::default(), all).await;
            text += &dump::answer(approvals, |approvals| dump::page(approvals, dump::plain));
        }
        for life in 0..self.lives {
            text += &dump::answer(store.held(node_id(life)).await, dump::leases);
        }
        text + &dump::answer(store.next_due().await, dump::plain)
    }

    /// Buries everybody and loads whatever a new node can claim.
    pub(super) async fn take_over(&mut self) -> String {
        let mut text = self.apply_node(&Op::Bury).await;
        text += &self.apply_node(&Op::Register { node: 0 }).await;
        for _ in 0..=RUNS {
            let claimed = self.claim(self.node(0), 100, true).await;
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

    fn lease(&self, run: u8) -> Option<Lease> {
        self.runs[usize::from(run)].leases.last().cloned()
    }

    fn remember(&mut self, lease: Lease) {
        let number = (0..RUNS as u8).find(|number| run_id(*number) == lease.run);
        let number = number.expect("only these runs are ever made");
        self.runs[usize::from(number)].leases.push(lease);
    }

    async fn last(&self, lease: &Lease) -> Seq {
        let record = self.store.run(&lease.tenant, lease.run).await.expect("reading works");
        record.expect("a leased run exists").last_seq
    }

    fn later(&self, millis: u16) -> Timestamp {
        self.clock.now().saturating_add(Duration::from_millis(millis.into()))
    }

    fn new_run(&self, tenant: u8, run: u8) -> NewRun {
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
            projection: World::projection(RunStatus::Queued),
            idempotency: None,
            hold: None,
        }
    }

    fn opened(&self, id: u8) -> ApprovalOpened {
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

    fn settled(&self, id: u8, to: u8) -> ApprovalSettled {
        ApprovalSettled {
            id: approval_id(id),
            status: ApprovalStatus::ALL[usize::from(to) % ApprovalStatus::ALL.len()],
            comment: Some("because".to_owned()),
            decided_by: None,
            decided_at: self.clock.now(),
        }
    }
}

fn cross(to: u8, key: u8) -> CrossMessage {
    CrossMessage {
        to: run_id(to),
        key: MessageKey(format!("key-{key}")),
        body: Arc::from(&b"from a run"[..]),
    }
}
