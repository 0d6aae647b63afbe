//! The rows and the few changes of them that several methods share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::error::{StoreError, StoreResult};
use crate::ids::{ApprovalId, Digest, Epoch, NodeId, RunId, RunKey, TenantId, WorkflowId};
use crate::memory::flow_rows::{FlowRow, LineName, LineRow};
use crate::memory::identity::IdentityRows;
use crate::memory::task_rows::{QueueRow, TaskRow};
use crate::records::{
    ApprovalRecord, ClaimLimits, FlowNumbers, HeldRun, InboxRow, Lease, MessageKey, NewRun, QueueName, RunProgress,
    RunRecord, ScheduleRecord, Segment, WorkflowRecord,
};
use crate::time::Timestamp;

/// What watchers are told after the change.
pub(super) enum News {
    Progressed(RunId, RunProgress),
    Message(RunId),
    Work,
    Schedules,
    /// So many more tasks of the queue may be claimable.
    Offered(TenantId, QueueName, usize),
    Lapses,
}

pub(super) struct WorkflowRow {
    pub tenant: TenantId,
    pub id: WorkflowId,
    pub deleted: bool,
    /// When it was created, kept or deleted for the last time.
    pub used_at: Timestamp,
    /// By version, ascending from 1; never empty.
    pub versions: Vec<WorkflowRecord>,
}

impl WorkflowRow {
    pub(super) fn latest(&self) -> &WorkflowRecord {
        self.versions.last().expect("a workflow is made with version 1")
    }
}

pub(super) struct RunRow {
    pub tenant: TenantId,
    pub record: RunRecord,
    pub segments: Vec<Segment>,
    /// Unread messages, oldest first.
    pub inbox: Vec<InboxRow>,
    /// Messages that nobody reads before the run is admitted anew.
    pub withheld: Vec<InboxRow>,
    /// Every key that ever was in the inbox, and what a message that was sent said.
    pub known: BTreeMap<MessageKey, Option<Digest>>,
}

impl RunRow {
    pub(super) fn is_held_by(&self, lease: &Lease) -> bool {
        self.tenant == lease.tenant
            && self.record.id == lease.run
            && self.record.holder == Some(lease.node)
            && self.record.epoch == lease.epoch
    }

    pub(super) fn lease(&self) -> Option<Lease> {
        self.record.holder.map(|node| Lease {
            key: self.record.key,
            run: self.record.id,
            tenant: self.tenant.clone(),
            node,
            epoch: self.record.epoch,
        })
    }

    pub(super) fn held(&self) -> Option<HeldRun> {
        self.lease().map(|lease| HeldRun {
            lease,
            deaths: self.record.deaths,
            last_seq: self.record.last_seq,
        })
    }

    pub(super) fn progress(&self) -> RunProgress {
        RunProgress {
            seq: self.record.last_seq,
            status: self.record.projection.status,
            awaits: self.record.projection.awaits,
        }
    }
}

pub(super) struct ApprovalRow {
    pub tenant: TenantId,
    pub record: ApprovalRecord,
    /// A decision was accepted.
    pub decided: bool,
}

pub(super) struct ScheduleRow {
    pub tenant: TenantId,
    pub record: ScheduleRecord,
}

pub(super) struct NodeRow {
    pub node: NodeId,
    /// How long a life it was last granted.
    pub ttl: Duration,
    pub lives_until: Timestamp,
    pub buried: bool,
}

pub(super) struct KeyRow {
    pub fingerprint: Digest,
    pub expires_at: Timestamp,
    pub run: RunKey,
}

#[derive(Default)]
pub(super) struct State {
    pub workflows: BTreeMap<i64, WorkflowRow>,
    pub runs: BTreeMap<RunKey, RunRow>,
    pub keys: BTreeMap<(TenantId, Digest), KeyRow>,
    pub approvals: BTreeMap<i64, ApprovalRow>,
    pub schedules: BTreeMap<i64, ScheduleRow>,
    pub nodes: BTreeMap<Uuid, NodeRow>,
    pub flow_scopes: BTreeMap<(TenantId, WorkflowId), FlowNumbers>,
    pub flow_lines: BTreeMap<LineName, LineRow>,
    pub flow_runs: BTreeMap<RunKey, FlowRow>,
    pub tasks: BTreeMap<i64, TaskRow>,
    pub queues: BTreeMap<(TenantId, QueueName), QueueRow>,
    pub identity: IdentityRows,
    pub news: Vec<News>,
    pub closed: bool,
    /// Nobody but this process can take what its node holds.
    pub exclusive: bool,
    /// How often was claimed: who begins changes.
    pub claims: u64,
    last_number: i64,
}

impl State {
    pub(super) fn new(exclusive: bool) -> Self {
        Self {
            exclusive,
            ..Self::default()
        }
    }

    /// A number for a new row, higher than all before it.
    pub(super) fn number(&mut self) -> i64 {
        self.last_number += 1;
        self.last_number
    }

    pub(super) fn run_by_id(&self, tenant: &TenantId, id: RunId) -> StoreResult<&RunRow> {
        let mut rows = self.runs.values();
        rows.find(|row| row.record.id == id && row.tenant == *tenant)
            .ok_or(StoreError::NotFound)
    }

    pub(super) fn has_run(&self, id: RunId) -> bool {
        self.runs.values().any(|row| row.record.id == id)
    }

