//! Runs that cannot be read any more can be deleted, and leave nothing behind.

use std::time::Duration;

use seawall_engine::store::{Page, RunFilter, RunId};
use seawall_engine::{Engine, EngineError, Principal};
use seawall_store_sqlite::damage;

use super::populate::Populated;

/// Children first, and each once nobody looks at it.
async fn delete_all(engine: &Engine) {
    let me = &Principal::local();
    let listed = engine.list_runs(me, RunFilter::default(), Page::first(200)).await;
    let mut left: Vec<RunId> = listed.unwrap().items.iter().map(|run| run.id).collect();
    while !left.is_empty() {
        let mut kept = Vec::new();
        for run in left {
            match engine.delete_run(me, run).await {
                Ok(()) => {}
                Err(EngineError::Conflict { .. }) => kept.push(run),
                Err(error) => panic!("{run}: {error:?}"),
            }
        }
        left = kept;
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_run_that_cannot_be_read_can_be_deleted_and_leaves_nothing_behind() {
    let populated = Populated::new().await;
    for name in ["unreadable-journal", "hole", "no-definition"] {
        let path = populated.copy(name);
        damage(&path, name).expect("the damage is done");
        let deleting = populated.led(&path, async |engine: &Engine| {
            let all = tokio::time::timeout(Duration::from_secs(60), delete_all(engine));
            all.await.unwrap_or_else(|_| panic!("{name}: some are kept"));
        });
        deleting.await;
        let found = populated.check(&path).await;
        assert!(found.is_clean() && found.runs == 0, "{name}: {:#?}", found.findings);
    }
}
