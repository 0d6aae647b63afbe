//! A store in a temporary folder, with a hand on its failpoints.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use seawall_store::{
    Append, AppendThen, Awaits, CreatedRun, Lease, LeaseStore as _, MessageKey, NewMessage, NewRun, NodeId, OwnTurn,
    RunId, RunProjection, RunStatus, RunStore as _, Segment, Seq, StatusSet, StoreClock, StoreResult, TenantId,
    Timestamp, Turn, WorkflowId, WorkflowVersion,
};
use seawall_store_sqlite::{FailAction, SqliteOptions, SqliteStore};
use tempfile::TempDir;

pub(crate) const TTL: Duration = Duration::from_secs(10);

/// Stands still.
struct Still(AtomicI64);

impl StoreClock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

type Decide = Box<dyn FnMut(&str, u64) -> Option<FailAction> + Send>;

#[derive(Default)]
struct Hand {
    decide: Option<Decide>,
    /// The point at which the writer is to stand still.
    shut: Option<&'static str>,
    standing: bool,
}

/// What a test does with the writer: make it fail, make it stand still.
#[derive(Clone, Default)]
pub(crate) struct Failures(Arc<(Mutex<Hand>, Condvar)>);

impl Failures {
    /// From now on `decide` says what happens at each point.
    pub(crate) fn set(&self, decide: impl FnMut(&str, u64) -> Option<FailAction> + Send + 'static) {
        self.0.0.lock().decide = Some(Box::new(decide));
    }

    /// The next time that `point` is reached, and only then, `action` happens.
    pub(crate) fn once(&self, point: &'static str, action: FailAction) {
        let mut left = Some(action);
        self.set(move |reached, _| if reached == point { left.take() } else { None });
    }

    pub(crate) fn stop(&self) {
        self.0.0.lock().decide = None;
    }

    /// The writer will stand still at `point`.
    pub(crate) fn shut(&self, point: &'static str) {
        self.0.0.lock().shut = Some(point);
    }

    /// Blocks until the writer stands still.
    pub(crate) fn wait_until_standing(&self) {
        let (hand, changed) = &*self.0;
        let mut hand = hand.lock();
        while !hand.standing {
            changed.wait(&mut hand);
        }
    }

    pub(crate) fn release(&self) {
        self.0.0.lock().shut = None;
        self.0.1.notify_all();
    }

    /// Lets the writer go on to another point and stand still there.
    pub(crate) fn release_to(&self, point: &'static str) {
        let mut hand = self.0.0.lock();
        hand.shut = Some(point);
        hand.standing = false;
        drop(hand);
        self.0.1.notify_all();
    }

    fn reached(&self, point: &str, hit: u64) -> Option<FailAction> {
        let (hand, changed) = &*self.0;
        let mut hand = hand.lock();
        while hand.shut == Some(point) {
            hand.standing = true;
            changed.notify_all();
            changed.wait(&mut hand);
        }
        hand.standing = false;
        hand.decide.as_mut().and_then(|decide| decide(point, hit))
    }
}

pub(crate) struct Kit {
    pub(crate) dir: TempDir,
    pub(crate) failures: Failures,
    pub(crate) tenant: TenantId,
}

impl Kit {
    pub(crate) fn new() -> Self {
        Self {
            dir: TempDir::new().expect("a temporary folder"),
            failures: Failures::default(),
            tenant: TenantId::default(),
        }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("seawall.db")
    }

    pub(crate) fn options(&self) -> SqliteOptions {
        let clock = Arc::new(Still(AtomicI64::new(1_700_000_000_000)));
        let failures = self.failures.clone();
        let mut options = SqliteOptions::new(self.path(), clock);
        options.failpoints = Some(Arc::new(move |point: &str, hit| failures.reached(point, hit)));
        options
    }

    pub(crate) fn open(&self) -> Arc<SqliteStore> {
        Arc::new(SqliteStore::open(self.options()).expect("the store opens"))
    }

