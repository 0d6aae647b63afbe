//! Runs and workflows that leave.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::world::assert_refused;
use crate::contract::{Subject, TTL, World};
use crate::error::StoreError;
use crate::ids::{ApprovalId, Digest, RunId, TenantId};
use crate::records::{
    AppendThen, ApprovalFilter, CreatedRun, Fate, Forgotten, IdempotencyKey, KeptFor, Lease, NewRun, Page, ParentLink,
    RunStatus, Sent, Sweep, WorkflowVersion,
};
use crate::time::Timestamp;

const SECOND: Duration = Duration::from_secs(1);

/// A run that ends now.
async fn ended(world: &World<'_>, new: NewRun) -> RunId {
    let run = new.id;
    let node = world.node().await;
    let created = world
        .create(NewRun {
            hold: Some(node),
            ..new
        })
        .await;
    let CreatedRun::New { lease: Some(lease) } = created else {
        unreachable!("a run with `hold` is born held: {created:?}")
    };
    end(world, &lease).await;
    run
}

async fn end(world: &World<'_>, lease: &Lease) {
    let mut end = world.next(lease, "ended").await;
    end.projection = World::projection(RunStatus::Succeeded);
    end.projection.finished_at = Some(world.now());
    end.then = AppendThen::End;
    world.append(end).await;
}

fn all(world: &World<'_>) -> Sweep {
    Sweep {
        before: world.now(),
        after: None,
        max_runs: 100,
        max_bytes: u64::MAX,
    }
}

async fn sweep(world: &World<'_>, sweep: Sweep) -> Forgotten {
    world.store.forget_finished(sweep).await.expect("there is room")
}

async fn exists(world: &World<'_>, run: RunId) -> bool {
    world
        .store
        .run(&world.tenant, run)
        .await
        .expect("reading works")
        .is_some()
}

pub async fn a_forgotten_run_takes_everything_of_its_own_along(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let approval = ApprovalId::generate();
    let mut asks = world.next(&lease, "asks").await;
    asks.opened.push(world.opened(approval));
    world.append(asks).await;
    world.send(lease.run, "k").await;
    end(&world, &lease).await;
    // `End` leaves what is unread; it is about nothing any more.
    let gone = sweep(&world, all(&world)).await;
    assert_eq!((gone.runs, gone.kept, gone.next), (1, 0, None));
    assert!(!exists(&world, lease.run).await);
    let journal = world
        .store
        .journal(&world.tenant, lease.run, crate::ids::Seq(0), 1000)
        .await;
    assert_refused!(journal, StoreError::NotFound);
    let approvals = world
        .store
        .list_approvals(&world.tenant, ApprovalFilter::default(), Page::first(10))
        .await;
    assert!(approvals.expect("listing works").items.is_empty());
    assert_refused!(
        world.store.send(&world.tenant, lease.run, World::message("k")).await,
        StoreError::NotFound
    );
    // Its id is free, and nothing of the old run is the new one's.
    let again = NewRun {
        id: lease.run,
        hold: Some(world.node().await),
        ..world.new_run()
    };
    world.create(again).await;
    assert_eq!(world.journal(lease.run).await, (1, "created".to_owned()));
    let sent = world.store.send(&world.tenant, lease.run, World::message("k")).await;
    assert_eq!(sent.expect("allowed"), Sent::Accepted);
}

pub async fn a_late_append_to_a_forgotten_run_is_stale(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let mut last = world.next(&lease, "ended").await;
    last.projection = World::projection(RunStatus::Failed);
    last.projection.finished_at = Some(world.now());
    last.then = AppendThen::End;
    world.append(last.clone()).await;
    sweep(&world, all(&world)).await;
    // Another run may have its number by now, with the same bytes at the same places.
    let other = world.held(node).await;
    let next = world.next(&other, "ended").await;
    world.append(next).await;
    assert_refused!(world.store.append(last).await, StoreError::StaleLease);
}

pub async fn runs_that_ended_later_stay(subject: &Subject) {
    let world = World::of(subject).await;
    let old = ended(&world, world.new_run()).await;
    let first = world.now();
    world.clock.advance(SECOND);
    let young = ended(&world, world.new_run()).await;
    let live = world.unheld().await;
    let next = |after| world.store.next_finished(after);
    assert_eq!(next(Timestamp::ZERO).await.expect("reading works"), Some(first));
    assert_eq!(next(first).await.expect("reading works"), Some(world.now()));
    assert_eq!(next(world.now()).await.expect("reading works"), None);
    let gone = sweep(
        &world,
        Sweep {
            before: first,
            ..all(&world)
        },
    )
    .await;
    assert_eq!((gone.runs, gone.kept), (1, 0));
    assert!(!exists(&world, old).await && exists(&world, young).await && exists(&world, live).await);
}

