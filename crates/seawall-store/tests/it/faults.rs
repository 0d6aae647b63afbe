use std::sync::Arc;

use parking_lot::Mutex;
use seawall_store::contract::{Subject, World};
use seawall_store::{
    AppendThen, Fault, FaultHook, FaultPoint, ManualClock, MemoryOptions, MemoryStore, StoreError, StoreOp,
};

type Plan = Arc<Mutex<Option<(StoreOp, Fault)>>>;

/// A store whose next call of the planned kind fails.
fn faulty() -> (Subject, Plan) {
    let plan: Plan = Plan::default();
    let hook: FaultHook = {
        let plan = Arc::clone(&plan);
        Arc::new(move |point: &FaultPoint| {
            let mut plan = plan.lock();
            let (_, fault) = plan.take_if(|(op, _)| *op == point.op)?;
            Some(fault)
        })
    };
    let clock = ManualClock::default();
    let options = MemoryOptions {
        faults: Some(hook),
        ..MemoryOptions::default()
    };
    let store = MemoryStore::with_options(Arc::new(clock.clone()), options);
    (Subject::new(Arc::new(store), clock, false), plan)
}

#[tokio::test]
async fn an_append_whose_answer_is_lost_is_written_and_its_repeat_succeeds() {
    let (subject, plan) = faulty();
    let world = World::of(&subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let mut append = world.next(&lease, "lost").await;
    append.then = AppendThen::Park { due: None };
    *plan.lock() = Some((StoreOp::Append, Fault::AfterWriteLostAnswer));
    let answer = world.store.append(append.clone()).await;
    assert!(matches!(answer, Err(StoreError::Ambiguous { .. })), "{answer:?}");
    assert_eq!(world.journal(lease.run).await, (2, "createdlost".to_owned()));
    let repeated = world.append(append).await;
    assert!(repeated.parked);
    assert_eq!(world.journal(lease.run).await.0, 2);
}

#[tokio::test]
async fn a_fault_before_the_write_leaves_nothing() {
    let (subject, plan) = faulty();
    let world = World::of(&subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let append = world.next(&lease, "tried").await;
    let before = world.picture(&lease).await;
    for (fault, ambiguous) in [(Fault::BeforeWrite, false), (Fault::BeforeWriteLostAnswer, true)] {
        *plan.lock() = Some((StoreOp::Append, fault));
        let error = world.store.append(append.clone()).await.expect_err("it was to fail");
        assert!(error.is_temporary());
        assert_eq!(matches!(error, StoreError::Ambiguous { .. }), ambiguous, "{error:?}");
        assert_eq!(world.picture(&lease).await, before);
    }
    world.append(append).await;
}

#[tokio::test]
async fn a_refusal_stays_a_refusal_when_the_answer_is_lost() {
    let (subject, plan) = faulty();
    let world = World::of(&subject).await;
    let node = world.node().await;
    let lease = world.ended(node, seawall_store::RunStatus::Succeeded).await;
    let late = world.next(&lease, "late").await;
    *plan.lock() = Some((StoreOp::Append, Fault::AfterWriteLostAnswer));
    let answer = world.store.append(late).await;
    assert!(matches!(answer, Err(StoreError::StaleLease)), "{answer:?}");
    assert!(plan.lock().is_none(), "the fault was used");
}

#[tokio::test]
async fn the_end_of_a_task_whose_answer_is_lost_has_happened_once() {
    let (subject, plan) = faulty();
    let world = World::of(&subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    world.offer(&lease, vec![world.task("send")]).await;
    *plan.lock() = Some((StoreOp::ClaimTasks, Fault::BeforeWrite));
    let claim = seawall_store::TaskClaim {
        worker: "worker".to_owned(),
        lease: seawall_store::TaskLease(uuid::Uuid::from_u128(1)),
        lease_for: std::time::Duration::from_secs(1),
        max: 1,
        max_bytes: 1,
    };
    let mail = seawall_store::QueueName::parse("mail").expect("a name");
    let refused = world.store.claim_tasks(&world.tenant, &mail, claim).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    let task = world.take_one().await;
    *plan.lock() = Some((StoreOp::SettleTask, Fault::AfterWriteLostAnswer));
    let lost = world.complete(&task).await;
    assert!(matches!(lost, Err(StoreError::Ambiguous { .. })), "{lost:?}");
    let again = world.complete(&task).await;
    assert!(matches!(again, Err(StoreError::StaleLease)), "{again:?}");
    assert_eq!(world.inbox(&lease).await.len(), 1);
}
