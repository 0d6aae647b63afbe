use std::collections::BTreeSet;

use seawall_engine::store::SystemClock;
use seawall_engine::{VerifyFindingKind, VerifyReport, verify};
use seawall_store_sqlite::{SqliteInspector, damage, flip};

use super::populate::{Populated, open};

fn kinds(report: &VerifyReport) -> BTreeSet<VerifyFindingKind> {
    report.totals.keys().copied().collect()
}

/// What is done, what is found, and whether it can be mended.
const EXPECTED: &[(&str, VerifyFindingKind, bool)] = &[
    ("status", VerifyFindingKind::RowDiffers, true),
    ("status-means-nothing", VerifyFindingKind::RowUnreadable, true),
    ("awaits", VerifyFindingKind::RowDiffers, true),
    ("counts", VerifyFindingKind::RowDiffers, true),
    ("finished-at", VerifyFindingKind::RowDiffers, true),
    ("error-code", VerifyFindingKind::RowDiffers, true),
    ("last-seq", VerifyFindingKind::RowDiffers, true),
    ("no-timer", VerifyFindingKind::Stranded, true),
    ("late-timer", VerifyFindingKind::Stranded, true),
    ("unknown-holder", VerifyFindingKind::HeldByNobody, true),
    ("hole", VerifyFindingKind::JournalHole, false),
    ("cut-journal", VerifyFindingKind::JournalHole, false),
    ("unreadable-journal", VerifyFindingKind::JournalUnreadable, false),
    ("no-approval", VerifyFindingKind::ApprovalMissing, true),
    ("settled-approval", VerifyFindingKind::ApprovalDiffers, true),
    ("pending-approval", VerifyFindingKind::ApprovalDiffers, true),
    ("other-message", VerifyFindingKind::ApprovalDiffers, true),
    ("no-definition", VerifyFindingKind::DefinitionMissing, false),
    ("other-definition", VerifyFindingKind::DefinitionBroken, false),
    ("no-parent", VerifyFindingKind::Orphan, false),
    ("no-child", VerifyFindingKind::ChildMissing, false),
    ("child-ended", VerifyFindingKind::ChildEndLost, true),
    ("no-run", VerifyFindingKind::Strays, false),
    ("stray-key", VerifyFindingKind::Strays, true),
    ("other-tenant", VerifyFindingKind::RowUnreadable, false),
    ("other-creator", VerifyFindingKind::JournalForeign, false),
    ("index", VerifyFindingKind::Integrity, false),
    ("line-counts", VerifyFindingKind::Miscounted, true),
    ("no-lines", VerifyFindingKind::Miscounted, true),
    ("marks", VerifyFindingKind::Miscounted, true),
    ("queue-counts", VerifyFindingKind::Miscounted, true),
    ("key-heads", VerifyFindingKind::Miscounted, true),
    ("no-keys", VerifyFindingKind::Miscounted, true),
    ("slot-kept", VerifyFindingKind::SlotLost, true),
    ("slot-kept-by-a-wrong-row", VerifyFindingKind::SlotLost, true),
    ("retry-in-no-queue", VerifyFindingKind::SlotLost, true),
    ("retry-unread", VerifyFindingKind::Stranded, true),
    ("child-retry-unread", VerifyFindingKind::Stranded, true),
    ("child-retry-due-and-counts", VerifyFindingKind::RowDiffers, true),
    ("never-admitted", VerifyFindingKind::NeverAdmitted, false),
    ("no-tasks", VerifyFindingKind::TaskMissing, false),
    ("settled-tasks", VerifyFindingKind::TaskEndLost, false),
    ("unreadable-schedule", VerifyFindingKind::ScheduleUnreadable, false),
    ("no-firing", VerifyFindingKind::ScheduleStranded, false),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_damage_is_found_and_what_follows_from_journals_is_mended() {
    let populated = Populated::new().await;
    let healthy = populated.copy("healthy");
    let report = populated.check(&healthy).await;
    assert!(report.is_clean(), "{:#?}", report.findings);
    assert_eq!((report.runs, report.approvals), (23, 3));
    assert!(report.events > 40);
    for (name, kind, mendable) in EXPECTED {
        let path = populated.copy(name);
        damage(&path, name).expect("the damage is done");
        let found = populated.check(&path).await;
        assert!(kinds(&found).contains(kind), "{name}: {:#?}", found.findings);
        assert!(
            !found.is_clean() && found.findings.iter().all(|finding| !finding.repaired),
            "{name}"
        );
        if *name == "index" {
            // The file is not to be written to any more.
            continue;
        }
        populated.repair(&path).await;
        let left = populated.check(&path).await;
        if *mendable {
            assert!(left.is_clean(), "{name}: {:#?}", left.findings);
            let nothing = populated.repair(&path).await;
            assert!(nothing.totals.is_empty(), "{name}: {:#?}", nothing.findings);
        } else {
            assert!(kinds(&left).contains(kind), "{name}: {:#?}", left.findings);
        }
    }
}

/// What is looked up by a broken index, or stands on a broken page, is told; the rest is checked all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_page_or_index_hides_nothing_else() {
    use VerifyFindingKind as K;
    let populated = Populated::new().await;
    for (name, byte, told) in [
        ("sqlite_autoindex_workflow_versions_1", -6, K::DefinitionBroken),
        ("sqlite_autoindex_workflow_versions_1", 0, K::DefinitionBroken),
        ("workflow_versions", 0, K::DefinitionBroken),
        ("journal", 0, K::PartUnreadable),
        ("approvals", 0, K::PartUnreadable),
        ("inbox_unread", 0, K::Integrity),
        ("inbox", 0, K::Integrity),
        ("tasks", 0, K::Integrity),
        ("schedules", 0, K::Integrity),
        ("queues", 0, K::Integrity),
        ("flow_runs", 0, K::Integrity),
        ("flow_lines", 0, K::Integrity),
        ("sqlite_autoindex_runs_1", 0, K::Integrity),
        ("runs", 0, K::Integrity),
    ] {
        let path = populated.copy("page");
        flip(&path, name, byte).expect("the damage is done");
        let found = populated.check(&path).await;
        assert_eq!(found.findings[0].kind, K::Integrity, "{name}: {:#?}", found.findings);
        assert!(kinds(&found).contains(&told), "{name}: {:#?}", found.findings);
        if name != "runs" {
            assert_eq!(found.runs, 23, "{name}: {:#?}", found.findings);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_behind_a_broken_page_are_checked() {
    let populated = Populated::new().await;
    populated.more(100).await;
    let path = populated.copy("many");
    let all = populated.check(&path).await.runs;
    flip(&path, "runs", 0).expect("the damage is done");
    let found = populated.check(&path).await;
    assert!(found.runs > 0 && found.runs < all, "{} of {all}", found.runs);
    let hidden = found
        .findings
        .iter()
        .find(|finding| finding.detail.starts_with("rows of runs: those between number 0 and"));
    assert!(hidden.is_some(), "{:#?}", found.findings);
}

#[tokio::test]
async fn a_store_in_use_is_looked_at_as_it_is_at_one_moment() {
    let populated = Populated::new().await;
    let path = populated.copy("used");
    let store = open(&path);
    let inspector = SqliteInspector::open(&path).expect("reading needs no lock");
    assert!(inspector.is_in_use());
    let before = verify(
        &inspector,
        &populated.registry,
        seawall_engine::store::StoreClock::now(&SystemClock),
        false,
    );
    let before = before.await.expect("the store answers");
    seawall_engine::store::LeaseStore::register(
        &*store,
        seawall_engine::store::NodeId::generate(),
        std::time::Duration::from_secs(10),
    )
    .await
    .expect("the identity is new");
    damage(&path, "counts").expect("the damage is done");
    let later = verify(
        &inspector,
        &populated.registry,
        seawall_engine::store::StoreClock::now(&SystemClock),
        false,
    );
    let later = later.await.expect("the store answers");
    assert!(before.is_clean() && later.is_clean(), "{:#?}", later.findings);
    let refused = verify(
        &inspector,
        &populated.registry,
        seawall_engine::store::StoreClock::now(&SystemClock),
        true,
    );
    assert!(refused.await.expect("there is nothing to repair").is_clean());
}
