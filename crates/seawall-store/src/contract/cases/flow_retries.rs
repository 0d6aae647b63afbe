//! Flow control: runs that come back. No retry that was accepted may get lost.

use crate::contract::flow_world::{SECOND, body, claimed, come, counts, end, entry, held_back, retry, stage, stages};
use crate::contract::{Subject, World};
use crate::error::StoreError;
use crate::ids::{NodeId, RunId, Seq};
use crate::records::{
    Append, AppendThen, FlowEntry, FlowNumbers, FlowStage, Lease, MessageKey, NewMessage, NewRun, OnConflict, OwnTurn,
    ParentLink, Rate, RunStatus, Sent, Turn,
};
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

pub async fn a_retry_that_waits_can_be_withdrawn(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let first = failed(&world, node, entry(&world)).await;
    let second = come(&world, entry(&world)).await;
    let running = claimed(&world, node, second).await;
    let withdraw = |key| world.store.send(&world.tenant, first, withdrawal(key));
    let is_failed = |error| matches!(error, StoreError::RunIs(RunStatus::Failed));
    assert!(
        withdraw("early").await.is_err_and(is_failed),
        "there is nothing to withdraw"
    );
    assert_eq!(send(&world, first, "again").await, Sent::Accepted);
    assert_eq!(counts(&world).await, (1, 1, 0));
    assert_eq!(withdraw("no").await.expect("it waits"), Sent::Accepted);
    assert_eq!(counts(&world).await, (1, 0, 0));
    assert_eq!(stage(&world, first).await, RELEASED);
    assert!(withdraw("late").await.is_err_and(is_failed), "it waits no longer");
    // As if it had never been sent; so has the withdrawal, as long as nobody has read it.
    assert_eq!(send(&world, first, "again").await, Sent::Accepted);
    assert_eq!(withdraw("no").await.expect("it waits"), Sent::Duplicate);
    assert_eq!(counts(&world).await, (1, 0, 0));
    let lease = claimed(&world, node, first).await;
    assert_eq!(world.inbox(&lease).await, ["no"]);
    end(&world, &running, RunStatus::Succeeded).await;
    assert_eq!(counts(&world).await, (0, 0, 0));
}

pub async fn a_withdrawn_retry_lets_the_next_one_begin(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let slow = FlowEntry {
        numbers: FlowNumbers {
            version: 1,
            slots: Some(1),
            rate: Some(Rate { limit: 1, per: SECOND }),
        },
        ..entry(&world)
    };
    let first = failed(&world, node, slow.clone()).await;
    // There is a slot, and only the rate holds it back.
    assert_eq!(send(&world, first, "again").await, Sent::Accepted);
    let second = come(&world, slow).await;
    assert_eq!(stages(&world, &[first, second]).await, [QUEUED, QUEUED]);
    world.clock.advance(SECOND);
    let sent = world.store.send(&world.tenant, first, withdrawal("no")).await;
    assert_eq!(sent.expect("it waits"), Sent::Accepted);
    assert_eq!(stages(&world, &[first, second]).await, [RELEASED, RUNNING]);
}

pub async fn a_run_that_asks_by_itself_waits_for_a_slot_again(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let (child, second) = child_and_other(&world, node, entry(&world)).await;
    let running = claimed(&world, node, second).await;
    let lease = woken(&world, node, child).await;
    ask(&world, &lease, "readmitted").await;
    assert_eq!(stages(&world, &[child, second]).await, [QUEUED, RUNNING]);
    assert_eq!(counts(&world).await, (1, 1, 0));
    assert_eq!(world.record(child).await.due, None, "there is no slot yet");
    end(&world, &running, RunStatus::Succeeded).await;
    assert_eq!(stage(&world, child).await, RUNNING);
    let lease = claimed(&world, node, child).await;
    assert_eq!(world.inbox(&lease).await, ["late", "readmitted"]);
    // The end and the request in one: it leaves before it asks, and others are before it.
    let third = come(&world, entry(&world)).await;
    let mut append = world.next(&lease, "failed").await;
    append.consumed = unread(&world, &lease).await;
    append.projection = World::projection(RunStatus::Failed);
    append.turn = asked("once more");
    append.then = AppendThen::Park { due: None };
    assert!(world.append(append).await.parked);
    assert_eq!(stages(&world, &[child, third]).await, [QUEUED, RUNNING]);
}

