//! Tasks that appends offer and withdraw.

use std::time::Duration;

use crate::contract::tasks_world::{LEASE, TIMEOUT, queue, withdrawn};
use crate::contract::world::assert_refused;
use crate::contract::{Subject, World};
use crate::error::StoreError;
use crate::ids::{RunId, TaskId, TenantId};
use crate::records::{AppendThen, QueueRecord, QueueRoom, TaskEnder, TaskOffered, TaskStatus};

pub async fn an_offered_task_reads_back_as_it_was_offered(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let offered = TaskOffered {
        attempt: 3,
        key: Some("customer-7".to_owned()),
        priority: -5,
        ..world.task("send")
    };
    world.offer(&lease, vec![offered.clone()]).await;
    let record = world.task_record(offered.id).await;
    assert_eq!((record.run, &record.queue), (lease.run, &offered.queue));
    assert_eq!((record.activity.as_str(), record.attempt), ("send", 3));
    assert_eq!((record.key, record.priority), (offered.key, -5));
    assert_eq!((record.status, record.offered_at), (TaskStatus::Offered, world.now()));
    assert_eq!((record.worker, record.lease_until, record.deadline), (None, None, None));
    assert!(!record.cancelled);
    let open = world
        .store
        .tasks_of_run(&world.tenant, lease.run)
        .await
        .expect("reading");
    assert_eq!(open, [world.task_record(offered.id).await]);
}

pub async fn a_task_is_offered_only_with_the_append_that_says_so(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let mut stale = world.next(&lease, "stale").await;
    stale.after = stale.after.plus(1);
    stale.tasks.push(world.task("never"));
    let id = stale.tasks[0].id;
    assert_refused!(world.store.append(stale).await, StoreError::StaleLease);
    assert_eq!(world.store.task(&world.tenant, id).await.expect("reading"), None);
    assert_eq!(
        world.store.queue(&world.tenant, &queue("mail")).await.expect("reading"),
        None
    );
    assert!(world.take(10).await.is_empty());
}

pub async fn a_repeated_append_offers_once(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let mut append = world.next(&lease, "offered").await;
    append.tasks = vec![world.keyed("one", "k"), world.task("two")];
    world.append(append.clone()).await;
    world.append(append.clone()).await;
    assert_eq!(world.mail().await.offered, 2);
    let taken = world.take(10).await;
    assert_eq!(taken.len(), 2);
    world.append(append.clone()).await;
    assert!(world.take(10).await.is_empty(), "it was offered again");
    // The same tasks with another append are left as they are.
    let mut again = world.next(&lease, "again").await;
    again.tasks = append.tasks;
    world.append(again).await;
    let mail = world.mail().await;
    assert_eq!((mail.offered, mail.claimed, mail.offered_bytes), (0, 2, 0));
    assert!(world.take(10).await.is_empty());
}

pub async fn an_unclaimed_task_is_gone_with_the_append_that_withdraws_it(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let (first, second) = (world.keyed("first", "k"), world.keyed("second", "k"));
    let id = first.id;
    world.offer(&lease, vec![first, second]).await;
    world.withdraw(&lease, id, Duration::ZERO).await;
    assert_eq!(world.inbox(&lease).await, [format!("withdrawal of {id}")]);
    let record = world.task_record(id).await;
    assert_eq!(
        (record.status, record.cancelled, record.worker),
        (TaskStatus::Settled, true, None)
    );
    let mail = world.mail().await;
    assert_eq!((mail.offered, mail.offered_bytes), (1, "\"second\"".len() as u64));
    assert_eq!(
        world.take_one().await.activity,
        "second",
        "the key has another first task"
    );
    // Once more: it is settled, and nothing happens.
    world.withdraw(&lease, id, Duration::ZERO).await;
    assert_eq!(world.inbox(&lease).await.len(), 1);
}

pub async fn a_run_that_withdraws_finds_the_message_before_it_parks(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let task = world.task("send");
    let id = task.id;
    world.offer(&lease, vec![task]).await;
    let mut park = world.next(&lease, "parked").await;
    park.withdrawn.push(withdrawn(lease.run, id, Duration::ZERO));
    park.then = AppendThen::Park { due: None };
    assert!(!world.append(park).await.parked, "a message is unread");
    assert_eq!(world.inbox(&lease).await.len(), 1);
}

pub async fn a_claimed_task_is_cancelled_and_its_lease_cut_short(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    world.offer(&lease, vec![world.task("send")]).await;
    let task = world.take_one().await;
    world.clock.advance(Duration::from_secs(5));
    let grace = Duration::from_secs(7);
    world.withdraw(&lease, task.id, grace).await;
    assert!(world.inbox(&lease).await.is_empty(), "its worker has the word");
    let record = world.task_record(task.id).await;
    assert_eq!((record.status, record.cancelled), (TaskStatus::Claimed, true));
    assert_eq!(record.lease_until, Some(world.later(grace)));
    world.clock.advance(Duration::from_secs(2));
    let beat = world
        .store
        .heartbeat_task(&world.tenant, task.id, task.lease, None)
        .await;
    let beat = beat.expect("the lease lasts");
    assert!(beat.cancelled);
    assert_eq!(
        beat.lease_until,
        world.later(Duration::from_secs(5)),
        "it is not prolonged"
    );
    world.complete(&task).await.expect("its worker may say how it ended");
    assert_eq!(world.inbox(&lease).await, [format!("end of {}", task.id)]);
}

