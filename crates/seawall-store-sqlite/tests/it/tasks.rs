//! Tasks under failures and crashes: counters that agree with a recount, no task given twice, no end lost or doubled.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::test_runner::{Config, TestRunner};
use rusqlite::Connection;
use seawall_store::{
    ClaimedTask, CrossMessage, Lease, LeaseStore as _, MessageKey, QueueName, QueueSettings, StoreError, TaskClaim,
    TaskEnder, TaskId, TaskLease, TaskOffered, TaskSettled, TaskStatus, TaskStore as _, TaskWithdrawn, Timestamp,
};
use seawall_store_sqlite::{FailAction, SqliteStore};
use uuid::Uuid;

use crate::kit::{Kit, append, message, start, start_append, until_queued};

const TASKS: u64 = 6;

fn mail() -> QueueName {
    QueueName::parse("mail").unwrap()
}

fn task(run: usize, place: u64) -> TaskOffered {
    TaskOffered {
        id: TaskId::derived(&[&run.to_be_bytes(), &place.to_be_bytes()]),
        queue: mail(),
        activity: format!("{run}.{place}"),
        attempt: 1,
        effect_key: String::new(),
        payload: vec![b'x'; 10 * run + 1].into(),
        key: (!place.is_multiple_of(3)).then(|| format!("key-{}", place % 3)),
        priority: 0,
        timeout: Duration::from_secs(60),
        offered_at: Timestamp::from_millis(1_700_000_000_000),
    }
}

fn worker(number: u128) -> TaskClaim {
    TaskClaim {
        worker: "worker".to_owned(),
        lease: TaskLease(Uuid::from_u128(number)),
        lease_for: Duration::from_secs(30),
        max: 2,
        max_bytes: 1 << 20,
    }
}

fn end(task: &ClaimedTask) -> TaskSettled {
    TaskSettled {
        id: task.id,
        lease: task.lease,
        by: TaskEnder::Worker,
        message: message(&format!("end {}", task.id), 1),
    }
}

fn rows(conn: &Connection, sql: &str) -> BTreeMap<String, String> {
    let mut statement = conn.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// What is counted agrees with what is there.
fn audit(kit: &Kit) {
    let conn = kit.raw();
    let counted = rows(
        &conn,
        "SELECT name, format('%d %d %d', offered, claimed, offered_bytes) FROM queues",
    );
    let recounted = rows(
        &conn,
        "SELECT q.name, format('%d %d %d', coalesce(sum(t.status = 0), 0), coalesce(sum(t.status = 1), 0),
             coalesce(sum(length(t.payload)), 0))
         FROM queues q LEFT JOIN tasks t ON t.queue_no = q.queue_no GROUP BY q.queue_no",
    );
    assert_eq!(counted, recounted);
    let counted = rows(
        &conn,
        "SELECT key, format('%d %d %d', offered, claimed, coalesce(head_task, 0)) FROM queue_keys",
    );
    let recounted = rows(
        &conn,
        "SELECT key, format('%d %d %d', sum(status = 0), sum(status = 1), coalesce(min(iif(status = 0, task_no, NULL)), 0))
         FROM tasks WHERE key IS NOT NULL AND status < 2 GROUP BY key",
    );
    assert_eq!(counted, recounted);
    let full = rows(
        &conn,
        "SELECT k.key, 'wrongly ' || k.is_full FROM queue_keys k JOIN queues q ON q.queue_no = k.queue_no
         WHERE k.is_full <> coalesce(k.claimed >= q.concurrency_per_key, 0)",
    );
    assert_eq!(full, BTreeMap::new());
}

/// The keys of all messages in all inboxes.
fn messages(kit: &Kit) -> Vec<String> {
    rows(&kit.raw(), "SELECT key, key FROM inbox").into_keys().collect()
}

fn withdrawn(lease: &Lease, id: TaskId) -> TaskWithdrawn {
    TaskWithdrawn {
        id,
        message: CrossMessage {
            to: lease.run,
            key: MessageKey("withdrawn".to_owned()),
            body: Arc::from(&b"x"[..]),
            unheard: None,
        },
        lost: Arc::from(&b"y"[..]),
        grace: Duration::ZERO,
    }
}

async fn limit_keys(kit: &Kit, store: &SqliteStore) {
    let settings = QueueSettings {
        concurrency_per_key: Some(2),
        ..QueueSettings::default()
    };
    store.set_queue(&kit.tenant, &mail(), settings, None).await.unwrap();
}

