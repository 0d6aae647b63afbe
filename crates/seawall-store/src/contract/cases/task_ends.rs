//! Leases of tasks, and who may end them.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::tasks_world::{LEASE, TIMEOUT, worker};
use crate::contract::world::assert_refused;
use crate::contract::{Subject, World};
use crate::error::StoreError;
use crate::records::{LeasesAnew, RunStatus, TaskClaim, TaskEnder, TaskLease, TaskOffered, TaskStatus};
use crate::time::Timestamp;

/// Of a withdrawn task, here.
const GRACE: Duration = Duration::from_secs(10);

pub async fn an_end_settles_the_task_and_is_a_message_to_its_run(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    world.offer(&lease, vec![world.task("send")]).await;
    let task = world.take_one().await;
    world.park(&lease, None).await;
    world.complete(&task).await.expect("it is claimed");
    assert_eq!(
        world.record(lease.run).await.due,
        Some(Timestamp::ZERO),
        "the parked run is due"
    );
    let record = world.task_record(task.id).await;
    assert_eq!(
        (record.status, record.worker.as_deref()),
        (TaskStatus::Settled, Some("worker"))
    );
    assert_eq!(record.ended_by, Some(TaskEnder::Worker));
    let open = world.store.tasks_of_run(&world.tenant, lease.run).await;
    assert!(open.expect("reading works").is_empty());
    let lease = world.claim(world.node().await, 1).await.remove(0).lease;
    let unread = world.store.unread(&lease, 10).await.expect("the lease holds the run");
    assert_eq!(unread.len(), 1);
    assert_eq!(&*unread[0].body, format!("body of end of {}", task.id).as_bytes());
}

pub async fn an_end_counts_whatever_the_runs_status_is(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    world.offer(&lease, vec![world.task("send")]).await;
    let task = world.take_one().await;
    let mut end = world.next(&lease, "ended").await;
    end.projection = World::projection(RunStatus::Cancelled);
    end.then = crate::records::AppendThen::End;
    world.append(end).await;
    world.complete(&task).await.expect("the message is not judged");
    assert_eq!(world.task_record(task.id).await.status, TaskStatus::Settled);
}

pub async fn a_task_ends_once(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    world.offer(&lease, vec![world.task("send")]).await;
    let task = world.take_one().await;
    world.complete(&task).await.expect("it is claimed");
    assert_refused!(world.complete(&task).await, StoreError::StaleLease);
    world.clock.advance(TIMEOUT);
    assert_refused!(
        world.end(task.id, task.lease, TaskEnder::Lapse).await,
        StoreError::StaleLease
    );
    let beat = world.store.heartbeat_task(&world.tenant, task.id, task.lease, None);
    assert_refused!(beat.await, StoreError::StaleLease);
    let lease = world.claim(world.take_over().await, 1).await.remove(0).lease;
    assert_eq!(world.inbox(&lease).await.len(), 1);
}

pub async fn a_stale_lease_ends_nothing(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let unclaimed = world.task("unclaimed");
    let id = unclaimed.id;
    world.offer(&lease, vec![world.task("send"), unclaimed]).await;
    let task = world.take_one().await;
    let foreign = worker(1).lease;
    for (id, lease) in [(task.id, foreign), (id, task.lease), (id, TaskLease(uuid::Uuid::nil()))] {
        for by in [TaskEnder::Worker, TaskEnder::Lapse] {
            assert_refused!(world.end(id, lease, by).await, StoreError::StaleLease);
        }
        let beat = world.store.heartbeat_task(&world.tenant, id, lease, None);
        assert_refused!(beat.await, StoreError::StaleLease);
    }
    let mail = world.mail().await;
    assert_eq!((mail.offered, mail.claimed), (1, 1));
    assert!(world.inbox(&lease).await.is_empty());
    world.withdraw(&lease, id, Duration::ZERO).await;
    assert_refused!(
        world.end(id, task.lease, TaskEnder::Worker).await,
        StoreError::StaleLease
    );
}

pub async fn a_workers_word_counts_until_a_lapse_is_said_and_that_only_after_the_leases_end(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    world
        .offer(&lease, vec![world.task("a"), world.task("b"), world.task("c")])
        .await;
    let tasks = world.take(3).await;
    let lapse = |place: usize| world.end(tasks[place].id, tasks[place].lease, TaskEnder::Lapse);
    let beat = |place: usize| {
        let (id, lease) = (tasks[place].id, tasks[place].lease);
        world.store.heartbeat_task(&world.tenant, id, lease, None)
    };
    world.clock.advance(LEASE - Duration::from_millis(1));
    assert_refused!(lapse(0).await, StoreError::StaleLease);
    world.clock.advance(Duration::from_millis(1));
    world.complete(&tasks[0]).await.expect("nobody has said a lapse");
    beat(1).await.expect("nobody has said a lapse");
    assert_refused!(lapse(1).await, StoreError::StaleLease);
    assert_eq!(
        world.mail().await.claimed,
        2,
        "they are claimed until somebody ends them"
    );
    lapse(2).await.expect("the lease is over");
    assert_refused!(world.complete(&tasks[2]).await, StoreError::StaleLease);
    assert_refused!(beat(2).await, StoreError::StaleLease);
    assert_eq!(world.inbox(&lease).await.len(), 2);
}

