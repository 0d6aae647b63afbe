//! A crash as the disk sees it: the files are copied while the writer stands still, and the copy is opened. And a process
//! that really ends.

use std::path::Path;
use std::sync::Arc;

use seawall_store::{CreatedRun, LeaseStore as _, NodeId, RunStore as _, SystemClock, TenantId};
use seawall_store_sqlite::{FailAction, SqliteOptions, SqliteStore};

use crate::kit::{Kit, TTL, append, new_run, start_append, until_queued};

fn copy_to(from: &Path, kit: &Kit) {
    for name in ["seawall.db", "seawall.db-wal"] {
        std::fs::copy(from.join(name), kit.dir.path().join(name)).unwrap();
    }
}

/// Crashes at `point` of a batch of two, after two acknowledged appends; answers the journals of both runs.
async fn crash_at(point: &'static str) -> (String, String) {
    let kit = Kit::new();
    let (store, node) = kit.open_with_node().await;
    let one = kit.held(&store, node).await;
    let two = kit.held(&store, node).await;
    store.append(append(&one, 1, "a")).await.unwrap();
    store.append(append(&two, 1, "b")).await.unwrap();
    kit.failures.shut("commit.before");
    let first = start_append(&store, append(&one, 2, "c"));
    kit.failures.wait_until_standing();
    let second = start_append(&store, append(&two, 2, "d"));
    until_queued(&store, 1).await;
    kit.failures.release_to(point);
    kit.failures.wait_until_standing();

    let copy = Kit::new();
    copy_to(kit.dir.path(), &copy);
    kit.failures.release();
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();

    let after = copy.open();
    // Recovery: the new process buries the old node, takes its runs and goes on where they stopped.
    let heir = NodeId::generate();
    after.register(heir, TTL).await.unwrap();
    let limits = seawall_store::ClaimLimits {
        max: 10,
        suspects: 0,
        grave: false,
        reader: 1,
        ttl: TTL,
    };
    let claimed = after.claim(heir, limits).await.unwrap();
    assert_eq!(claimed.len(), 2, "a run is stranded");
    for run in claimed {
        let loaded = after.load(&run.lease).await.unwrap();
        let last = loaded.record.last_seq.0;
        after.append(append(&run.lease, last, "!")).await.unwrap();
    }
    (copy.journal(&after, one.run).await, copy.journal(&after, two.run).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_commit_loses_nothing_that_was_acknowledged() {
    let (one, two) = crash_at("append.before").await;
    assert_eq!((one.as_str(), two.as_str()), ("0ac!", "0b!"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_commit_keeps_what_nobody_was_told_of() {
    let (one, two) = crash_at("commit.after").await;
    assert_eq!((one.as_str(), two.as_str()), ("0ac!", "0b!"));
}

#[tokio::test]
async fn a_reopened_store_has_everything_and_its_runs_are_claimable() {
    let kit = Kit::new();
    let (store, node) = kit.open_with_node().await;
    let lease = kit.held(&store, node).await;
    for place in 1..=50 {
        store.append(append(&lease, place, "x")).await.unwrap();
    }
    drop(store);
    let (store, heir) = kit.open_with_node().await;
    assert!(store.load(&lease).await.is_err(), "the old lease is void");
    assert!(store.append(append(&lease, 51, "y")).await.is_err());
    let limits = seawall_store::ClaimLimits {
        max: 10,
        suspects: 0,
        grave: false,
        reader: 1,
        ttl: TTL,
    };
    let claimed = store.claim(heir, limits).await.unwrap();
    assert_eq!((claimed.len(), claimed[0].lease.epoch.0, claimed[0].deaths), (1, 2, 1));
    assert_eq!(store.load(&claimed[0].lease).await.unwrap().segments.len(), 51);
}

/// The name of the file in which the doomed process finds where it shall end.
const DOOM: &str = "doom";

#[test]
#[ignore = "the process that the next test starts: it ends in the middle"]
fn a_doomed_process() {
    let Ok(doom) = std::fs::read_to_string(DOOM) else {
        return;
    };
    let (point, hit) = doom.split_once(' ').unwrap();
    let (point, hit) = (point.to_owned(), hit.parse::<u64>().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut options = SqliteOptions::new("seawall.db", Arc::new(SystemClock));
        options.failpoints = Some(Arc::new(move |reached: &str, count| {
            (reached == point && count == hit).then_some(FailAction::Abort)
        }));
        let store = SqliteStore::open(options).unwrap();
        let node = NodeId::generate();
        store.register(node, TTL).await.unwrap();
        let created = store
            .create_run(&TenantId::default(), new_run(Some(node)))
            .await
            .unwrap();
        let CreatedRun::New { lease: Some(lease) } = created else {
            return;
        };
        std::fs::write("run", lease.run.to_string()).unwrap();
        for place in 1..100 {
            store.append(append(&lease, place, "x")).await.unwrap();
            std::fs::write("acknowledged", (place + 1).to_string()).unwrap();
        }
    });
}

#[tokio::test]
async fn a_process_that_ends_at_any_point_has_kept_its_word() {
    for point in ["append.before", "commit.before", "commit.after"] {
        for hit in [5, 30] {
            let kit = Kit::new();
            std::fs::write(kit.dir.path().join(DOOM), format!("{point} {hit}")).unwrap();
            let ended = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "crashes::a_doomed_process", "--ignored"])
                .current_dir(kit.dir.path())
                .output()
                .unwrap();
            assert!(!ended.status.success(), "it was to end in the middle");
            let read = |name: &str| std::fs::read_to_string(kit.dir.path().join(name)).unwrap();
            let acknowledged: u64 = read("acknowledged").parse().unwrap();
            let store = kit.open();
            let journal = kit.journal(&store, read("run").parse().unwrap()).await;
            // What was committed and not yet answered may be there or, before its commit, not.
            let unanswered = u64::from(point == "commit.after");
            assert_eq!(journal.len() as u64, acknowledged + unanswered, "{point} {hit}");
        }
    }
}
