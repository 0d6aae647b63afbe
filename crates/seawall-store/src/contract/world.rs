//! What every case needs before it comes to its point.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::Subject;
use crate::ids::{ApprovalId, Digest, NodeId, RunId, Seq, TenantId, WorkflowId};
use crate::manual_clock::ManualClock;
use crate::records::{
    Append, AppendThen, Appended, ApprovalFilter, ApprovalOpened, Awaits, ClaimLimits, ClaimedRun, CreatedRun, Lease,
    MessageKey, NewMessage, NewRun, NewWorkflow, OwnTurn, Page, RunFilter, RunProjection, RunRecord, RunStatus,
    Segment, StatusSet, Turn, WorkflowVersion,
};
use crate::roles::Store;
use crate::time::{StoreClock as _, Timestamp};

/// How long nodes live here without renewal.
pub const TTL: Duration = Duration::from_secs(10);
/// What the journals of these runs need, and those who claim them have.
pub const READER: u32 = 2;

/// A store with one workflow, and short words for what cases do with it.
pub struct World<'a> {
    pub store: &'a dyn Store,
    pub clock: &'a ManualClock,
    pub tenant: TenantId,
    pub flow: WorkflowVersion,
}

impl<'a> World<'a> {
    /// The world of the default tenant.
    pub async fn of(subject: &'a Subject) -> Self {
        Self::of_tenant(subject, TenantId::default()).await
    }

    pub async fn of_tenant(subject: &'a Subject, tenant: TenantId) -> Self {
        let store = &*subject.store;
        let new = Self::workflow("flow", "{\"name\":\"flow\"}");
        let flow = store
            .create_workflow(&tenant, new)
            .await
            .expect("the store is empty")
            .pinned();
        Self {
            store,
            clock: &subject.clock,
            tenant,
            flow,
        }
    }

