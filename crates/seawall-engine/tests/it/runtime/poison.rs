//! Steps that kill the process that begins them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use seawall_engine::Outcome;
use seawall_engine::store::{ClaimLimits, Fault, LeaseStore as _, RunId, RunStatus, RunStore as _, StoreOp, TenantId};
use serde_json::json;
use tokio::sync::Notify;

use crate::runtime::probe::Probe;
use crate::runtime::workers;
use crate::runtime::world::{World, flow, probe};

/// Its step `poison` calls for the end of the process, all others take a second.
fn deadly(killed: &Arc<Notify>, armed: &Arc<AtomicBool>) -> Arc<Probe> {
    let (killed, armed) = (Arc::clone(killed), Arc::clone(armed));
    Probe::new(move |attempt, _| {
        let (killed, armed) = (Arc::clone(&killed), Arc::clone(&armed));
        async move {
            if attempt.activity.to_string() == "poison" && armed.load(Ordering::SeqCst) {
                // What the attempt began has become durable by then.
                tokio::time::sleep(Duration::from_millis(500)).await;
                killed.notify_one();
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            Outcome::Succeeded(json!(1))
        }
    })
}

async fn deaths(world: &World, run: RunId) -> u32 {
    let found = world.store.run(&TenantId::default(), run).await;
    found.unwrap().unwrap().deaths
}

#[tokio::test(start_paused = true)]
async fn a_step_that_kills_each_holder_is_isolated_and_in_the_end_blocked() {
    for effect in ["read", "idempotent"] {
        let world = World::new();
        let (killed, armed) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(true)));
        let executor = deadly(&killed, &armed);
        let mut engine = world.engine(&executor).await;
        let run = world.start(&engine, flow(json!([probe("poison", effect, &[])]))).await;
        let mut waits = Vec::new();
        for died in 1..=10 {
            let before = tokio::time::Instant::now();
            killed.notified().await;
            waits.push(before.elapsed().as_secs());
            world.crash(engine).await;
            engine = world.engine(&executor).await;
            assert_eq!(deaths(&world, run).await, died, "{effect}");
            if died >= 4 {
                // While it backs off, others go on.
                let other = world.start(&engine, flow(json!([probe("other", effect, &[])]))).await;
                let view = tokio::time::timeout(Duration::from_millis(1500), world.wait(&engine, other)).await;
                assert_eq!(view.unwrap().status, RunStatus::Succeeded, "{effect}");
            }
        }
        // Before the n-th death: 2^(n - 4) seconds from the fourth on, of which the other run took one.
        assert_eq!(waits, [0, 0, 0, 1, 1, 3, 7, 15, 31, 63], "{effect}");
        tokio::time::sleep(Duration::from_secs(400)).await;
        let view = engine.run(&world.me, run).await.unwrap();
        assert_eq!(view.status, RunStatus::Blocked, "{effect}");
        let why = engine.why(&world.me, run).await.unwrap();
        assert!(why.iter().any(|reason| reason.detail.contains("10")), "{why:?}");
        // A person has found the cause.
        armed.store(false, Ordering::SeqCst);
        engine.resume(&world.me, run).await.unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Succeeded);
        assert_eq!(deaths(&world, run).await, 0, "{effect}");
    }
}

#[tokio::test(start_paused = true)]
async fn progress_clears_the_deaths_and_what_a_take_over_finds_does_not() {
    let world = World::new();
    let (killed, armed) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(true)));
    let executor = deadly(&killed, &armed);
    let mut engine = world.engine(&executor).await;
    let steps = json!([probe("poison", "read", &[]), probe("after", "read", &["poison"])]);
    let run = world.start(&engine, flow(steps)).await;
    for died in 1..=3 {
        killed.notified().await;
        world.crash(engine).await;
        engine = world.engine(&executor).await;
        assert_eq!(deaths(&world, run).await, died);
    }
    armed.store(false, Ordering::SeqCst);
    // It backs off for a second, and the attempt takes another.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(
        deaths(&world, run).await,
        3,
        "it has begun again, and nothing has come of it"
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(deaths(&world, run).await, 0, "the first step has succeeded");
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Succeeded);
}