    /// The run, if the lease holds it.
    pub(super) fn held_run(&mut self, lease: &Lease) -> StoreResult<&mut RunRow> {
        let row = self.runs.get_mut(&lease.key).filter(|row| row.is_held_by(lease));
        row.ok_or(StoreError::StaleLease)
    }

    pub(super) fn approval_mut(&mut self, id: ApprovalId) -> Option<&mut ApprovalRow> {
        self.approvals.values_mut().find(|row| row.record.id == id)
    }

    pub(super) fn is_alive(&self, node: NodeId, now: Timestamp) -> bool {
        self.nodes
            .get(&node.uuid())
            .is_some_and(|row| !row.buried && (self.exclusive || now < row.lives_until))
    }

    /// Writes a run whose id is free.
    pub(super) fn insert_run(
        &mut self,
        tenant: &TenantId,
        new: NewRun,
        hold: Option<NodeId>,
        now: Timestamp,
    ) -> RunKey {
        let key = RunKey(self.number());
        let due = match &new.flow {
            Some(flow) => flow.deadline,
            None => (hold.is_none() && !new.projection.status.is_terminal()).then_some(Timestamp::ZERO),
        };
        let record = RunRecord {
            key,
            id: new.id,
            workflow: new.workflow,
            created_by: new.created_by,
            created_at: new.created_at,
            parent: new.parent,
            priority: new.priority,
            projection: new.projection,
            last_seq: new.segment.last(),
            epoch: Epoch(u64::from(hold.is_some())),
            holder: hold,
            due,
            deaths: 0,
            reader: new.reader,
        };
        let row = RunRow {
            tenant: tenant.clone(),
            record,
            segments: vec![new.segment],
            inbox: Vec::new(),
            withheld: Vec::new(),
            known: BTreeMap::new(),
        };
        self.news.push(News::Progressed(new.id, row.progress()));
        if hold.is_none() {
            self.news.push(News::Work);
        }
        self.runs.insert(key, row);
        if let Some(flow) = new.flow {
            self.come_in(tenant, key, new.priority, flow, now);
        }
        key
    }

    /// Puts a message into the inbox of a run that exists. False: the inbox knows its key, and nothing happened.
    pub(super) fn deliver(&mut self, run: RunKey, key: MessageKey, body: Arc<[u8]>) -> bool {
        let id = self.number();
        let row = self.runs.get_mut(&run).expect("the caller has looked the run up");
        if row.known.contains_key(&key) {
            return false;
        }
        row.known.insert(key.clone(), None);
        row.inbox.push(InboxRow { id, key, body });
        self.make_due(run);
        true
    }

    /// There is a message: an unheld run is due at once, a holder is told.
    pub(super) fn make_due(&mut self, run: RunKey) {
        let row = self.runs.get_mut(&run).expect("the caller has looked the run up");
        if row.record.holder.is_none() {
            row.record.due = Some(Timestamp::ZERO);
        }
        self.news.push(News::Message(row.record.id));
    }

    /// What was withheld can be read from now on.
    pub(super) fn give_withheld(&mut self, run: RunKey) {
        let row = self.runs.get_mut(&run).expect("the caller has looked the run up");
        row.inbox.append(&mut row.withheld);
        row.inbox.sort_by_key(|message| message.id);
        self.make_due(run);
    }

    /// What nobody has read yet is for nobody to read before the run is admitted anew.
    pub(super) fn withhold_unread(&mut self, run: RunKey) {
        let row = self.runs.get_mut(&run).expect("the caller has looked the run up");
        row.withheld.append(&mut row.inbox);
        row.withheld.sort_by_key(|message| message.id);
    }

    /// Forgets what is withheld, so that it can be sent again. False: nothing is.
    pub(super) fn forget_withheld(&mut self, run: RunKey) -> bool {
        let row = self.runs.get_mut(&run).expect("the caller has looked the run up");
        for message in &row.withheld {
            row.known.remove(&message.key);
        }
        !std::mem::take(&mut row.withheld).is_empty()
    }

    /// Takes the runs away from `node`, which has died or retired. Answers how many.
    pub(super) fn release_runs(&mut self, node: NodeId, died: bool, now: Timestamp) -> u64 {
        let mut released = 0;
        for row in self.runs.values_mut().filter(|row| row.record.holder == Some(node)) {
            let record = &mut row.record;
            record.holder = None;
            record.due = Some(Timestamp::ZERO);
            if died {
                record.deaths += 1;
                if record.deaths >= ClaimLimits::SUSPECT {
                    record.due = Some(now.saturating_add(backoff(record.deaths)));
                }
            }
            released += 1;
        }
        if released > 0 {
            self.news.push(News::Work);
        }
        released
    }

    /// Buries the nodes that `dies` picks, unless they are buried already. Answers how many runs were released.
    pub(super) fn bury(&mut self, now: Timestamp, dies: impl Fn(&NodeRow) -> bool) -> u64 {
        let mut dead = Vec::new();
        for row in self.nodes.values_mut().filter(|row| !row.buried) {
            if dies(row) {
                row.buried = true;
                dead.push(row.node);
            }
        }
        dead.into_iter().map(|node| self.release_runs(node, true, now)).sum()
    }
}

/// How long a suspect stays alone after its holder died.
fn backoff(deaths: u32) -> Duration {
    let seconds = 2u64
        .checked_pow(deaths.saturating_sub(ClaimLimits::SUSPECT))
        .unwrap_or(u64::MAX);
    Duration::from_secs(seconds.min(300))
}