    #[must_use]
    pub fn workflow(name: &str, source: &str) -> NewWorkflow {
        NewWorkflow {
            id: WorkflowId::generate(),
            name: Arc::from(name),
            description: Some(format!("what {name} does")),
            source: Arc::from(source),
            digest: Digest::of(source.as_bytes()),
        }
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    #[must_use]
    pub fn later(&self, by: Duration) -> Timestamp {
        self.now().saturating_add(by)
    }

    #[must_use]
    pub fn projection(status: RunStatus) -> RunProjection {
        RunProjection {
            status,
            awaits: Awaits::Nobody,
            total_steps: 3,
            completed_steps: 0,
            started_at: None,
            finished_at: None,
            error_code: None,
            error_step: None,
            error_message: None,
        }
    }

    #[must_use]
    pub fn segment(first: u64, count: u32, text: &str) -> Segment {
        Segment {
            first: Seq(first),
            count,
            bytes: Arc::from(text.as_bytes()),
        }
    }

    /// A queued run whose journal has one event.
    #[must_use]
    pub fn new_run(&self) -> NewRun {
        NewRun {
            id: RunId::generate(),
            workflow: self.flow.clone(),
            created_by: Arc::from("someone"),
            created_at: self.now(),
            parent: None,
            segment: Self::segment(1, 1, "created"),
            reader: READER,
            projection: Self::projection(RunStatus::Queued),
            idempotency: None,
            hold: None,
            priority: 0,
            flow: None,
        }
    }

    #[must_use]
    pub fn message(key: &str) -> NewMessage {
        NewMessage {
            key: MessageKey(key.to_owned()),
            allowed: StatusSet::live(),
            body: Arc::from(format!("body of {key}").as_bytes()),
            turn: Turn::Keep,
        }
    }

    #[must_use]
    pub fn opened(&self, id: ApprovalId) -> ApprovalOpened {
        ApprovalOpened {
            id,
            step: "ask".to_owned(),
            item: Some(2),
            message: "May I?".to_owned(),
            deciders: vec!["ann".to_owned(), "bob".to_owned()],
            requested_at: self.now(),
            expires_at: Some(self.later(TTL)),
        }
    }

    /// An append of one event after the run's last place, by which the run is `Running` and stays held.
    pub async fn next(&self, lease: &Lease, text: &str) -> Append {
        let after = self.record(lease.run).await.last_seq;
        Append {
            lease: lease.clone(),
            segment: Some(Self::segment(after.0 + 1, 1, text)),
            after,
            projection: Self::projection(RunStatus::Running),
            reader: READER,
            consumed: Vec::new(),
            opened: Vec::new(),
            settled: Vec::new(),
            children: Vec::new(),
            messages: Vec::new(),
            tasks: Vec::new(),
            withdrawn: Vec::new(),
            turn: OwnTurn::Keep,
            keeps_deaths: false,
            then: AppendThen::Hold,
        }
    }

    /// A new node that is alive.
    pub async fn node(&self) -> NodeId {
        let node = NodeId::generate();
        self.store.register(node, TTL).await.expect("the identity is new");
        node
    }

    pub async fn create(&self, new: NewRun) -> CreatedRun {
        self.store.create_run(&self.tenant, new).await.expect("the run is new")
    }

    /// A run that nobody holds and that is due.
    pub async fn unheld(&self) -> RunId {
        let new = self.new_run();
        let id = new.id;
        self.create(new).await;
        id
    }

    /// A run that was born held by `node`.
    pub async fn held(&self, node: NodeId) -> Lease {
        let new = NewRun {
            hold: Some(node),
            ..self.new_run()
        };
        let created = self.create(new).await;
        let CreatedRun::New { lease: Some(lease) } = created else {
            unreachable!("a run with `hold` is born held: {created:?}")
        };
        lease
    }

    /// What the store says that `node` holds.
    pub async fn leases(&self, node: NodeId) -> Vec<Lease> {
        let held = self.store.held(node).await.expect("reading works");
        held.into_iter().map(|held| held.lease).collect()
    }

    /// A run that ended with `status`.
    pub async fn ended(&self, node: NodeId, status: RunStatus) -> Lease {
        let lease = self.held(node).await;
        let mut end = self.next(&lease, "ended").await;
        end.projection = Self::projection(status);
        end.then = AppendThen::End;
        let appended = self.append(end).await;
        assert!(appended.parked, "an ended run is not held");
        lease
    }

    pub async fn append(&self, append: Append) -> Appended {
        self.store.append(append).await.expect("the lease holds the run")
    }

    /// Parks the run with one more event.
    pub async fn park(&self, lease: &Lease, due: Option<Timestamp>) -> Appended {
        let mut park = self.next(lease, "parked").await;
        park.projection = Self::projection(RunStatus::Waiting);
        park.then = AppendThen::Park { due };
        self.append(park).await
    }

    pub async fn claim(&self, node: NodeId, max: u32) -> Vec<ClaimedRun> {
        self.claim_with(node, max, 0).await
    }

    pub async fn claim_with(&self, node: NodeId, max: u32, suspects: u32) -> Vec<ClaimedRun> {
        let limits = ClaimLimits {
            max,
            suspects,
            grave: suspects > 0,
            reader: READER,
            ttl: TTL,
        };
        self.store.claim(node, limits).await.expect("the node is alive")
    }

    /// Lets the holders of now die and takes their runs over with a new node, which has claimed nothing yet.
    pub async fn take_over(&self) -> NodeId {
        self.clock.advance(TTL);
        self.store.bury_expired().await.expect("burying works");
        self.node().await
    }

    pub async fn record(&self, run: RunId) -> RunRecord {
        let found = self.store.run(&self.tenant, run).await.expect("reading works");
        found.expect("the run exists")
    }

    pub async fn send(&self, run: RunId, key: &str) {
        let sent = self.store.send(&self.tenant, run, Self::message(key)).await;
        assert_eq!(sent.expect("the message is allowed"), crate::records::Sent::Accepted);
    }

    /// A message to a run that has ended, as a retry is one.
    pub async fn send_late(&self, run: RunId) {
        let message = NewMessage {
            allowed: StatusSet::of(&[RunStatus::Succeeded, RunStatus::Failed, RunStatus::Cancelled]),
            ..Self::message("late")
        };
        let sent = self.store.send(&self.tenant, run, message).await;
        assert_eq!(sent.expect("the message is allowed"), crate::records::Sent::Accepted);
    }

    /// Keys of the unread messages, oldest first.
    pub async fn inbox(&self, lease: &Lease) -> Vec<String> {
        let rows = self.store.unread(lease, 1000).await.expect("the lease holds the run");
        rows.into_iter().map(|row| row.key.0).collect()
    }

    /// The journal as one text, and how many events it has.
    pub async fn journal(&self, run: RunId) -> (u64, String) {
        let page = self.store.journal(&self.tenant, run, Seq(0), usize::MAX).await;
        let segments = page.expect("the run exists").segments;
        let count = segments.iter().map(|segment| u64::from(segment.count)).sum();
        let bytes: Vec<u8> = segments.iter().flat_map(|segment| segment.bytes.to_vec()).collect();
        (count, String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Everything of this tenant that an append could change, as text to compare.
    pub async fn picture(&self, lease: &Lease) -> String {
        let runs = self
            .store
            .list_runs(&self.tenant, RunFilter::default(), Page::first(200))
            .await;
        let runs = runs.expect("listing works").items;
        let mut journals = Vec::new();
        for run in &runs {
            journals.push(self.journal(run.id).await);
        }
        let approvals = self
            .store
            .list_approvals(&self.tenant, ApprovalFilter::default(), Page::first(200))
            .await;
        let approvals = approvals.expect("listing works").items;
        let inbox = self.store.unread(lease, 1000).await.expect("the lease holds the run");
        format!("{runs:#?}\n{journals:#?}\n{approvals:#?}\n{inbox:#?}")
    }
}

/// Asserts that a call was refused for the given reason.
macro_rules! assert_refused {
    ($result:expr, $reason:pat) => {
        let result = $result;
        assert!(
            matches!(&result, Err($reason)),
            "expected {}, got {result:?}",
            stringify!($reason)
        );
    };
}
pub(super) use assert_refused;
