//! Runs that ended long ago leave, and nothing else does.

use std::time::Duration;

use seawall_engine::store::{Fault, RunId, RunStatus, Seq, StoreOp};
use seawall_engine::{CreateRun, Engine, EngineError, IdempotentRequest, Outcome, WorkflowSource};
use serde_json::json;

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, chain, flow, probe};

const KEEP: Duration = Duration::from_secs(100);

fn world() -> World {
    let mut world = World::new();
    world.config.retention = Some(KEEP);
    world
}

async fn is_gone(world: &World, engine: &Engine, run: RunId) -> bool {
    matches!(engine.run(&world.me, run).await, Err(EngineError::NotFound(_)))
}

#[tokio::test(start_paused = true)]
async fn a_run_leaves_some_time_after_its_end_and_a_live_one_stays() {
    let world = world();
    let engine = world.engine(&Probe::echo()).await;
    let ended = world.run(&engine, chain(3, "pure")).await.id;
    let waits = flow(json!([{ "id": "hear", "kind": "wait_signal", "with": { "name": "go" } }]));
    let live = world.start(&engine, waits).await;
    tokio::time::sleep(KEEP - Duration::from_secs(1)).await;
    assert!(!is_gone(&world, &engine, ended).await);
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert!(is_gone(&world, &engine, ended).await);
    let journal = engine.journal(&world.me, ended, Seq(0), 10).await;
    assert!(matches!(journal, Err(EngineError::NotFound(_))));
    tokio::time::sleep(KEEP * 10).await;
    assert_eq!(engine.run(&world.me, live).await.unwrap().status, RunStatus::Waiting);
}

#[tokio::test(start_paused = true)]
async fn an_idle_process_that_has_nothing_to_forget_hardly_asks() {
    let mut world = world();
    world.config.retention = Some(Duration::from_secs(30 * 24 * 3600));
    let engine = world.engine(&Probe::echo()).await;
    world.run(&engine, chain(1, "pure")).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    let before = world.calls.of(StoreOp::Forget);
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    // Each hour for runs, each six for definitions.
    assert!(world.calls.of(StoreOp::Forget) - before <= 24 + 4);
}

#[tokio::test(start_paused = true)]
async fn many_runs_leave_in_small_steps_with_rests_between() {
    let world = world();
    let engine = world.engine(&Probe::echo()).await;
    for _ in 0..350 {
        world.start(&engine, chain(1, "pure")).await;
    }
    world.settle().await;
    let before = world.calls.of(StoreOp::Forget);
    tokio::time::sleep(KEEP + Duration::from_secs(15)).await;
    let steps = world.calls.of(StoreOp::Forget) - before;
    assert!((4..=30).contains(&steps), "{steps}");
    let left = engine
        .list_runs(&world.me, Default::default(), seawall_engine::store::Page::first(10))
        .await;
    assert!(left.unwrap().items.is_empty());
}

#[tokio::test(start_paused = true)]
async fn runs_that_are_kept_by_their_keys_are_not_looked_at_by_each_pass() {
    let world = world();
    let engine = world.engine(&Probe::echo()).await;
    for number in 0..450 {
        let request = CreateRun {
            priority: None,
            workflow: WorkflowSource::Inline(chain(1, "pure")),
            input: json!(null),
            idempotency: Some(IdempotentRequest {
                key: seawall_engine::store::Digest::of(format!("key {number}").as_bytes()),
                fingerprint: seawall_engine::store::Digest::of(b"request"),
            }),
        };
        engine.create_run(&world.me, request).await.unwrap();
    }
    // They are old enough, and everything was looked at more than once.
    tokio::time::sleep(KEEP * 5).await;
    let before = world.calls.of(StoreOp::Forget);
    // Others end and leave all the time.
    for _ in 0..20 {
        world.run(&engine, chain(1, "pure")).await;
        tokio::time::sleep(KEEP / 2).await;
    }
    let steps = world.calls.of(StoreOp::Forget) - before;
    assert!((10..=160).contains(&steps), "{steps}");
}