fn anew(from: Timestamp, ahead: Duration, limit: u32) -> LeasesAnew {
    LeasesAnew {
        from,
        ahead,
        grace: GRACE,
        limit,
    }
}

pub async fn a_lease_anew_lasts_no_longer_than_an_attempt_and_the_grace_of_a_withdrawn_task(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let second = Duration::from_secs(1);
    let hasty = |activity| TaskOffered {
        timeout: 5 * second,
        ..world.task(activity)
    };
    let tasks = vec![hasty("hasty"), world.task("whole"), world.task("told"), hasty("both")];
    world.offer(&lease, tasks).await;
    let long = TaskClaim {
        lease_for: Duration::from_secs(3600),
        ..worker(4)
    };
    let tasks = world.take_as(long).await;
    let just_claimed = world.store.prolong_leases(anew(world.now(), Duration::ZERO, 10)).await;
    assert_eq!(
        just_claimed.expect("writing works"),
        0,
        "they have all that they can have"
    );
    for task in &tasks[2..] {
        world.withdraw(&lease, task.id, GRACE).await;
    }
    world.clock.advance(2 * TIMEOUT);
    let prolong = async || {
        let prolonged = world.store.prolong_leases(anew(world.now(), Duration::ZERO, 10)).await;
        prolonged.expect("writing works")
    };
    assert_eq!(prolong().await, 4);
    assert_eq!(prolong().await, 0);
    for (task, lasts) in tasks.iter().zip([5 * second, TIMEOUT, GRACE, 5 * second]) {
        let record = world.task_record(task.id).await;
        assert_eq!(record.lease_until, Some(world.later(lasts)), "{}", task.activity);
        assert_eq!(record.deadline, record.lease_until, "{}", task.activity);
    }
}

pub async fn leases_are_given_anew_a_few_at_a_time_and_each_once(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    world.offer(&lease, (0..4).map(|_| world.task("send")).collect()).await;
    let mut tasks = world.take(3).await;
    world.clock.advance(LEASE + LEASE);
    tasks.extend(world.take(1).await);
    let from = world.now();
    let prolong = async |limit| {
        let prolonged = world.store.prolong_leases(anew(from, Duration::ZERO, limit));
        prolonged.await.expect("writing works")
    };
    assert_eq!(prolong(2).await, 2);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(prolong(2).await, 1, "the one that was just claimed has a whole lease");
    assert_eq!(prolong(2).await, 0);
    for task in &tasks {
        let record = world.task_record(task.id).await;
        assert_eq!(record.lease_until, Some(from.saturating_add(LEASE)));
        assert_eq!(record.deadline, Some(task.deadline));
    }
    let early = world.end(tasks[0].id, tasks[0].lease, TaskEnder::Lapse).await;
    assert_refused!(early, StoreError::StaleLease);
    world.complete(&tasks[0]).await.expect("it is claimed");
}

pub async fn a_deadline_moves_with_the_clock_and_never_ends_before_the_lease(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    world.offer(&lease, vec![world.task("a"), world.task("b")]).await;
    let before = world.take_one().await;
    let hour = Duration::from_secs(3600);
    world.clock.advance(hour);
    let after = world.take_one().await;
    let prolonged = world.store.prolong_leases(anew(world.now(), hour, 10)).await;
    assert_eq!(prolonged.expect("writing works"), 1);
    let deadline = async |id| world.task_record(id).await.deadline;
    assert_eq!(deadline(before.id).await, Some(before.deadline.saturating_add(hour)));
    assert_eq!(deadline(after.id).await, Some(after.deadline));
    world.clock.advance(hour);
    let prolonged = world.store.prolong_leases(anew(world.now(), Duration::ZERO, 10)).await;
    assert_eq!(prolonged.expect("writing works"), 2);
    for id in [before.id, after.id] {
        assert_eq!(deadline(id).await, Some(world.later(LEASE)));
    }
    let lapses = world.store.lapsed_tasks(10).await.expect("reading works");
    assert_eq!((lapses.tasks.len(), lapses.next), (0, Some(world.later(LEASE))));
    world.clock.advance(LEASE);
    let lapses = world.store.lapsed_tasks(10).await.expect("reading works");
    let told: Vec<_> = lapses
        .tasks
        .iter()
        .map(|task| (task.deadline, task.timed_out))
        .collect();
    assert_eq!(told, [(world.now(), true); 2], "as it was moved");
}