    /// Looks at the file past the store.
    pub(crate) fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).expect("the file opens")
    }

    /// A store with a live node.
    pub(crate) async fn open_with_node(&self) -> (Arc<SqliteStore>, NodeId) {
        let store = self.open();
        let node = NodeId::generate();
        store.register(node, TTL).await.expect("the identity is new");
        (store, node)
    }

    pub(crate) async fn held(&self, store: &SqliteStore, node: NodeId) -> Lease {
        match store.create_run(&self.tenant, new_run(Some(node))).await.unwrap() {
            CreatedRun::New { lease: Some(lease) } => lease,
            other => panic!("not held: {other:?}"),
        }
    }

    /// The run's events as one text, checked to have no hole.
    pub(crate) async fn journal(&self, store: &SqliteStore, run: RunId) -> String {
        let page = store.journal(&self.tenant, run, Seq(0), usize::MAX).await.unwrap();
        let mut reached = 0;
        let mut text = String::new();
        for segment in &page.segments {
            assert_eq!(segment.first.0, reached + 1, "a hole in the journal");
            reached = segment.last().0;
            text.push_str(std::str::from_utf8(&segment.bytes).unwrap());
        }
        assert_eq!(page.record.last_seq.0, reached, "the row and the journal differ");
        text
    }
}

pub(crate) fn projection(status: RunStatus) -> RunProjection {
    RunProjection {
        status,
        awaits: Awaits::Nobody,
        total_steps: 1,
        completed_steps: 0,
        started_at: None,
        finished_at: None,
        error_code: None,
        error_step: None,
        error_message: None,
    }
}

pub(crate) fn new_run(hold: Option<NodeId>) -> NewRun {
    NewRun {
        id: RunId::generate(),
        workflow: WorkflowVersion {
            id: WorkflowId::from_uuid(uuid::Uuid::from_u128(7)),
            name: Arc::from("flow"),
            version: 1,
        },
        created_by: Arc::from("someone"),
        created_at: Timestamp::from_millis(1),
        parent: None,
        segment: segment(1, "0"),
        reader: 1,
        projection: projection(RunStatus::Running),
        idempotency: None,
        hold,
        priority: 0,
        flow: None,
    }
}

pub(crate) fn segment(first: u64, text: &str) -> Segment {
    Segment {
        first: Seq(first),
        count: 1,
        bytes: Arc::from(text.as_bytes()),
    }
}

/// One event at the place after `after`.
pub(crate) fn append(lease: &Lease, after: u64, text: &str) -> Append {
    Append {
        lease: lease.clone(),
        segment: Some(segment(after + 1, text)),
        after: Seq(after),
        projection: projection(RunStatus::Running),
        reader: 1,
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

pub(crate) fn message(key: &str, bytes: usize) -> NewMessage {
    NewMessage {
        key: MessageKey(key.to_owned()),
        allowed: StatusSet::live(),
        body: vec![b'x'; bytes].into(),
        turn: Turn::Keep,
    }
}

/// Starts a call without waiting for it.
pub(crate) fn start<T: Send + 'static>(
    call: impl Future<Output = StoreResult<T>> + Send + 'static,
) -> tokio::task::JoinHandle<StoreResult<T>> {
    #[expect(clippy::disallowed_methods, reason = "a test waits for its own tasks")]
    tokio::spawn(call)
}

pub(crate) fn start_append(
    store: &Arc<SqliteStore>,
    append: Append,
) -> tokio::task::JoinHandle<StoreResult<seawall_store::Appended>> {
    let store = Arc::clone(store);
    start(async move { store.append(append).await })
}

/// Lets other tasks go on until this many operations wait.
pub(crate) async fn until_queued(store: &SqliteStore, count: usize) {
    while store.metrics().queued < count {
        tokio::task::yield_now().await;
    }
}