pub async fn a_withdrawal_never_prolongs_a_lease(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    world.offer(&lease, vec![world.task("send")]).await;
    let task = world.take_one().await;
    world.withdraw(&lease, task.id, TIMEOUT).await;
    assert_eq!(world.task_record(task.id).await.lease_until, Some(task.lease_until));
    world.clock.advance(LEASE);
    let ended = world.end(task.id, task.lease, TaskEnder::Lapse).await;
    ended.expect("a cancelled task lapses like any other");
}

pub async fn a_run_withdraws_its_own_tasks_only(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let (lease, other) = (world.held(node).await, world.held(node).await);
    let task = world.task("send");
    let id = task.id;
    world.offer(&lease, vec![task]).await;
    world.withdraw(&other, id, Duration::ZERO).await;
    assert_eq!(world.task_record(id).await.status, TaskStatus::Offered);
    assert!(world.inbox(&other).await.is_empty() && world.inbox(&lease).await.is_empty());
}

pub async fn of_a_task_that_is_not_there_its_run_is_told_that_it_is_lost(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let id = TaskId::generate();
    world.withdraw(&lease, id, Duration::ZERO).await;
    let told = world.store.unread(&lease, 10).await.expect("held");
    assert_eq!((told.len(), &*told[0].body), (1, &b"nobody knows"[..]));
    assert_eq!(told[0].key.0, format!("withdrawal of {id}"));
    // Where its end was told, it has ended.
    world.offer(&lease, vec![world.task("send")]).await;
    let task = world.take_one().await;
    world.complete(&task).await.expect("it is claimed");
    let mut late = world.next(&lease, "late").await;
    let mut end = withdrawn(lease.run, task.id, Duration::ZERO);
    end.message.key = World::message(&format!("end of {}", task.id)).key;
    late.withdrawn.push(end);
    world.append(late).await;
    assert_eq!(world.inbox(&lease).await.len(), 2);
}

pub async fn a_task_may_be_offered_and_withdrawn_in_one_append(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let mut append = world.next(&lease, "both").await;
    append.tasks.push(world.task("send"));
    append
        .withdrawn
        .push(withdrawn(lease.run, append.tasks[0].id, Duration::ZERO));
    world.append(append).await;
    assert!(world.take(1).await.is_empty());
    assert_eq!(world.inbox(&lease).await.len(), 1);
}

pub async fn a_queue_has_room_until_so_many_tasks_or_bytes_wait(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let room = async || {
        let room = world.store.queue_room(&world.tenant, &queue("mail")).await;
        room.expect("reading works")
    };
    let empty = QueueRoom {
        tasks: QueueRecord::MAX_OFFERED,
        bytes: QueueRecord::MAX_OFFERED_BYTES,
    };
    assert_eq!(room().await, empty);
    let task = TaskOffered {
        payload: vec![b'x'; 1000].into(),
        ..world.task("send")
    };
    world.offer(&lease, vec![task]).await;
    let left = room().await;
    assert_eq!((left.tasks, left.bytes), (empty.tasks - 1, empty.bytes - 1000));
    assert!(!left.is_full());
    world.take_one().await;
    assert_eq!(room().await, empty, "what a worker has waits no more");
    assert!(QueueRoom { tasks: 0, bytes: 1 }.is_full() && QueueRoom { tasks: 1, bytes: 0 }.is_full());
    assert_eq!(QueueRoom::beside(u64::MAX, u64::MAX), QueueRoom { tasks: 0, bytes: 0 });
}

pub async fn no_tenant_sees_or_takes_anothers_tasks(subject: &Subject) {
    let world = World::of(subject).await;
    let other = World::of_tenant(subject, TenantId::new("other").expect("a tenant")).await;
    let lease = world.held(world.node().await).await;
    world.offer(&lease, vec![world.task("send")]).await;
    assert!(other.take(1).await.is_empty());
    let task = world.take_one().await;
    let (store, theirs) = (world.store, &other.tenant);
    assert_eq!(store.task(theirs, task.id).await.expect("reading"), None);
    assert!(store.tasks_of_run(theirs, lease.run).await.expect("reading").is_empty());
    assert_eq!(store.queue(theirs, &queue("mail")).await.expect("reading"), None);
    assert_refused!(
        store.heartbeat_task(theirs, task.id, task.lease, None).await,
        StoreError::NotFound
    );
    assert_refused!(other.complete(&task).await, StoreError::NotFound);
    other
        .limit(crate::records::QueueSettings {
            paused: true,
            ..Default::default()
        })
        .await;
    world.offer(&lease, vec![world.task("another")]).await;
    assert_eq!(world.take(1).await.len(), 1, "their settings are theirs");
    world.complete(&task).await.expect("nobody has ended it");
}

pub async fn what_was_never_offered_is_not_found(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    world.offer(&lease, vec![world.task("send")]).await;
    let task = world.take_one().await;
    let id = TaskId::generate();
    assert_refused!(
        world.store.heartbeat_task(&world.tenant, id, task.lease, None).await,
        StoreError::NotFound
    );
    for by in [TaskEnder::Worker, TaskEnder::Lapse] {
        assert_refused!(world.end(id, task.lease, by).await, StoreError::NotFound);
    }
    assert_eq!(world.store.task(&world.tenant, id).await.expect("reading"), None);
    let none = world.store.tasks_of_run(&world.tenant, RunId::generate()).await;
    assert!(none.expect("reading").is_empty());
}
