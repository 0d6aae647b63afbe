//! Decisions asked of people.

use crate::contract::world::assert_refused;
use crate::contract::{Subject, World};
use crate::error::StoreError;
use crate::ids::ApprovalId;
use crate::records::{
    AppendThen, ApprovalFilter, ApprovalRecord, ApprovalSettled, ApprovalStatus, Lease, NewMessage, Page, RunStatus,
    StatusSet,
};

async fn open(world: &World<'_>, lease: &Lease) -> ApprovalId {
    let id = ApprovalId::generate();
    let mut append = world.next(lease, "asked").await;
    append.opened.push(world.opened(id));
    world.append(append).await;
    id
}

async fn settle(world: &World<'_>, lease: &Lease, id: ApprovalId, status: ApprovalStatus) {
    let mut append = world.next(lease, "decided").await;
    append.settled.push(ApprovalSettled {
        id,
        status,
        comment: Some("because".to_owned()),
        decided_by: Some("ann".to_owned()),
        decided_at: world.now(),
    });
    world.append(append).await;
}

async fn read(world: &World<'_>, id: ApprovalId) -> ApprovalRecord {
    let found = world.store.approval(&world.tenant, id).await.expect("reading works");
    found.expect("the approval exists")
}

pub async fn an_approval_opens_with_the_append(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let id = open(&world, &lease).await;
    let opened = world.opened(id);
    let expected = ApprovalRecord {
        id,
        run: lease.run,
        step: opened.step,
        item: opened.item,
        message: opened.message,
        deciders: opened.deciders,
        status: ApprovalStatus::Pending,
        comment: None,
        decided_by: None,
        requested_at: opened.requested_at,
        expires_at: opened.expires_at,
        decided_at: None,
    };
    assert_eq!(read(&world, id).await, expected);
    let list = world
        .store
        .list_approvals(&world.tenant, ApprovalFilter::default(), Page::first(10))
        .await;
    assert_eq!(list.expect("listing works").items, vec![expected.clone()]);
    // Opened again, it stays as it is.
    let mut append = world.next(&lease, "asked again").await;
    append.opened.push(crate::records::ApprovalOpened {
        step: "another".to_owned(),
        item: None,
        expires_at: None,
        ..world.opened(id)
    });
    world.append(append).await;
    assert_eq!(read(&world, id).await, expected);
    let unknown = world
        .store
        .approval(&world.tenant, ApprovalId::generate())
        .await
        .expect("reading works");
    assert_eq!(unknown, None);
}

pub async fn an_approval_is_settled_once(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let id = open(&world, &lease).await;
    settle(&world, &lease, id, ApprovalStatus::Rejected).await;
    let settled = read(&world, id).await;
    assert_eq!(settled.status, ApprovalStatus::Rejected);
    assert_eq!(
        (settled.comment.as_deref(), settled.decided_by.as_deref()),
        (Some("because"), Some("ann"))
    );
    assert_eq!(settled.decided_at, Some(world.now()));
    world.clock.advance(std::time::Duration::from_secs(1));
    settle(&world, &lease, id, ApprovalStatus::Approved).await;
    assert_eq!(read(&world, id).await, settled);
}

pub async fn an_approval_is_settled_by_its_own_run_only(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let (lease, other) = (world.held(node).await, world.held(node).await);
    let id = open(&world, &lease).await;
    settle(&world, &other, id, ApprovalStatus::Approved).await;
    assert_eq!(read(&world, id).await.status, ApprovalStatus::Pending);
}

pub async fn an_approval_may_open_and_settle_in_one_append(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let id = ApprovalId::generate();
    let mut append = world.next(&lease, "asked and cancelled").await;
    append.opened.push(world.opened(id));
    append.settled.push(ApprovalSettled {
        id,
        status: ApprovalStatus::Cancelled,
        comment: None,
        decided_by: None,
        decided_at: world.now(),
    });
    world.append(append).await;
    assert_eq!(read(&world, id).await.status, ApprovalStatus::Cancelled);
}