pub async fn a_run_that_waits_and_asks_by_itself_again_keeps_its_place(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let (child, second) = child_and_other(&world, node, entry(&world)).await;
    let running = claimed(&world, node, second).await;
    let lease = woken(&world, node, child).await;
    let mut append = world.next(&lease, "asks").await;
    append.projection = World::projection(RunStatus::Failed);
    append.turn = asked("readmitted");
    world.append(append).await;
    let third = come(&world, entry(&world)).await;
    ask(&world, &lease, "once more").await;
    assert_eq!(counts(&world).await, (1, 2, 0));
    end(&world, &running, RunStatus::Succeeded).await;
    assert_eq!(stages(&world, &[child, third]).await, [RUNNING, QUEUED]);
    let lease = claimed(&world, node, child).await;
    assert_eq!(world.inbox(&lease).await, ["late", "readmitted"]);
}

pub async fn a_run_that_asks_by_itself_gives_up_by_itself(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let (child, second) = child_and_other(&world, node, entry(&world)).await;
    let lease = woken(&world, node, child).await;
    let mut append = world.next(&lease, "asks").await;
    append.projection = World::projection(RunStatus::Failed);
    append.turn = asked("readmitted");
    world.append(append).await;
    assert_eq!(counts(&world).await, (1, 1, 0));
    let mut append = world.next(&lease, "never mind").await;
    append.projection = World::projection(RunStatus::Failed);
    append.turn = OwnTurn::GiveUp;
    world.append(append).await;
    assert_eq!(stages(&world, &[child, second]).await, [RELEASED, RUNNING]);
    assert_eq!(counts(&world).await, (1, 0, 0));
}

pub async fn a_run_that_asks_by_itself_and_must_not_wait_is_told_each_time(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let rejects = FlowEntry {
        on_conflict: OnConflict::Reject {
            message: body("no place"),
        },
        ..entry(&world)
    };
    let (child, second) = child_and_other(&world, node, rejects).await;
    let lease = woken(&world, node, child).await;
    let last = ask(&world, &lease, "readmitted").await;
    assert_eq!(stages(&world, &[child, second]).await, [RELEASED, RUNNING]);
    let lease = claimed(&world, node, child).await;
    assert_eq!(
        world.inbox(&lease).await,
        ["late".to_owned(), format!("rejected:{last}")]
    );
    let again = ask(&world, &lease, "readmitted").await;
    let lease = claimed(&world, node, child).await;
    assert_eq!(world.inbox(&lease).await.last(), Some(&format!("rejected:{again}")));
}

pub async fn a_child_whose_retry_gives_way_is_told(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let (child, second) = child_and_other(&world, node, entry(&world)).await;
    let lease = woken(&world, node, child).await;
    let last = ask(&world, &lease, "readmitted").await;
    let third = come(&world, cancels(&world)).await;
    assert_eq!(
        stages(&world, &[child, second, third]).await,
        [RELEASED, RUNNING, QUEUED]
    );
    let lease = claimed(&world, node, child).await;
    let told = format!("superseded:{third}:{last}");
    assert_eq!(world.inbox(&lease).await, ["late".to_owned(), told]);
}

fn withdrawal(key: &str) -> NewMessage {
    NewMessage {
        turn: Turn::GiveUp,
        ..retry(key)
    }
}

/// A child run that was admitted and has failed, and another run that has the slot.
async fn child_and_other(world: &World<'_>, node: NodeId, flow: FlowEntry) -> (RunId, RunId) {
    let parent = world.held(node).await;
    let child = held_back(world, 0, flow);
    let run = child.id;
    let mut append = world.next(&parent, "begins a child").await;
    append.children = vec![NewRun {
        parent: Some(ParentLink {
            run: parent.run,
            step: "call".to_owned(),
            item: None,
            generation: 0,
        }),
        ..child
    }];
    world.append(append).await;
    fail(world, &claimed(world, node, run).await).await;
    (run, come(world, entry(world)).await)
}

/// Somebody has a word for a run that has ended.
async fn woken(world: &World<'_>, node: NodeId, run: RunId) -> Lease {
    world.send_late(run).await;
    claimed(world, node, run).await
}

fn asked(key: &str) -> OwnTurn {
    OwnTurn::Ask {
        key: MessageKey(key.to_owned()),
        body: body("go on"),
    }
}

/// An ended run asks to go on, and is given back. Answers its last place.
async fn ask(world: &World<'_>, lease: &Lease, key: &str) -> Seq {
    let mut append = world.next(lease, "asks").await;
    append.projection = World::projection(RunStatus::Failed);
    append.turn = asked(key);
    append.then = AppendThen::End;
    world.append(append).await.last
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
