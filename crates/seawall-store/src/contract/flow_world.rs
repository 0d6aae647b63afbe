//! What cases about flow control share.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::World;
use crate::ids::{NodeId, RunId};
use crate::records::{
    AppendThen, FlowEntry, FlowLine, FlowNumbers, FlowStage, Lease, NewMessage, NewRun, OnConflict, Page, RunStatus,
    StatusSet, Turn,
};

pub(in crate::contract) const SECOND: Duration = Duration::from_secs(1);

pub(in crate::contract) fn body(text: &str) -> Arc<[u8]> {
    Arc::from(text.as_bytes())
}

/// One slot, no key, those that find none wait.
pub(in crate::contract) fn entry(world: &World<'_>) -> FlowEntry {
    FlowEntry {
        scope: world.flow.id,
        key: None,
        numbers: FlowNumbers {
            version: 1,
            slots: Some(1),
            rate: None,
        },
        on_conflict: OnConflict::Queue,
        debounce: None,
        admitted: body("go"),
        deadline: None,
    }
}

pub(in crate::contract) fn with_slots(world: &World<'_>, version: u32, slots: u32) -> FlowEntry {
    let mut entry = entry(world);
    entry.numbers = FlowNumbers {
        version,
        slots: Some(slots),
        rate: None,
    };
    entry
}

pub(in crate::contract) fn of_key(world: &World<'_>, key: &str) -> FlowEntry {
    FlowEntry {
        key: Some(Arc::from(key)),
        ..entry(world)
    }
}

pub(in crate::contract) fn held_back(world: &World<'_>, priority: i8, flow: FlowEntry) -> NewRun {
    NewRun {
        priority,
        flow: Some(flow),
        ..world.new_run()
    }
}

pub(in crate::contract) async fn come(world: &World<'_>, flow: FlowEntry) -> RunId {
    come_with(world, 0, flow).await
}

pub(in crate::contract) async fn come_with(world: &World<'_>, priority: i8, flow: FlowEntry) -> RunId {
    let new = held_back(world, priority, flow);
    let id = new.id;
    world.create(new).await;
    id
}

pub(in crate::contract) async fn stage(world: &World<'_>, run: RunId) -> FlowStage {
    let place = world.store.flow_place(&world.tenant, run).await;
    place.expect("reading works").expect("it has flow control").stage
}

pub(in crate::contract) async fn stages(world: &World<'_>, runs: &[RunId]) -> Vec<FlowStage> {
    let mut found = Vec::new();
    for run in runs {
        found.push(stage(world, *run).await);
    }
    found
}

pub(in crate::contract) async fn lines(world: &World<'_>) -> Vec<FlowLine> {
    let page = world
        .store
        .list_flow(&world.tenant, world.flow.id, Page::first(200))
        .await;
    page.expect("reading works").items
}

/// Running, queued and debounced runs of the only line.
pub(in crate::contract) async fn counts(world: &World<'_>) -> (u32, u32, u32) {
    match &lines(world).await[..] {
        [] => (0, 0, 0),
        [line] => (line.running, line.queued, line.waiting),
        more => unreachable!("one line: {more:?}"),
    }
}

/// Claims everything that is due and answers the lease of this run.
pub(in crate::contract) async fn claimed(world: &World<'_>, node: NodeId, run: RunId) -> Lease {
    let claimed = world.claim(node, 100).await;
    let lease = claimed
        .into_iter()
        .map(|claimed| claimed.lease)
        .find(|lease| lease.run == run);
    lease.expect("it is due")
}

pub(in crate::contract) async fn end(world: &World<'_>, lease: &Lease, status: RunStatus) {
    let mut append = world.next(lease, "end").await;
    append.projection = World::projection(status);
    append.then = AppendThen::End;
    world.append(append).await;
}

pub(in crate::contract) fn retry(key: &str) -> NewMessage {
    NewMessage {
        allowed: StatusSet::of(&[RunStatus::Failed, RunStatus::Cancelled]),
        turn: Turn::Ask,
        ..World::message(key)
    }
}