pub async fn a_decision_waits_in_the_inbox(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let id = open(&world, &lease).await;
    world.park(&lease, None).await;
    let pending = read(&world, id).await;
    let answer = world
        .store
        .decide_approval(&world.tenant, id, World::message("decision"))
        .await;
    assert_eq!(answer.expect("it is pending"), pending);
    assert_eq!(read(&world, id).await, pending);
    let claimed = world.claim(node, 1).await;
    assert_eq!(world.inbox(&claimed[0].lease).await, ["decision"]);
}

pub async fn a_second_decision_is_refused(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let id = open(&world, &lease).await;
    let decide = |key| world.store.decide_approval(&world.tenant, id, World::message(key));
    decide("first").await.expect("it is pending");
    for key in ["first", "second"] {
        assert_refused!(decide(key).await, StoreError::ApprovalSettled);
    }
    assert_eq!(world.inbox(&lease).await, ["first"]);
    // Taking the decision out of the inbox does not make room for another.
    let mut append = world.next(&lease, "took it").await;
    append.consumed = world
        .store
        .unread(&lease, 10)
        .await
        .expect("held")
        .iter()
        .map(|row| row.id)
        .collect();
    world.append(append).await;
    assert_refused!(decide("third").await, StoreError::ApprovalSettled);
    let other = open(&world, &lease).await;
    settle(&world, &lease, other, ApprovalStatus::Expired).await;
    let late = world
        .store
        .decide_approval(&world.tenant, other, World::message("late"))
        .await;
    assert_refused!(late, StoreError::ApprovalSettled);
    assert!(world.inbox(&lease).await.is_empty());
}

pub async fn a_decision_may_not_reuse_a_message_key(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let id = open(&world, &lease).await;
    world.send(lease.run, "used").await;
    let reused = world
        .store
        .decide_approval(&world.tenant, id, World::message("used"))
        .await;
    assert_refused!(reused, StoreError::ApprovalSettled);
    assert_eq!(world.inbox(&lease).await, ["used"]);
}

pub async fn a_decision_needs_its_approval_and_a_run_that_takes_it(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    let unknown = world
        .store
        .decide_approval(&world.tenant, ApprovalId::generate(), World::message("k"))
        .await;
    assert_refused!(unknown, StoreError::NotFound);
    let id = open(&world, &lease).await;
    let message = NewMessage {
        allowed: StatusSet::of(&[RunStatus::Waiting]),
        ..World::message("decision")
    };
    let refused = world.store.decide_approval(&world.tenant, id, message).await;
    assert_refused!(refused, StoreError::RunIs(RunStatus::Running));
    assert!(world.inbox(&lease).await.is_empty());
    world
        .store
        .decide_approval(&world.tenant, id, World::message("decision"))
        .await
        .expect("still undecided");
    let mut end = world.next(&lease, "ended").await;
    end.projection = World::projection(RunStatus::Succeeded);
    end.then = AppendThen::End;
    world.append(end).await;
    let late = world
        .store
        .decide_approval(&world.tenant, id, World::message("late"))
        .await;
    assert_refused!(late, StoreError::ApprovalSettled);
}

pub async fn approvals_are_listed_newest_first_by_status_and_run(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let (one, two) = (world.held(node).await, world.held(node).await);
    let ids = [
        open(&world, &one).await,
        open(&world, &two).await,
        open(&world, &one).await,
    ];
    settle(&world, &one, ids[0], ApprovalStatus::Approved).await;
    let cases = [
        (None, None, vec![ids[2], ids[1], ids[0]]),
        (Some(ApprovalStatus::Pending), None, vec![ids[2], ids[1]]),
        (Some(ApprovalStatus::Approved), None, vec![ids[0]]),
        (Some(ApprovalStatus::Expired), None, vec![]),
        (None, Some(one.run), vec![ids[2], ids[0]]),
        (Some(ApprovalStatus::Pending), Some(one.run), vec![ids[2]]),
    ];
    for (status, run, expected) in cases {
        let filter = ApprovalFilter { status, run };
        let mut page = Page::first(1);
        let mut seen = Vec::new();
        loop {
            let part = world
                .store
                .list_approvals(&world.tenant, filter.clone(), page)
                .await
                .expect("listing works");
            seen.extend(part.items.iter().map(|item| item.id));
            page.cursor = part.next;
            if page.cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected, "{filter:?}");
    }
}
