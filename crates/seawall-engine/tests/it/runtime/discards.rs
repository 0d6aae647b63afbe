//! Runs that cannot be read any more: they can be deleted.

use std::sync::Arc;
use std::time::Duration;

use seawall_engine::store::{
    Append, AppendThen, ClaimLimits, Discard, LeaseStore as _, MessageKey, NewMessage, NodeId, OwnTurn, Page,
    RetentionStore as _, RunId, RunStatus, RunStore as _, Segment, StatusSet, Turn,
};
use seawall_engine::{Engine, EngineError};
use serde_json::json;

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, flow};

const LIFE: Duration = Duration::from_secs(10);

/// Between two processes, something comes into the run's journal that this program cannot read.
async fn damage(world: &World, run: RunId, reader: u32) {
    let (store, tenant) = (&world.store, &world.me.tenant);
    let message = NewMessage {
        key: MessageKey("damage".to_owned()),
        allowed: StatusSet::live(),
        body: Arc::from(&b"makes it due"[..]),
        turn: Turn::Keep,
    };
    store.send(tenant, run, message).await.unwrap();
    let node = NodeId::generate();
    store.register(node, LIFE).await.unwrap();
    let limits = ClaimLimits {
        max: 10,
        suspects: 0,
        grave: false,
        reader: 2,
        ttl: LIFE,
    };
    let claimed = store.claim(node, limits).await.unwrap();
    let lease = claimed
        .into_iter()
        .map(|claimed| claimed.lease)
        .find(|lease| lease.run == run);
    let lease = lease.unwrap();
    let unread = store.unread(&lease, 10).await.unwrap();
    let record = store.run(tenant, run).await.unwrap().unwrap();
    let append = Append {
        segment: Some(Segment {
            first: record.last_seq.plus(1),
            count: 1,
            bytes: Arc::from(&b"\x00\xff"[..]),
        }),
        after: record.last_seq,
        projection: record.projection,
        reader,
        consumed: unread.iter().map(|row| row.id).collect(),
        opened: Vec::new(),
        settled: Vec::new(),
        children: Vec::new(),
        messages: Vec::new(),
        tasks: Vec::new(),
        withdrawn: Vec::new(),
        keeps_deaths: false,
        turn: OwnTurn::Keep,
        then: AppendThen::Park { due: None },
        lease,
    };
    assert!(store.append(append).await.unwrap().parked);
    store.retire(node).await.unwrap();
}

async fn is_gone(world: &World, engine: &Engine, run: RunId) -> bool {
    matches!(engine.run(&world.me, run).await, Err(EngineError::NotFound(_)))
}

fn waits() -> serde_json::Value {
    flow(json!([{ "id": "hear", "kind": "wait_signal", "with": { "name": "go" } }]))
}

/// A run that waits, and an engine that cannot read it.
async fn unreadable(world: &World, reader: u32) -> (Engine, RunId) {
    let engine = world.engine(&Probe::echo()).await;
    let run = world.start(&engine, waits()).await;
    world.settle().await;
    let refused = engine.delete_run(&world.me, run).await;
    assert!(matches!(refused, Err(EngineError::Conflict { .. })), "{refused:?}");
    world.crash(engine).await;
    damage(world, run, reader).await;
    (world.engine(&Probe::echo()).await, run)
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_journal_cannot_be_read_is_deleted() {
    let world = World::new();
    let (engine, run) = unreadable(&world, 2).await;
    engine.delete_run(&world.me, run).await.unwrap();
    assert!(is_gone(&world, &engine, run).await);
    world.verify().await;
}

#[tokio::test(start_paused = true)]
async fn it_is_deleted_also_while_it_is_held_because_of_a_message_that_nobody_can_take() {
    let world = World::new();
    let (engine, run) = unreadable(&world, 2).await;
    engine.cancel(&world.me, run).await.unwrap();
    world.settle().await;
    assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Blocked);
    let why = engine.why(&world.me, run).await.unwrap();
    assert!(why[0].detail.contains("delete the run"), "{why:?}");
    // By now it is known that nobody will take it.
    let refused = engine.cancel(&world.me, run).await.unwrap_err().to_string();
    assert!(refused.contains("can only be deleted"), "{refused}");
    engine.delete_run(&world.me, run).await.unwrap();
    assert!(is_gone(&world, &engine, run).await);
    world.settle().await;
    // Nobody looks at it any more, and the process works for others.
    tokio::time::sleep(Duration::from_secs(1000)).await;
    world.run(&engine, crate::runtime::world::chain(1, "pure")).await;
    world.verify().await;
}

#[tokio::test(start_paused = true)]
async fn a_run_of_a_newer_version_is_deleted_where_nobody_can_go_on_with_it() {
    let world = World::new();
    let (engine, run) = unreadable(&world, 99).await;
    // Whoever can read it would take the message.
    engine.cancel(&world.me, run).await.unwrap();
    engine.delete_run(&world.me, run).await.unwrap();
    assert!(is_gone(&world, &engine, run).await);
    world.verify().await;
}

/// A run that waits for its child, which waits for a signal.
async fn parent_and_child(world: &World, engine: &Engine) -> (RunId, RunId) {
    let mut child = waits();
    child["name"] = json!("child");
    engine.create_workflow(&world.me, &child).await.unwrap();
    let call = json!({ "id": "c", "kind": "workflow", "with": { "workflow": "child" } });
    let parent = world.start(engine, flow(json!([call]))).await;
    world.settle().await;
    let runs = engine.list_runs(&world.me, Default::default(), Page::first(10)).await;
    let child = runs.unwrap().items.iter().find(|run| run.id != parent).unwrap().id;
    (parent, child)
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_child_is_gone_can_be_cancelled() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let (parent, child) = parent_and_child(&world, &engine).await;
    let gone = Discard {
        run: child,
        held: None,
        end: None,
    };
    world.store.discard_run(&world.me.tenant, gone).await.unwrap();
    engine.cancel(&world.me, parent).await.unwrap();
    world.settle().await;
    let view = world.wait(&engine, parent).await;
    assert_eq!(view.status, RunStatus::Cancelled);
    assert_eq!(&*view.steps[0].error.as_ref().unwrap().code, "child-missing");
    world.replays(&engine, parent).await;
    world.verify().await;
}

#[tokio::test(start_paused = true)]
async fn the_parent_of_a_deleted_child_is_told_and_does_not_wait_for_ever() {
    let world = World::new();
    let engine = world.engine(&Probe::echo()).await;
    let (parent, child) = parent_and_child(&world, &engine).await;
    world.crash(engine).await;
    damage(&world, child, 2).await;
    let engine = world.engine(&Probe::echo()).await;
    engine.delete_run(&world.me, child).await.unwrap();
    let view = world.wait(&engine, parent).await;
    assert_eq!(view.status, RunStatus::Failed);
    let error = view.error.unwrap();
    assert_eq!(&*error.code, "child-deleted");
    assert!(error.message.unwrap().contains(&child.to_string()));
    world.replays(&engine, parent).await;
    world.verify().await;
}
