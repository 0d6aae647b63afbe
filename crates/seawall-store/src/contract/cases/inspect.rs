//! Everything as it is stored, and the repair of what follows from something else.

use std::time::Duration;

use crate::contract::{Subject, TTL, World};
use crate::ids::{ApprovalId, NodeId, RunId, RunKey, Seq, TenantId};
use crate::records::{ApprovalStatus, MessageKey, RunRepair, RunStatus};

pub async fn all_runs_of_all_tenants_are_streamed_in_the_order_of_their_creation(subject: &Subject) {
    let world = World::of(subject).await;
    let other = World::of_tenant(subject, TenantId::new("other").expect("a tenant")).await;
    let node = world.node().await;
    let runs = [world.held(node).await.run, other.unheld().await, world.unheld().await];
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = world.store.inspect_runs(after, 2).await.expect("reading works");
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        seen.extend(page);
    }
    assert_eq!(seen.iter().filter_map(|run| run.id).collect::<Vec<_>>(), runs);
    assert_eq!(seen[1].tenant.as_ref(), Some(&other.tenant));
    let record = world.record(runs[0]).await;
    assert_eq!(seen[0].row.as_ref().ok(), Some(&record));
    assert!(seen.iter().all(|run| run.holder_lives));
    let found = world
        .store
        .inspect_id(&world.tenant, runs[0])
        .await
        .expect("reading works");
    assert_eq!(found, Some((record.key, RunStatus::Queued)));
    assert_eq!(
        world
            .store
            .inspect_id(&other.tenant, runs[0])
            .await
            .expect("reading works"),
        None
    );
    assert!(world.store.inspect_strays().await.expect("reading works").is_empty());
    assert!(world.store.integrity(10).await.expect("reading works").is_empty());
}

pub async fn a_run_is_shown_with_all_its_parts(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let approval = ApprovalId::generate();
    let mut asks = world.next(&lease, "asks").await;
    asks.opened.push(world.opened(approval));
    world.append(asks).await;
    world.send(lease.run, "read").await;
    world.send(lease.run, "unread").await;
    let first = world.store.unread(&lease, 1).await.expect("held").remove(0);
    let mut reads = world.next(&lease, "reads").await;
    reads.consumed.push(first.id);
    world.append(reads).await;
    let parts = world.store.inspect_parts(lease.key).await.expect("reading works");
    assert_eq!(parts.segments.last().map(crate::records::Segment::last), Some(Seq(3)));
    assert_eq!(parts.approvals.iter().map(|row| row.id).collect::<Vec<_>>(), [approval]);
    assert_eq!((parts.unread.len(), parts.troubles.len()), (1, 0));
    for (key, unread) in [("read", Some(false)), ("unread", Some(true)), ("never", None)] {
        let key = MessageKey(key.to_owned());
        let found = world.store.inspect_message(lease.key, &key).await;
        assert_eq!(found.expect("reading works"), unread);
    }
    let nobody = world
        .store
        .inspect_parts(RunKey(i64::MAX))
        .await
        .expect("reading works");
    assert!(nobody.segments.is_empty());
    let workflow = world.store.inspect_workflow(&world.tenant, &world.flow).await;
    assert_eq!(
        workflow.expect("reading works").map(|record| record.pinned()),
        Some(world.flow.clone())
    );
}

pub async fn a_repair_writes_the_row_and_the_approvals(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let (kept, missing) = (ApprovalId::generate(), ApprovalId::generate());
    let mut asks = world.next(&lease, "asks").await;
    asks.opened.push(world.opened(kept));
    world.append(asks).await;
    let approval = world.store.approval(&world.tenant, kept).await.expect("reading works");
    let approval = approval.expect("it was opened");
    let settled = crate::records::ApprovalRecord {
        status: ApprovalStatus::Approved,
        decided_at: Some(world.now()),
        ..approval.clone()
    };
    let other = crate::records::ApprovalRecord {
        id: missing,
        ..approval
    };
    let due = world.later(Duration::from_secs(7));
    let repair = RunRepair {
        run: lease.key,
        id: lease.run,
        projection: World::projection(RunStatus::Waiting),
        last_seq: Seq(2),
        release: true,
        due: Some(due),
        readmit: false,
        leaves: false,
        approvals: vec![settled.clone(), other.clone()],
    };
    assert!(world.store.repair_run(repair.clone()).await.expect("there is room"));
    let record = world.record(lease.run).await;
    assert_eq!(
        (record.holder, record.due, record.epoch),
        (None, Some(due), lease.epoch)
    );
    assert_eq!(record.projection, repair.projection);
    for wanted in [settled, other] {
        let row = world
            .store
            .approval(&world.tenant, wanted.id)
            .await
            .expect("reading works");
        assert_eq!(row, Some(wanted));
    }
    let nobody = RunRepair {
        id: RunId::generate(),
        ..repair
    };
    assert!(!world.store.repair_run(nobody).await.expect("there is room"));
    assert_eq!(world.store.clear_strays().await.expect("there is room"), 0);
}

pub async fn a_holder_that_was_declared_dead_is_seen(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    world.clock.advance(TTL);
    let lives = || async {
        let runs = world.store.inspect_runs(None, 10).await.expect("reading works");
        runs[0].holder_lives
    };
    assert!(lives().await, "nobody has declared it dead");
    world.store.bury_expired().await.expect("burying works");
    assert!(lives().await, "nobody holds it");
    assert_eq!(world.record(lease.run).await.holder, None::<NodeId>);
}