/// Runs that three processes died with; no process is there now.
async fn suspects(world: &World, innocent: &Arc<Probe>, count: usize) -> Vec<RunId> {
    let mut engine = world.engine(innocent).await;
    let mut runs = Vec::new();
    for _ in 0..count {
        let mut step = probe("long", "read", &[]);
        step["timeout"] = json!("5h");
        runs.push(world.start(&engine, flow(json!([step]))).await);
    }
    for _ in 0..3 {
        world.settle().await;
        world.crash(engine).await;
        engine = world.engine(innocent).await;
    }
    world.crash(engine).await;
    innocent.log.lock().clear();
    runs
}

async fn all_begin(innocent: &Probe, runs: &[RunId]) {
    tokio::time::sleep(Duration::from_secs(45)).await;
    let log = innocent.log.lock();
    assert!(
        runs.iter().all(|run| log.iter().any(|attempt| attempt.run == *run)),
        "{log:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn runs_that_were_only_there_when_processes_died_do_not_wait_for_each_other_for_long() {
    let (world, innocent) = (World::new(), Probe::deaf());
    let runs = suspects(&world, &innocent, 4).await;
    let _engine = world.engine(&innocent).await;
    all_begin(&innocent, &runs).await;
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_was_only_there_when_processes_died_is_through_soon() {
    let (world, innocent) = (World::new(), Probe::deaf());
    let runs = suspects(&world, &innocent, 300).await;
    let _engine = world.engine(&innocent).await;
    // A second of backoff; then none says a word for 10 s, and each time twice as many are let in, up to 64.
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(innocent.begun().len(), 1);
    tokio::time::sleep(Duration::from_secs(105)).await;
    assert_eq!(innocent.begun().len(), runs.len());
}

#[tokio::test(start_paused = true)]
async fn suspects_that_only_wait_for_workers_hold_nobody_up() {
    let (world, nobody) = (World::new(), Probe::deaf());
    let mut engine = world.engine(&nobody).await;
    let task = json!([workers::task("job", "once", &[])]);
    let mut runs = Vec::new();
    for _ in 0..50 {
        runs.push(world.start(&engine, flow(task.clone())).await);
    }
    for _ in 0..3 {
        world.settle().await;
        world.crash(engine).await;
        engine = world.engine(&nobody).await;
    }
    // Its backoff, and the time for which one that waits for workers stays in memory.
    tokio::time::sleep(Duration::from_secs(4)).await;
    for run in runs {
        let found = world.store.run(&TenantId::default(), run).await.unwrap().unwrap();
        assert_eq!((found.deaths, found.holder, found.due), (3, None, None));
    }
}

#[tokio::test(start_paused = true)]
async fn a_suspect_whose_claim_got_no_answer_goes_on_alone_as_any_other() {
    let (world, innocent) = (World::new(), Probe::deaf());
    let runs = suspects(&world, &innocent, 3).await;
    world.calls.fail_next(StoreOp::Claim, Fault::AfterWriteLostAnswer, 1);
    let _engine = world.engine(&innocent).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let begun = innocent.begun();
    assert_eq!(begun.len(), 1, "{begun:?}");
    all_begin(&innocent, &runs).await;
}

#[tokio::test(start_paused = true)]
async fn a_suspect_that_is_found_beside_another_is_given_back_until_that_is_acquitted() {
    let (world, innocent) = (World::new(), Probe::deaf());
    let runs = suspects(&world, &innocent, 2).await;
    let _engine = world.engine(&innocent).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let holder = async |run| {
        let found = world.store.run(&TenantId::default(), run).await;
        found.unwrap().unwrap().holder
    };
    let (first, other) = match (holder(runs[0]).await, holder(runs[1]).await) {
        (Some(node), None) => (node, runs[1]),
        (None, Some(node)) => (node, runs[0]),
        both => panic!("{both:?}"),
    };
    // A claim whose answer came too late for anybody to hear it.
    let limits = ClaimLimits {
        max: 1,
        suspects: u32::MAX,
        grave: true,
        reader: seawall_engine::READER_VERSION,
        ttl: Duration::from_secs(10),
    };
    assert_eq!(world.store.claim(first, limits).await.unwrap()[0].lease.run, other);
    world.calls.fail_next(StoreOp::NextDue, Fault::BeforeWrite, 1);
    world.store.watchers().work();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((holder(other).await, deaths(&world, other).await), (None, 3));
    assert_eq!(innocent.begun().len(), 1);
    all_begin(&innocent, &runs).await;
}