pub async fn a_sweep_goes_on_where_it_stopped(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let kept = world.held(node).await;
    end(&world, &kept).await;
    world.send_late(kept.run).await;
    for _ in 0..4 {
        ended(&world, world.new_run()).await;
        world.clock.advance(SECOND);
    }
    let mut step = Sweep {
        max_runs: 2,
        ..all(&world)
    };
    let mut steps = Vec::new();
    loop {
        let done = sweep(&world, step).await;
        steps.push((done.runs, done.kept));
        step.after = done.next;
        if done.next.is_none() {
            break;
        }
    }
    assert_eq!(steps, [(1, 1), (2, 0), (1, 0)]);
    assert!(exists(&world, kept.run).await);
}

pub async fn a_step_forgets_about_as_many_bytes(subject: &Subject) {
    let world = World::of(subject).await;
    for _ in 0..3 {
        // "created" and "ended".
        ended(&world, world.new_run()).await;
    }
    let small = |max_bytes| Sweep {
        max_bytes,
        ..all(&world)
    };
    let first = sweep(&world, small(24)).await;
    assert_eq!((first.runs, first.next.is_some()), (2, true));
    let last = sweep(&world, small(1)).await;
    assert_eq!((last.runs, last.next), (1, None), "one goes, however large it is");
}

pub async fn a_run_that_may_go_on_stays(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    end(&world, &lease).await;
    world.send_late(lease.run).await;
    let forget = |run| world.store.forget_run(&world.tenant, run);
    assert_eq!(
        forget(lease.run).await.expect("there is room"),
        Fate::Kept(KeptFor::Work)
    );
    assert_eq!(sweep(&world, all(&world)).await.kept, 1);
    let claimed = world.claim(node, 1).await.remove(0).lease;
    assert_eq!(
        forget(lease.run).await.expect("there is room"),
        Fate::Kept(KeptFor::Work)
    );
    let mut last = world.next(&claimed, "ended again").await;
    last.projection = World::projection(RunStatus::Failed);
    last.consumed = world
        .store
        .unread(&claimed, 1)
        .await
        .expect("held")
        .iter()
        .map(|row| row.id)
        .collect();
    last.then = AppendThen::End;
    world.append(last).await;
    let waiting = world.held(node).await;
    world.park(&waiting, None).await;
    assert_eq!(
        forget(waiting.run).await.expect("there is room"),
        Fate::Kept(KeptFor::Work)
    );
    assert_eq!(forget(lease.run).await.expect("there is room"), Fate::Forgotten);
    assert_refused!(forget(lease.run).await, StoreError::NotFound);
}

pub async fn a_run_whose_key_counts_stays(subject: &Subject) {
    let world = World::of(subject).await;
    let key = |expires_at| IdempotencyKey {
        key: Digest::of(b"key"),
        fingerprint: Digest::of(b"request"),
        expires_at,
    };
    let new = NewRun {
        idempotency: Some(key(world.later(TTL))),
        ..world.new_run()
    };
    let run = ended(&world, new).await;
    world.clock.advance(IdempotencyKey::OUTLIVES - Duration::from_millis(1));
    assert_eq!(sweep(&world, all(&world)).await.kept, 1);
    let fate = world.store.forget_run(&world.tenant, run).await;
    assert_eq!(fate.expect("there is room"), Fate::Kept(KeptFor::Key));
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(sweep(&world, all(&world)).await.runs, 1);
    let again = NewRun {
        idempotency: Some(key(world.later(TTL))),
        ..world.new_run()
    };
    assert!(matches!(world.create(again).await, CreatedRun::New { .. }));
}