pub async fn a_heartbeat_prolongs_the_lease_and_keeps_the_progress(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    world.offer(&lease, vec![world.task("send")]).await;
    let task = world.take_one().await;
    let beat = async |progress: Option<&[u8]>| {
        let beat = world
            .store
            .heartbeat_task(&world.tenant, task.id, task.lease, progress.map(Arc::from));
        beat.await.expect("the lease lasts")
    };
    world.clock.advance(Duration::from_secs(20));
    let first = beat(Some(b"\"half\"")).await;
    assert_eq!((first.lease_until, first.deadline), (world.later(LEASE), task.deadline));
    assert!(!first.cancelled);
    world.clock.advance(Duration::from_secs(20));
    beat(None).await;
    let record = world.task_record(task.id).await;
    assert_eq!(record.lease_until, Some(world.later(LEASE)));
    assert_eq!(
        record.progress.as_deref(),
        Some(&b"\"half\""[..]),
        "none leaves the last"
    );
    assert_eq!(record.beat_at, Some(world.now()));
    world.complete(&task).await.expect("it is claimed");
    assert_eq!(world.task_record(task.id).await.progress, None);
}

pub async fn a_heartbeat_never_prolongs_beyond_the_deadline(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    world.offer(&lease, vec![world.task("send")]).await;
    let task = world.take_one().await;
    for _ in 0..4 {
        world.clock.advance(Duration::from_secs(20));
        let beat = world.store.heartbeat_task(&world.tenant, task.id, task.lease, None);
        let beat = beat.await.expect("the lease lasts");
        assert!(beat.lease_until <= task.deadline);
    }
    world.clock.advance(Duration::from_secs(20));
    let late = world.store.heartbeat_task(&world.tenant, task.id, task.lease, None);
    assert_eq!(late.await.expect("nobody has said a lapse").lease_until, task.deadline);
    let lapse = world.end(task.id, task.lease, TaskEnder::Lapse).await;
    lapse.expect("the lease is over");
}

pub async fn lapses_are_told_the_longest_over_first_with_the_next_to_come(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let lapses = async |limit| world.store.lapsed_tasks(limit).await.expect("reading works");
    let none = lapses(10).await;
    assert_eq!((none.tasks.len(), none.next, none.now), (0, None, world.now()));
    let short = TaskOffered {
        timeout: Duration::from_secs(2),
        ..world.task("short")
    };
    world
        .offer(&lease, vec![short, world.task("long"), world.task("longer")])
        .await;
    let mut claimed = Vec::new();
    for seconds in [9, 5, 20] {
        let claim = TaskClaim {
            lease_for: Duration::from_secs(seconds),
            ..worker(1)
        };
        claimed.extend(world.take_as(claim).await);
    }
    let started = world.now();
    let before = lapses(10).await;
    assert_eq!(
        (before.tasks.len(), before.next),
        (0, Some(world.later(Duration::from_secs(2))))
    );
    world.clock.advance(Duration::from_secs(5));
    let over = lapses(10).await;
    assert_eq!(over.next, Some(claimed[2].lease_until));
    let told: Vec<_> = over.tasks.iter().map(|task| (task.id, task.timed_out)).collect();
    assert_eq!(told, [(claimed[0].id, true), (claimed[1].id, false)]);
    let first = &over.tasks[0];
    assert_eq!((&first.tenant, first.run, first.attempt), (&world.tenant, lease.run, 1));
    assert_eq!((first.lease, first.worker.as_str()), (claimed[0].lease, "worker"));
    assert_eq!((first.activity.as_str(), first.claimed_at), ("short", started));
    let deadlines: Vec<_> = over.tasks.iter().map(|task| task.deadline).collect();
    assert_eq!(deadlines, [claimed[0].deadline, claimed[1].deadline]);
    let part = lapses(1).await;
    assert_eq!((part.tasks.len(), part.next), (1, Some(claimed[1].lease_until)));
    for task in &claimed[..2] {
        let lapse = world.end(task.id, task.lease, TaskEnder::Lapse).await;
        lapse.expect("the lease is over");
    }
    assert!(lapses(10).await.tasks.is_empty());
}

pub async fn a_settled_task_knows_who_said_its_end(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let unclaimed = world.task("unclaimed");
    let id = unclaimed.id;
    world.offer(&lease, vec![world.task("send"), unclaimed]).await;
    let task = world.take_one().await;
    assert_eq!(world.task_record(task.id).await.ended_by, None);
    world.clock.advance(LEASE);
    world
        .end(task.id, task.lease, TaskEnder::Lapse)
        .await
        .expect("it is over");
    assert_eq!(world.task_record(task.id).await.ended_by, Some(TaskEnder::Lapse));
    world.withdraw(&lease, id, Duration::ZERO).await;
    let withdrawn = world.task_record(id).await;
    assert_eq!((withdrawn.status, withdrawn.ended_by), (TaskStatus::Settled, None));
}
