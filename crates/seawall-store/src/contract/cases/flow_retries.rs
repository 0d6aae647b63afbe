//! Flow control: runs that come back. No retry that was accepted may get lost.

use crate::contract::flow_world::{body, claimed, come, end, entry, retry, stage, stages};
use crate::contract::{Subject, World};
use crate::ids::{NodeId, RunId};
use crate::records::{Append, AppendThen, FlowEntry, FlowStage, Lease, OnConflict, RunStatus, Sent};
use crate::time::Timestamp;

const RELEASED: FlowStage = FlowStage::Released;
const QUEUED: FlowStage = FlowStage::Queued;
const RUNNING: FlowStage = FlowStage::Running;

fn cancels(world: &World<'_>) -> FlowEntry {
    FlowEntry {
        on_conflict: OnConflict::CancelRunning {
            message: body("make room"),
        },
        ..entry(world)
    }
}

async fn send(world: &World<'_>, run: RunId, key: &str) -> Sent {
    let sent = world.store.send(&world.tenant, run, retry(key)).await;
    sent.expect("it is allowed")
}

/// A run that was admitted and has failed, as its journal's second event says.
async fn failed(world: &World<'_>, node: NodeId, flow: FlowEntry) -> RunId {
    let run = come(world, flow).await;
    let lease = claimed(world, node, run).await;
    fail(world, &lease).await;
    run
}

async fn unread(world: &World<'_>, lease: &Lease) -> Vec<i64> {
    let rows = world.store.unread(lease, 100).await.expect("held");
    rows.iter().map(|row| row.id).collect()
}

pub async fn a_retry_that_gives_way_can_be_asked_for_again(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let first = failed(&world, node, cancels(&world)).await;
    let second = come(&world, cancels(&world)).await;
    let running = claimed(&world, node, second).await;
    assert_eq!(send(&world, first, "again").await, Sent::Accepted);
    assert_eq!(stage(&world, first).await, QUEUED);
    // Somebody starts another run while the second one winds down.
    let third = come(&world, cancels(&world)).await;
    let all = [first, second, third];
    assert_eq!(stages(&world, &all).await, [RELEASED, RUNNING, QUEUED]);
    assert_eq!(world.record(first).await.due, None, "it has ended: it is not told");
    end(&world, &running, RunStatus::Cancelled).await;
    let running = claimed(&world, node, third).await;
    // It has not moved, so it is asked in the same words.
    assert_eq!(send(&world, first, "again").await, Sent::Accepted);
    assert_eq!(send(&world, first, "again").await, Sent::Duplicate);
    assert_eq!(stages(&world, &all).await, [QUEUED, RELEASED, RUNNING]);
    end(&world, &running, RunStatus::Succeeded).await;
    assert_eq!(stage(&world, first).await, RUNNING);
    let lease = claimed(&world, node, first).await;
    assert_eq!(world.inbox(&lease).await, ["again"]);
}

pub async fn a_retry_that_nobody_has_read_can_be_asked_for_again(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let run = world.ended(node, RunStatus::Failed).await.run;
    assert_eq!(send(&world, run, "again").await, Sent::Accepted);
    // Whoever claims it cannot use it.
    let lease = claimed(&world, node, run).await;
    put_aside(&world, &lease).await;
    assert_eq!(world.record(run).await.due, None);
    assert_eq!(send(&world, run, "again").await, Sent::Duplicate);
    assert_eq!(world.record(run).await.due, Some(Timestamp::ZERO));
    let lease = claimed(&world, node, run).await;
    assert_eq!(world.inbox(&lease).await, ["again"]);
    // What was read stays read.
    fail(&world, &lease).await;
    assert_eq!(send(&world, run, "again").await, Sent::Duplicate);
    assert_eq!(world.record(run).await.due, None);
}

pub async fn a_retry_that_nobody_has_read_takes_its_slot_again(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let first = failed(&world, node, entry(&world)).await;
    assert_eq!(send(&world, first, "again").await, Sent::Accepted);
    let lease = claimed(&world, node, first).await;
    put_aside(&world, &lease).await;
    assert_eq!(stage(&world, first).await, RELEASED);
    let second = come(&world, entry(&world)).await;
    let running = claimed(&world, node, second).await;
    assert_eq!(send(&world, first, "again").await, Sent::Duplicate);
    assert_eq!(stages(&world, &[first, second]).await, [QUEUED, RUNNING]);
    assert_eq!(world.record(first).await.due, None, "there is no slot yet");
    end(&world, &running, RunStatus::Succeeded).await;
    let lease = claimed(&world, node, first).await;
    assert_eq!(world.inbox(&lease).await, ["again"]);
    assert_eq!(stage(&world, first).await, RUNNING);
}