pub async fn children_stay_with_their_parent_and_a_parent_with_live_children(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let parent = world.held(node).await;
    let of = |parent: &Lease| {
        Some(ParentLink {
            run: parent.run,
            step: "call".to_owned(),
            item: None,
            generation: 0,
        })
    };
    let done = ended(
        &world,
        NewRun {
            parent: of(&parent),
            ..world.new_run()
        },
    )
    .await;
    let node = world.node().await;
    let live = world
        .create(NewRun {
            parent: of(&parent),
            hold: Some(node),
            ..world.new_run()
        })
        .await;
    let CreatedRun::New { lease: Some(live) } = live else {
        unreachable!("a run with `hold` is born held")
    };
    let parent = if subject.exclusive {
        world.claim(node, 1).await.remove(0).lease
    } else {
        parent
    };
    end(&world, &parent).await;
    let forget = |run| world.store.forget_run(&world.tenant, run);
    assert_eq!(forget(done).await.expect("there is room"), Fate::Kept(KeptFor::Parent));
    assert_eq!(
        forget(parent.run).await.expect("there is room"),
        Fate::Kept(KeptFor::Child)
    );
    assert_eq!(sweep(&world, all(&world)).await.kept, 2);
    end(&world, &live).await;
    assert_eq!(
        forget(live.run).await.expect("there is room"),
        Fate::Kept(KeptFor::Parent)
    );
    let first = sweep(&world, all(&world)).await;
    let second = sweep(&world, all(&world)).await;
    assert_eq!((first.runs + second.runs, second.kept), (3, 0));
    assert_eq!((first.parents, second.parents), (1, 0));
}

pub async fn a_run_is_forgotten_by_its_own_tenant_only(subject: &Subject) {
    let world = World::of(subject).await;
    let other = TenantId::new("other").expect("a tenant");
    let run = ended(&world, world.new_run()).await;
    assert_refused!(world.store.forget_run(&other, run).await, StoreError::NotFound);
    assert!(exists(&world, run).await);
}

pub async fn a_workflow_that_was_used_by_a_clock_that_stood_behind_stays_as_if_new(subject: &Subject) {
    let world = World::of(subject).await;
    let inline = || world.store.keep_inline(&world.tenant, World::workflow("inline", "1"));
    let kept = inline().await.expect("kept");
    let created_at = world.now();
    world
        .clock
        .set(Timestamp::from_millis(created_at.as_millis() - 3_600_000));
    inline().await.expect("kept");
    let forget = || world.store.forget_workflows(TTL, 10);
    // Long after it was used by that clock, and not yet long after it was created by this one.
    world
        .clock
        .set(created_at.saturating_add(TTL - Duration::from_millis(1)));
    assert!(forget().await.expect("there is room").is_empty());
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(forget().await.expect("there is room"), [kept.id]);
}

pub async fn unused_workflows_leave_and_used_ones_stay(subject: &Subject) {
    let world = World::of(subject).await;
    let inline = |text: &str| world.store.keep_inline(&world.tenant, World::workflow("inline", text));
    let (used, unused) = (inline("1").await.expect("kept"), inline("2").await.expect("kept"));
    let deleted = world
        .store
        .create_workflow(&world.tenant, World::workflow("gone", "3"))
        .await;
    let deleted = deleted.expect("it is new").pinned();
    let target = crate::records::WorkflowRef::Id(deleted.id);
    world
        .store
        .delete_workflow(&world.tenant, &target, None)
        .await
        .expect("it exists");
    let pinned = |workflow: WorkflowVersion| NewRun {
        workflow,
        ..world.new_run()
    };
    let run = ended(&world, pinned(used.pinned())).await;
    let forget = |limit| world.store.forget_workflows(TTL, limit);
    world.clock.advance(TTL - Duration::from_millis(1));
    assert!(forget(10).await.expect("there is room").is_empty(), "used a moment ago");
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(forget(1).await.expect("there is room"), [unused.id]);
    assert_eq!(forget(10).await.expect("there is room"), [deleted.id]);
    assert!(forget(10).await.expect("there is room").is_empty());
    let version = |workflow: WorkflowVersion| {
        let (store, tenant) = (world.store, world.tenant.clone());
        async move {
            store
                .workflow_version(&tenant, workflow.id, 1)
                .await
                .expect("reading works")
        }
    };
    assert!(version(deleted).await.is_none() && version(unused.pinned()).await.is_none());
    assert!(version(used.pinned()).await.is_some() && version(world.flow.clone()).await.is_some());
    // Kept again, it counts as used from then on, although no run needs it any more.
    inline("1").await.expect("kept");
    sweep(&world, all(&world)).await;
    assert!(!exists(&world, run).await);
    assert!(forget(10).await.expect("there is room").is_empty());
    world.clock.advance(TTL);
    assert_eq!(forget(10).await.expect("there is room"), [used.id]);
    let anew = world
        .store
        .keep_inline(&world.tenant, World::workflow("inline", "1"))
        .await;
    assert_eq!(anew.expect("kept").name, Arc::from("inline"));
}