#[tokio::test(start_paused = true)]
async fn children_leave_after_their_parent() {
    let world = world();
    let engine = world.engine(&Probe::echo()).await;
    let child = json!({ "name": "child", "steps": [{ "id": "a", "kind": "transform", "with": { "value": 1 } }] });
    engine.create_workflow(&world.me, &child).await.unwrap();
    let parent = flow(json!([
        { "id": "call", "kind": "workflow", "with": { "workflow": "child" } },
        { "id": "nap", "kind": "sleep", "needs": ["call"], "with": { "for": "5m" } },
    ]));
    let parent = world.start(&engine, parent).await;
    world.settle().await;
    let all = || async {
        let listed = engine
            .list_runs(&world.me, Default::default(), seawall_engine::store::Page::first(10))
            .await;
        listed.unwrap().items.len()
    };
    assert_eq!(all().await, 2);
    tokio::time::sleep(Duration::from_secs(295)).await;
    assert_eq!(all().await, 2, "the child's end is long past, its parent's is not");
    tokio::time::sleep(Duration::from_secs(10) + KEEP + Duration::from_secs(12)).await;
    assert!(is_gone(&world, &engine, parent).await);
    assert_eq!(all().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_outlives_its_retention_as_long_as_its_key_counts() {
    let world = world();
    let engine = world.engine(&Probe::echo()).await;
    let request = || CreateRun {
        priority: None,
        workflow: WorkflowSource::Inline(chain(1, "pure")),
        input: json!(null),
        idempotency: Some(IdempotentRequest {
            key: seawall_engine::store::Digest::of(b"key"),
            fingerprint: seawall_engine::store::Digest::of(b"request"),
        }),
    };
    let first = engine.create_run(&world.me, request()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(23 * 3600)).await;
    let again = engine.create_run(&world.me, request()).await.unwrap();
    assert_eq!((again.run, again.replayed), (first.run, true));
    tokio::time::sleep(Duration::from_secs(3 * 3600)).await;
    assert!(is_gone(&world, &engine, first.run).await);
    let anew = engine.create_run(&world.me, request()).await.unwrap();
    assert!(!anew.replayed && anew.run != first.run);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_lasts_for_days_is_not_made_twice_under_its_key() {
    let world = world();
    let engine = world.engine(&Probe::echo()).await;
    let nap = json!([{ "id": "nap", "kind": "sleep", "with": { "for": "72h" } }]);
    let request = || CreateRun {
        priority: None,
        workflow: WorkflowSource::Inline(flow(nap.clone())),
        input: json!(null),
        idempotency: Some(IdempotentRequest {
            key: seawall_engine::store::Digest::of(b"key"),
            fingerprint: seawall_engine::store::Digest::of(b"request"),
        }),
    };
    let first = engine.create_run(&world.me, request()).await.unwrap();
    for hours in [30, 41, 24] {
        tokio::time::sleep(Duration::from_secs(hours * 3600)).await;
        let again = engine.create_run(&world.me, request()).await.unwrap();
        assert_eq!((again.run, again.replayed), (first.run, true), "{hours} h later");
    }
    tokio::time::sleep(Duration::from_secs(3 * 3600)).await;
    assert!(is_gone(&world, &engine, first.run).await);
}

#[tokio::test(start_paused = true)]
async fn an_inline_definition_leaves_after_its_last_run_and_comes_back_with_the_next() {
    let world = world();
    let engine = world.engine(&Probe::echo()).await;
    let run = world.run(&engine, flow(json!([probe("a", "pure", &[])]))).await;
    let pinned = run.workflow.clone();
    let kept = || async {
        let store = &world.store;
        seawall_engine::store::WorkflowStore::workflow_version(&**store, &world.me.tenant, pinned.id, 1).await
    };
    tokio::time::sleep(Duration::from_secs(3 * 3600)).await;
    assert!(is_gone(&world, &engine, run.id).await);
    assert!(kept().await.unwrap().is_some(), "somebody may be about to use it");
    // No other run has to leave for that.
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    assert!(kept().await.unwrap().is_none());
    let again = world.run(&engine, flow(json!([probe("a", "pure", &[])]))).await;
    assert_eq!(again.status, RunStatus::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn faults_put_retention_off_and_do_not_end_it() {
    let world = world();
    let engine = world.engine(&Probe::echo()).await;
    let run = world.run(&engine, chain(1, "pure")).await.id;
    world
        .calls
        .fail(|point| (point.op == StoreOp::Forget).then_some(Fault::BeforeWrite));
    tokio::time::sleep(KEEP * 3).await;
    assert!(!is_gone(&world, &engine, run).await);
    world.calls.fail_next(StoreOp::Forget, Fault::AfterWriteLostAnswer, 1);
    tokio::time::sleep(KEEP).await;
    assert!(is_gone(&world, &engine, run).await);
}

#[tokio::test(start_paused = true)]
async fn a_run_is_deleted_by_hand_once_it_has_ended() {
    let world = World::new();
    let executor = Probe::new(|_, _| async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        Outcome::Succeeded(json!(1))
    });
    let engine = world.engine(&executor).await;
    let run = world.start(&engine, flow(json!([probe("a", "read", &[])]))).await;
    world.settle().await;
    let refused = engine.delete_run(&world.me, run).await;
    assert!(matches!(
        refused,
        Err(EngineError::Conflict {
            status: Some(RunStatus::Running),
            ..
        })
    ));
    world.wait(&engine, run).await;
    engine.delete_run(&world.me, run).await.unwrap();
    assert!(matches!(
        engine.delete_run(&world.me, run).await,
        Err(EngineError::NotFound(_))
    ));
    assert!(matches!(
        engine.retry(&world.me, run).await,
        Err(EngineError::NotFound(_))
    ));
}
