//! Lost leases and lost identities.

use std::sync::Arc;
use std::time::Duration;

use seawall_engine::store::{
    Append, AppendThen, ClaimLimits, Fault, LeaseStore as _, NodeId, OwnTurn, RunId, RunStatus, RunStore as _, Segment,
    StoreOp, Timestamp,
};
use seawall_engine::{Outcome, READER_VERSION};
use serde_json::json;

use crate::runtime::probe::Probe;
use crate::runtime::world::{World, flow, probe};

const TTL: Duration = Duration::from_secs(10);

fn slow() -> Arc<Probe> {
    Probe::new(|_, _| async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        Outcome::Succeeded(json!("done"))
    })
}

#[tokio::test(start_paused = true)]
async fn a_run_that_another_node_took_is_dropped_and_not_written_to() {
    let mut world = World::new();
    // Nobody claims it back while the test looks.
    world.config.sweep = Duration::from_secs(3600);
    let executor = slow();
    let engine = world.engine(&executor).await;
    let run = world.start(&engine, flow(json!([probe("a", "idempotent", &[])]))).await;
    world.settle().await;
    let other = NodeId::generate();
    world.store.register(other, TTL).await.unwrap();
    let limits = ClaimLimits {
        max: 10,
        suspects: u32::MAX,
        grave: true,
        reader: READER_VERSION,
        ttl: TTL,
    };
    let claimed = world.store.claim(other, limits).await.unwrap();
    assert_eq!(claimed[0].lease.run, run);
    let before = world.events(&engine, run).await;
    world
        .calls
        .fail(|point| (point.op == StoreOp::Register).then_some(Fault::BeforeWrite));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(world.events(&engine, run).await, before);
    assert_eq!(world.in_memory(), 0);
    assert_eq!(world.store.held(other).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_was_declared_dead_takes_a_new_identity_and_goes_on() {
    let world = World::new();
    let executor = slow();
    let engine = world.engine(&executor).await;
    let run = world
        .start(
            &engine,
            flow(json!([probe("a", "idempotent", &[]), probe("b", "idempotent", &["a"])])),
        )
        .await;
    world.settle().await;
    // Registering buries every other node of an exclusive store.
    world.store.register(NodeId::generate(), TTL).await.unwrap();
    let view = world.wait(&engine, run).await;
    assert_eq!(view.status, RunStatus::Succeeded);
    world.events(&engine, run).await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_cannot_be_renewed_is_given_up_in_time() {
    let world = World::new();
    let executor = Probe::new(|_, context| async move {
        context.cancel.cancelled().await;
        Outcome::NotBegun(seawall_engine::StepError::new("cancelled", ""))
    });
    let engine = world.engine(&executor).await;
    let mut step = probe("a", "idempotent", &[]);
    step["timeout"] = json!("1h");
    let run = world.start(&engine, flow(json!([step]))).await;
    world.settle().await;
    world.calls.fail(|point| {
        matches!(point.op, StoreOp::Renew | StoreOp::Retire | StoreOp::Register).then_some(Fault::BeforeWrite)
    });
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(world.in_memory(), 0, "its attempts are stopped and it is out of memory");
    // Claimed again, but without a new event that would forget a death.
    world
        .calls
        .fail(|point| (point.op == StoreOp::Append).then_some(Fault::BeforeWrite));
    tokio::time::sleep(Duration::from_secs(10)).await;
    let record = world.store.run(&world.me.tenant, run).await.unwrap().unwrap();
    assert_eq!((record.epoch.0, record.deaths), (2, 0), "nobody died");
    world.calls.heal();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(executor.begun().len(), 2, "the same node goes on under a new identity");
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_holders_keep_dying_is_blocked_with_the_reason() {
    let world = World::new();
    let executor = Probe::deaf();
    let mut step = probe("a", "read", &[]);
    step["timeout"] = json!("1h");
    let mut engine = world.engine(&executor).await;
    // Appends fail, so no holder leaves a new event.
    let run = world.start(&engine, flow(json!([step]))).await;
    world.settle().await;
    world
        .calls
        .fail(|point| (point.op == StoreOp::Append).then_some(Fault::BeforeWrite));
    for _ in 0..10 {
        world.crash(engine).await;
        engine = world.engine(&executor).await;
        // Suspects wait for a backoff of up to five minutes.
        tokio::time::sleep(Duration::from_secs(400)).await;
    }
    world.calls.heal();
    let view = world.wait(&engine, run).await;
    assert_eq!(view.status, RunStatus::Blocked);
    assert!(world.events(&engine, run).await.contains(&"run.blocked"));
    engine.resume(&world.me, run).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Running);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_blocked_before_it_began_begins_when_it_is_let_go() {
    let mut world = World::new();
    let executor = Probe::echo();
    world.config.max_active_runs = 0;
    let mut engine = world.engine(&executor).await;
    let run = world.start(&engine, flow(json!([probe("a", "once", &[])]))).await;
    world.config.max_active_runs = 10;
    world
        .calls
        .fail(|point| (point.op == StoreOp::Append).then_some(Fault::BeforeWrite));
    for _ in 0..11 {
        world.crash(engine).await;
        engine = world.engine(&executor).await;
        tokio::time::sleep(Duration::from_secs(400)).await;
    }
    world.calls.heal();
    assert_eq!(world.wait(&engine, run).await.status, RunStatus::Blocked);
    assert!(executor.begun().is_empty());
    engine.resume(&world.me, run).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Succeeded);
    let begins = ["run.created", "run.blocked", "run.unblocked", "run.started"];
    assert_eq!(world.events(&engine, run).await[..4], begins);
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_steps_nobody_here_can_run_is_blocked_until_somebody_can() {
    let world = World::new();
    let executor = Probe::echo();
    let engine = world.engine(&executor).await;
    let definition = flow(json!([
        { "id": "nap", "kind": "sleep", "with": { "for": "1m" } },
        probe("a", "once", &["nap"]),
    ]));
    let run = world.start(&engine, definition).await;
    world.settle().await;
    engine.shutdown(Duration::from_secs(1)).await;
    let engine = world.engine_with(Vec::new()).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Blocked);
    let why = engine.why(&world.me, run).await.unwrap();
    assert_eq!((why.len(), why[0].kind), (1, "blocked"));
    assert!(why[0].detail.contains("probe"), "the kind that nobody has: {why:?}");
    assert_eq!(world.in_memory(), 0);
    engine.shutdown(Duration::from_secs(1)).await;
    let engine = world.engine(&executor).await;
    engine.resume(&world.me, run).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(engine.run(&world.me, run).await.unwrap().status, RunStatus::Succeeded);
}

/// The next version of this program appends to the run what this one does not know, and gives it back.
async fn a_newer_node_works_on(world: &World, run: RunId) {
    let node = NodeId::generate();
    world.store.register(node, TTL).await.unwrap();
    let limits = ClaimLimits {
        max: 1,
        suspects: u32::MAX,
        grave: true,
        reader: READER_VERSION + 1,
        ttl: TTL,
    };
    let lease = world.store.claim(node, limits).await.unwrap().remove(0).lease;
    let record = world.store.run(&world.me.tenant, run).await.unwrap().unwrap();
    let merged = br#"[{"t":"run.merged","v":1,"at":1700000000000}]"#;
    let append = Append {
        lease,
        segment: Some(Segment {
            first: record.last_seq.plus(1),
            count: 1,
            bytes: Arc::from(&merged[..]),
        }),
        after: record.last_seq,
        projection: record.projection,
        reader: READER_VERSION + 1,
        consumed: Vec::new(),
        opened: Vec::new(),
        settled: Vec::new(),
        children: Vec::new(),
        messages: Vec::new(),
        tasks: Vec::new(),
        withdrawn: Vec::new(),
        turn: OwnTurn::Keep,
        keeps_deaths: false,
        then: AppendThen::Park {
            due: Some(Timestamp::ZERO),
        },
    };
    assert!(world.store.append(append).await.unwrap().parked);
    world.store.retire(node).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_run_that_needs_a_newer_program_is_left_alone_and_says_so() {
    let world = World::new();
    let executor = Probe::echo();
    let engine = world.engine(&executor).await;
    let nap = json!({ "id": "nap", "kind": "sleep", "with": { "for": "1m" } });
    let run = world
        .start(&engine, flow(json!([nap, probe("a", "once", &["nap"])])))
        .await;
    world.settle().await;
    engine.shutdown(Duration::from_secs(1)).await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    a_newer_node_works_on(&world, run).await;
    let engine = world.engine(&executor).await;
    let claims = world.calls.of(StoreOp::Claim);
    // Nor does a word from outside make this program take it.
    engine.pause(&world.me, run).await.unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    let record = world.store.run(&world.me.tenant, run).await.unwrap().unwrap();
    assert_eq!(
        (record.projection.status, record.holder, record.epoch.0),
        (RunStatus::Waiting, None, 2)
    );
    assert_eq!(
        world.calls.of(StoreOp::Claim),
        claims,
        "nothing is due for this program"
    );
    let why = engine.why(&world.me, run).await.unwrap();
    assert_eq!((why.len(), why[0].kind), (1, "newer-journal"));
    assert!(why[0].detail.contains("a newer Seawall"), "{}", why[0].detail);
    // Others go on.
    let view = world.run(&engine, flow(json!([probe("a", "once", &[])]))).await;
    assert_eq!(view.status, RunStatus::Succeeded);
}
