//! Places in flow control, tasks and schedules as they are stored, and their repair.

use std::collections::BTreeMap;

use crate::contract::flow_world::{body, claimed, come, counts, end, entry, retry, stage, stages};
use crate::contract::{Subject, World};
use crate::ids::{RunId, Seq, TenantId};
use crate::records::{FlowEntry, FlowStage, OnConflict, RunParts, RunRepair, RunStatus, Sent, TaskStatus};
use crate::time::Timestamp;

async fn parts(world: &World<'_>, run: RunId) -> RunParts {
    let key = world.record(run).await.key;
    world.store.inspect_parts(key).await.expect("reading works")
}

/// What leaves a run's row as it is, but for its timer.
async fn repair(world: &World<'_>, run: RunId, due: Option<Timestamp>) -> RunRepair {
    let record = world.record(run).await;
    RunRepair {
        run: record.key,
        id: run,
        projection: record.projection,
        last_seq: record.last_seq,
        release: true,
        due,
        readmit: false,
        leaves: false,
        approvals: Vec::new(),
    }
}

async fn repaired(world: &World<'_>, repair: RunRepair) {
    assert!(world.store.repair_run(repair).await.expect("there is room"));
    let wrong = world.store.inspect_counts().await.expect("reading works");
    assert_eq!(wrong, []);
}

pub async fn a_run_is_shown_with_its_place_and_its_tasks(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let first = come(&world, entry(&world)).await;
    let lease = claimed(&world, node, first).await;
    let (task, taken) = (world.task("waits"), world.task("taken"));
    let ids = [task.id, taken.id];
    world.offer(&lease, vec![taken, task]).await;
    world.take_one().await;
    let shown = parts(&world, first).await;
    assert_eq!(
        (shown.stage, shown.withheld, shown.unread.len()),
        (Some(FlowStage::Running), 0, 1)
    );
    let wanted = [(ids[0], TaskStatus::Offered), (ids[1], TaskStatus::Claimed)];
    assert_eq!(shown.tasks, BTreeMap::from(wanted));
    end(&world, &lease, RunStatus::Failed).await;
    come(&world, entry(&world)).await;
    let sent = world.store.send(&world.tenant, first, retry("again")).await;
    assert_eq!(sent.expect("it is allowed"), Sent::Accepted);
    let shown = parts(&world, first).await;
    assert_eq!((shown.stage, shown.withheld), (Some(FlowStage::Queued), 1));
    let free = world.unheld().await;
    assert_eq!(parts(&world, free).await.stage, None);
    world.store.recount().await.expect("there is room");
    assert_eq!(counts(&world).await, (1, 1, 0));
}

pub async fn a_repair_takes_the_place_of_a_run_away(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let (first, second) = (come(&world, entry(&world)).await, come(&world, entry(&world)).await);
    let third = come(&world, entry(&world)).await;
    claimed(&world, node, first).await;
    // As its journal would say.
    let mut leaves = repair(&world, first, None).await;
    leaves.leaves = true;
    leaves.projection = World::projection(RunStatus::Failed);
    repaired(&world, leaves.clone()).await;
    let all = [first, second, third];
    let (released, running) = (FlowStage::Released, FlowStage::Running);
    assert_eq!(stages(&world, &all).await, [released, running, FlowStage::Queued]);
    // Once more, with a retry that waits: it is as if that had never been asked for.
    let sent = world.store.send(&world.tenant, first, retry("again")).await;
    assert_eq!(sent.expect("it is allowed"), Sent::Accepted);
    repaired(&world, leaves).await;
    assert_eq!(stages(&world, &all).await, [released, running, FlowStage::Queued]);
    assert_eq!(parts(&world, first).await.withheld, 0);
    let sent = world.store.send(&world.tenant, first, retry("again")).await;
    assert_eq!(sent.expect("it is allowed"), Sent::Accepted);
    assert_eq!(counts(&world).await, (1, 2, 0));
}

pub async fn a_repaired_retry_asks_for_its_slot(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let reject = FlowEntry {
        on_conflict: OnConflict::Reject { message: body("no") },
        ..entry(&world)
    };
    let mut ended = Vec::new();
    for entry in [entry(&world), reject] {
        let run = come(&world, entry).await;
        let lease = claimed(&world, node, run).await;
        end(&world, &lease, RunStatus::Failed).await;
        ended.push(run);
    }
    let holds = come(&world, entry(&world)).await;
    for run in &ended {
        // The message of its admission is there still: it is unread, as a retry would be.
        let mut due = repair(&world, *run, Some(Timestamp::ZERO)).await;
        due.readmit = true;
        repaired(&world, due).await;
        assert_eq!(world.record(*run).await.due, None);
    }
    let shown = parts(&world, ended[0]).await;
    assert_eq!(
        (shown.stage, shown.unread.len(), shown.withheld),
        (Some(FlowStage::Queued), 0, 1)
    );
    let refused = parts(&world, ended[1]).await;
    assert_eq!(
        (refused.stage, refused.unread.len(), refused.withheld),
        (Some(FlowStage::Released), 0, 0)
    );
    let lease = claimed(&world, node, holds).await;
    end(&world, &lease, RunStatus::Succeeded).await;
    assert_eq!(stage(&world, ended[0]).await, FlowStage::Running);
    assert_eq!(world.record(ended[0]).await.due, Some(Timestamp::ZERO));
    assert_eq!(world.record(ended[0]).await.last_seq, Seq(2));
}

pub async fn a_repaired_run_that_takes_no_slot_anew_is_due(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let run = come(&world, entry(&world)).await;
    let lease = claimed(&world, node, run).await;
    end(&world, &lease, RunStatus::Failed).await;
    world.send_late(run).await;
    let before = parts(&world, run).await;
    for due in [None, Some(Timestamp::ZERO)] {
        let repair = repair(&world, run, due).await;
        repaired(&world, repair).await;
        assert_eq!(world.record(run).await.due, due);
        let shown = parts(&world, run).await;
        assert_eq!((shown.stage, shown.withheld), (Some(FlowStage::Released), 0));
        assert_eq!(shown.unread, before.unread);
    }
    let lease = claimed(&world, node, run).await;
    assert_eq!(world.inbox(&lease).await.last().map(String::as_str), Some("late"));
}

pub async fn schedules_of_all_tenants_are_streamed_in_the_order_of_their_creation(subject: &Subject) {
    let world = World::of(subject).await;
    let other = World::of_tenant(subject, TenantId::new("other").expect("a tenant")).await;
    let mut made = Vec::new();
    for world in [&world, &other, &world] {
        made.push(world.schedule_at(Some(world.now())).await);
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = world.store.inspect_schedules(after, 2).await.expect("reading works");
        let Some(last) = page.last() else { break };
        after = Some(last.place);
        seen.extend(page);
    }
    let ids = seen.iter().filter_map(|schedule| schedule.id);
    assert!(ids.eq(made.iter().map(|record| record.id)));
    let rows = seen.into_iter().filter_map(|schedule| schedule.row.ok());
    assert!(rows.eq(made));
}