/// Crashes at `point` of a batch of an append, a claim and an end; answers what waits, what is claimed, and the messages.
async fn crash_at(point: &'static str) -> (u64, u64, Vec<String>) {
    let kit = Kit::new();
    let (store, node) = kit.open_with_node().await;
    limit_keys(&kit, &store).await;
    let (lease, other) = (kit.held(&store, node).await, kit.held(&store, node).await);
    let mut first = append(&lease, 1, "a");
    first.tasks = (0..6).map(|place| task(0, place)).collect();
    store.append(first).await.unwrap();
    let claimed = store.claim_tasks(&kit.tenant, &mail(), worker(1)).await.unwrap();
    kit.failures.shut("commit.before");
    let blocker = start_append(&store, append(&other, 1, "x"));
    kit.failures.wait_until_standing();
    let mut second = append(&lease, 2, "b");
    second.tasks = vec![task(0, 6), task(0, 7)];
    second.withdrawn = vec![withdrawn(&lease, task(0, 5).id)];
    let appending = start_append(&store, second);
    let (claims, settles) = (Arc::clone(&store), Arc::clone(&store));
    let (tenant, whose, ended) = (kit.tenant.clone(), kit.tenant.clone(), end(&claimed[0]));
    let claiming = start(async move { claims.claim_tasks(&tenant, &mail(), worker(2)).await });
    let settling = start(async move { settles.settle_task(&whose, ended).await });
    until_queued(&store, 3).await;
    // Within the next batch, not at the end of this one.
    kit.failures.release_to("append.before");
    kit.failures.wait_until_standing();
    if point != "append.before" {
        kit.failures.release_to(point);
        kit.failures.wait_until_standing();
    }

    let copy = Kit::new();
    for name in ["seawall.db", "seawall.db-wal"] {
        std::fs::copy(kit.dir.path().join(name), copy.dir.path().join(name)).unwrap();
    }
    kit.failures.release();
    blocker.await.unwrap().unwrap();
    appending.await.unwrap().unwrap();
    assert_eq!(claiming.await.unwrap().unwrap().len(), 2);
    settling.await.unwrap().unwrap();
    audit(&kit);

    let after = copy.open();
    audit(&copy);
    let queue = after.queue(&copy.tenant, &mail()).await.unwrap().unwrap();
    (queue.offered, queue.claimed, messages(&copy))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_commit_leaves_tasks_as_they_were_acknowledged() {
    assert_eq!(crash_at("append.before").await, (4, 2, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_commit_keeps_offers_claims_and_ends_with_their_messages() {
    let (offered, claimed, messages) = crash_at("commit.after").await;
    let ended = format!("end {}", task(0, 0).id);
    assert_eq!((offered, claimed), (3, 3));
    assert_eq!(messages, [ended, "withdrawn".to_owned()]);
}

fn action() -> impl Strategy<Value = Option<FailAction>> {
    prop_oneof![
        8 => Just(None),
        1 => Just(Some(FailAction::Full)),
        1 => Just(Some(FailAction::Io)),
        1 => Just(Some(FailAction::LoseAnswer)),
    ]
}

/// Calls until the answer is no fault. After an unknown outcome the call is made again: what it then meets is its own doing.
async fn insist<T>(mut call: impl AsyncFnMut() -> Result<T, StoreError>) -> (Result<T, StoreError>, bool) {
    let mut doubtful = false;
    loop {
        match call().await {
            Err(StoreError::Unavailable { .. }) => {}
            Err(StoreError::Ambiguous { .. }) => doubtful = true,
            answer => return (answer, doubtful),
        }
    }
}

/// Offers one task after the other, as a holder does.
async fn offers(store: &SqliteStore, lease: Lease, run: usize) {
    for place in 1..=TASKS {
        let mut offer = append(&lease, place, "x");
        offer.tasks = vec![task(run, place)];
        insist(async || store.append(offer.clone()).await).await.0.unwrap();
    }
}

/// Takes and ends tasks until all were given out.
async fn works(kit: &Kit, store: &SqliteStore, number: u128) -> Vec<ClaimedTask> {
    let mut had = Vec::new();
    for round in 0.. {
        let claim = worker(1 + number + 100 * round);
        let (claimed, _) = insist(async || store.claim_tasks(&kit.tenant, &mail(), claim.clone()).await).await;
        let claimed = claimed.unwrap();
        for task in &claimed {
            match insist(async || store.settle_task(&kit.tenant, end(task)).await).await {
                (Ok(()), _) | (Err(StoreError::StaleLease), true) => {}
                (answer, _) => panic!("{answer:?}"),
            }
        }
        let idle = claimed.is_empty();
        had.extend(claimed);
        let settled = rows(
            &kit.raw(),
            "SELECT 'all', sum(status <> 0) || '' FROM tasks HAVING count(*) > 0",
        );
        if idle && settled.get("all") == Some(&(TASKS * 3).to_string()) {
            return had;
        }
        tokio::task::yield_now().await;
    }
    had
}

#[test]
fn whatever_fails_no_task_is_given_twice_and_each_end_arrives_once() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let config = Config {
        cases: 16,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&vec(action(), 1..80), |actions| {
        runtime.block_on(async {
            let kit = Kit::new();
            let (store, node) = kit.open_with_node().await;
            let mut leases = Vec::new();
            for _ in 0..3 {
                leases.push(kit.held(&store, node).await);
            }
            let mut actions = actions.into_iter();
            kit.failures.set(move |_, _| actions.next().flatten());
            let offering = leases
                .iter()
                .enumerate()
                .map(|(run, lease)| offers(&store, lease.clone(), run));
            let working = (0..2).map(|number| works(&kit, &store, number));
            let (_, had) = tokio::join!(
                futures_util::future::join_all(offering),
                futures_util::future::join_all(working)
            );
            kit.failures.stop();
            drop(store);
            let store = kit.open();
            audit(&kit);
            let had: Vec<_> = had.into_iter().flatten().collect();
            let mut given: Vec<_> = had.iter().map(|task| task.id).collect();
            given.sort_unstable();
            given.dedup();
            assert_eq!(given.len(), had.len(), "a task was given twice");
            let mut expected: Vec<_> = had.iter().map(|task| format!("end {}", task.id)).collect();
            expected.sort_unstable();
            assert_eq!(messages(&kit), expected);
            for task in had {
                let record = store.task(&kit.tenant, task.id).await.unwrap().unwrap();
                assert_eq!(record.status, TaskStatus::Settled);
            }
        });
        Ok(())
    });
    outcome.unwrap();
}