pub async fn a_retried_run_gives_way_to_the_same_one_again(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let first = come(&world, cancels(&world)).await;
    let lease = claimed(&world, node, first).await;
    let second = come(&world, cancels(&world)).await;
    let told = |place: u64| format!("superseded:{second}:{place}");
    assert_eq!(world.inbox(&lease).await, ["admitted".to_owned(), told(1)]);
    fail(&world, &lease).await;
    let running = claimed(&world, node, second).await;
    fail(&world, &running).await;
    // The first one goes on, and then the second one makes it give way once more.
    assert_eq!(send(&world, first, "first").await, Sent::Accepted);
    let lease = claimed(&world, node, first).await;
    let mut append = world.next(&lease, "retried").await;
    append.consumed = unread(&world, &lease).await;
    world.append(append).await;
    assert_eq!(send(&world, second, "second").await, Sent::Accepted);
    assert_eq!(stages(&world, &[first, second]).await, [RUNNING, QUEUED]);
    assert_eq!(world.inbox(&lease).await, [told(3)]);
}

pub async fn a_retry_that_comes_before_the_run_is_given_back_keeps_its_slot(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let first = come(&world, entry(&world)).await;
    let lease = claimed(&world, node, first).await;
    let mut end = given_back(&world, &lease).await;
    end.segment = Some(World::segment(2, 1, "failed"));
    end.consumed = unread(&world, &lease).await;
    end.then = AppendThen::Hold;
    world.append(end).await;
    assert_eq!(stage(&world, first).await, RELEASED);
    // Admitted before its holder has let go of it: that append is no second end.
    assert_eq!(send(&world, first, "again").await, Sent::Accepted);
    assert_eq!(stage(&world, first).await, RUNNING);
    assert!(!world.append(given_back(&world, &lease).await).await.parked);
    assert_eq!(stage(&world, first).await, RUNNING);
    assert_eq!(world.inbox(&lease).await, ["again"]);
    fail(&world, &lease).await;
    // The same with one that has to wait.
    let second = come(&world, entry(&world)).await;
    assert_eq!(send(&world, first, "once more").await, Sent::Accepted);
    world.send_late(first).await;
    let lease = claimed(&world, node, first).await;
    let mut park = given_back(&world, &lease).await;
    park.consumed = unread(&world, &lease).await;
    assert!(world.append(park).await.parked);
    assert_eq!(stages(&world, &[first, second]).await, [QUEUED, RUNNING]);
}

pub async fn a_retry_that_comes_to_nothing_leaves_its_slot(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let first = failed(&world, node, entry(&world)).await;
    assert_eq!(send(&world, first, "again").await, Sent::Accepted);
    let lease = claimed(&world, node, first).await;
    let second = come(&world, entry(&world)).await;
    assert_eq!(stages(&world, &[first, second]).await, [RUNNING, QUEUED]);
    // It is read, and nothing follows from it.
    let mut park = given_back(&world, &lease).await;
    park.consumed = unread(&world, &lease).await;
    assert!(world.append(park).await.parked);
    assert_eq!(stages(&world, &[first, second]).await, [RELEASED, RUNNING]);
}

/// The run has read everything and ends.
async fn fail(world: &World<'_>, lease: &Lease) {
    let mut append = world.next(lease, "failed").await;
    append.projection = World::projection(RunStatus::Failed);
    append.consumed = unread(world, lease).await;
    append.then = AppendThen::End;
    world.append(append).await;
}

/// Gives an ended run back, unless there is something to read.
async fn given_back(world: &World<'_>, lease: &Lease) -> Append {
    let mut append = world.next(lease, "").await;
    append.segment = None;
    append.projection = World::projection(RunStatus::Failed);
    append.then = AppendThen::Park { due: None };
    append
}

/// Gives an ended run back with its messages unread.
async fn put_aside(world: &World<'_>, lease: &Lease) {
    let mut append = given_back(world, lease).await;
    append.then = AppendThen::End;
    world.append(append).await;
}
