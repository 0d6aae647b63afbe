//! Which tasks a claim gives, and in which order.

use std::time::Duration;

use crate::contract::tasks_world::{LEASE, TIMEOUT, names, queue, worker};
use crate::contract::{Subject, World};
use crate::ids::TenantId;
use crate::records::{QueueSettings, Rate, TaskClaim, TaskOffered, TaskStatus};

pub async fn a_claim_gives_all_that_the_attempt_needs(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let offered = TaskOffered {
        attempt: 2,
        ..world.task("send")
    };
    world.offer(&lease, vec![offered.clone()]).await;
    world.clock.advance(Duration::from_secs(3));
    let claim = worker(5);
    let taken = world.take_as(claim.clone()).await;
    assert_eq!(taken.len(), 1);
    let task = &taken[0];
    assert_eq!((task.id, task.run, task.attempt), (offered.id, lease.run, 2));
    assert_eq!(
        (&task.effect_key, &task.payload),
        (&offered.effect_key, &offered.payload)
    );
    assert_eq!(task.lease, claim.lease);
    assert_eq!(
        (task.lease_until, task.deadline),
        (world.later(LEASE), world.later(TIMEOUT))
    );
    let record = world.task_record(task.id).await;
    assert_eq!(record.status, TaskStatus::Claimed);
    assert_eq!(
        (record.worker.as_deref(), record.claimed_at),
        (Some("worker"), Some(world.now()))
    );
}

pub async fn a_lease_ends_with_the_attempt_at_the_latest(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let short = Duration::from_secs(10);
    let task = TaskOffered {
        timeout: short,
        ..world.task("send")
    };
    world.offer(&lease, vec![task]).await;
    let task = world.take_one().await;
    assert_eq!(
        (task.lease_until, task.deadline),
        (world.later(short), world.later(short))
    );
}

pub async fn two_claims_never_give_the_same_task(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let tasks: Vec<_> = (0..40)
        .map(|number| match number % 3 {
            0 => world.task("send"),
            key => world.keyed("send", &key.to_string()),
        })
        .collect();
    let mut offered: Vec<_> = tasks.iter().map(|task| task.id).collect();
    world.offer(&lease, tasks).await;
    let claims = (0..10).map(|_| world.take(4));
    let claimed = futures_util::future::join_all(claims).await;
    let mut given: Vec<_> = claimed.iter().flatten().map(|task| task.id).collect();
    given.sort_unstable();
    offered.sort_unstable();
    assert_eq!(given, offered);
    assert!(world.take(1).await.is_empty());
}

pub async fn of_equals_the_one_offered_first_comes_first(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let (one, two) = (world.held(node).await, world.held(node).await);
    world.offer(&one, vec![world.task("a"), world.keyed("b", "k")]).await;
    world
        .offer(
            &two,
            vec![world.keyed("c", "k"), world.task("d"), world.keyed("e", "l")],
        )
        .await;
    assert_eq!(names(&world.take(2).await), ["a", "b"]);
    assert_eq!(names(&world.take(10).await), ["c", "d", "e"]);
}

pub async fn priority_is_a_head_start_so_nothing_starves(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let priority = |activity: &str, priority| TaskOffered {
        priority,
        ..world.task(activity)
    };
    world
        .offer(
            &lease,
            vec![priority("low", -1), priority("middle", 0), priority("high", 1)],
        )
        .await;
    // Two points are worth twice the ageing, to the millisecond.
    world.clock.advance(2 * TaskOffered::AGEING - Duration::from_millis(1));
    let hurried = priority("hurried", 1);
    world.clock.advance(Duration::from_millis(2));
    let late = priority("late", 1);
    world.offer(&lease, vec![late, hurried]).await;
    assert_eq!(
        names(&world.take(10).await),
        ["high", "middle", "hurried", "low", "late"]
    );
}

pub async fn a_claim_stops_before_it_is_too_large_but_gives_the_first(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let sized = |activity: &str, bytes: usize| TaskOffered {
        payload: vec![b'x'; bytes].into(),
        ..world.task(activity)
    };
    world
        .offer(
            &lease,
            vec![sized("a", 500), sized("b", 60), sized("c", 40), sized("d", 1)],
        )
        .await;
    let small = || TaskClaim {
        max_bytes: 100,
        ..worker(10)
    };
    assert_eq!(names(&world.take_as(small()).await), ["a"], "whatever it measures");
    assert_eq!(names(&world.take_as(small()).await), ["b", "c"], "exactly as much fits");
    assert_eq!(names(&world.take_as(small()).await), ["d"]);
}

pub async fn queues_are_apart_and_an_unknown_one_is_empty(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let elsewhere = TaskOffered {
        queue: queue("post"),
        ..world.task("elsewhere")
    };
    world.offer(&lease, vec![elsewhere, world.task("here")]).await;
    assert_eq!(names(&world.take(10).await), ["here"]);
    let unknown = world
        .store
        .claim_tasks(&world.tenant, &queue("nowhere"), worker(1))
        .await;
    assert!(unknown.expect("claiming works").is_empty());
    let posted = world.store.claim_tasks(&world.tenant, &queue("post"), worker(1)).await;
    assert_eq!(names(&posted.expect("claiming works")), ["elsewhere"]);
}

pub async fn a_queue_gives_out_as_many_as_its_concurrency_allows(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    world.offer(&lease, (0..6).map(|_| world.task("send")).collect()).await;
    let of = |concurrency| QueueSettings {
        concurrency: Some(concurrency),
        ..QueueSettings::default()
    };
    world.limit(of(2)).await;
    let first = world.take(10).await;
    assert_eq!(first.len(), 2);
    assert!(world.take(10).await.is_empty());
    world.complete(&first[0]).await.expect("it is claimed");
    assert_eq!(world.take(10).await.len(), 1, "an end frees its slot");
    world.limit(of(1)).await;
    assert!(world.take(10).await.is_empty(), "more are claimed than are allowed now");
    assert_eq!(world.mail().await.claimed, 2, "what is claimed stays claimed");
    world.limit(QueueSettings::default()).await;
    assert_eq!(world.take(10).await.len(), 3);
}

pub async fn a_key_at_its_limit_holds_nobody_else_back(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let settings = QueueSettings {
        concurrency_per_key: Some(2),
        ..QueueSettings::default()
    };
    world.limit(settings).await;
    let mut tasks: Vec<_> = (0..5)
        .map(|number| world.keyed(&format!("busy-{number}"), "busy"))
        .collect();
    tasks.push(world.keyed("quiet", "quiet"));
    tasks.push(world.task("free"));
    tasks.extend((0..3).map(|_| world.task("unkeyed")));
    world.offer(&lease, tasks).await;
    let taken = world.take(4).await;
    assert_eq!(names(&taken), ["busy-0", "busy-1", "quiet", "free"]);
    assert_eq!(world.take(10).await.len(), 3, "what has no key is not limited by key");
    world.complete(&taken[1]).await.expect("it is claimed");
    assert_eq!(names(&world.take(10).await), ["busy-2"]);
    let settings = QueueSettings {
        concurrency_per_key: Some(3),
        ..QueueSettings::default()
    };
    world.limit(settings).await;
    assert_eq!(
        names(&world.take(10).await),
        ["busy-3"],
        "the new limit holds for keys that were full"
    );
    world.limit(QueueSettings::default()).await;
    assert_eq!(names(&world.take(10).await), ["busy-4"]);
}

pub async fn the_claimed_tasks_of_a_key_are_counted(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let of_key = async |name: &str, key: &str| {
        let claimed = world.store.claimed_of_key(&world.tenant, &queue(name), key).await;
        claimed.expect("reading works")
    };
    assert_eq!(of_key("mail", "k").await, 0, "nobody knows the queue");
    let tasks = vec![world.keyed("a", "k"), world.keyed("b", "k"), world.keyed("c", "other")];
    world.offer(&lease, tasks).await;
    assert_eq!(of_key("mail", "k").await, 0, "nothing is claimed");
    let taken = world.take(3).await;
    assert_eq!((of_key("mail", "k").await, of_key("mail", "other").await), (2, 1));
    assert_eq!((of_key("post", "k").await, of_key("mail", "none").await), (0, 0));
    let theirs = TenantId::new("other").expect("a tenant");
    let claimed = world.store.claimed_of_key(&theirs, &queue("mail"), "k").await;
    assert_eq!(claimed.expect("reading works"), 0);
    world.complete(&taken[0]).await.expect("it is claimed");
    assert_eq!(of_key("mail", "k").await, 1);
}

pub async fn a_lower_limit_per_key_holds_from_the_next_claim_on(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    world
        .offer(&lease, (0..4).map(|_| world.keyed("send", "k")).collect())
        .await;
    let taken = world.take(2).await;
    let settings = QueueSettings {
        concurrency_per_key: Some(1),
        ..QueueSettings::default()
    };
    world.limit(settings).await;
    world.complete(&taken[0]).await.expect("it is claimed");
    assert!(world.take(10).await.is_empty(), "one is claimed still");
    world.complete(&taken[1]).await.expect("it is claimed");
    assert_eq!(world.take(10).await.len(), 1);
}

pub async fn a_rate_lets_a_burst_through_and_then_one_after_the_other(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let rate = Rate {
        limit: 4,
        per: Duration::from_secs(2),
    };
    let settings = QueueSettings {
        rate: Some(rate),
        ..QueueSettings::default()
    };
    world.limit(settings).await;
    world.offer(&lease, (0..20).map(|_| world.task("send")).collect()).await;
    let next = async || {
        let next = world.store.next_claimable(&world.tenant, &queue("mail")).await;
        let next = next.expect("reading works").expect("a task is kept back");
        assert_eq!((next.now, next.every), (world.now(), Duration::from_millis(500)));
        next.at
    };
    assert_eq!(next().await, world.now());
    assert_eq!((world.take(3).await.len(), world.take(3).await.len()), (3, 1));
    assert_eq!(next().await, world.later(Duration::from_millis(500)));
    world.clock.advance(Duration::from_millis(499));
    assert!(world.take(10).await.is_empty());
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(world.take(10).await.len(), 1);
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(world.take(10).await.len(), 4, "no more than a burst is saved up");
}

pub async fn only_a_rate_makes_a_task_claimable_by_itself(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let next = async || {
        let next = world.store.next_claimable(&world.tenant, &queue("mail")).await;
        next.expect("reading works").is_some()
    };
    assert!(!next().await, "nobody knows the queue");
    world
        .offer(&lease, vec![world.keyed("a", "k"), world.keyed("b", "k")])
        .await;
    assert!(!next().await, "it has no rate");
    let rate = Rate {
        limit: 1,
        per: Duration::from_secs(1),
    };
    let settings = QueueSettings {
        rate: Some(rate),
        ..QueueSettings::default()
    };
    world.limit(settings.clone()).await;
    let task = world.take_one().await;
    assert!(next().await, "only the rate keeps it back");
    let paused = QueueSettings {
        paused: true,
        ..settings.clone()
    };
    let full = QueueSettings {
        concurrency: Some(1),
        ..settings.clone()
    };
    let key_full = QueueSettings {
        concurrency_per_key: Some(1),
        ..settings.clone()
    };
    for other in [paused, full, key_full] {
        world.limit(other).await;
        assert!(!next().await, "something else keeps it back");
    }
    world.complete(&task).await.expect("it is claimed");
    assert!(next().await, "the key has room again");
    world.clock.advance(Duration::from_secs(1));
    world.take_one().await;
    world.limit(settings).await;
    assert!(!next().await, "nothing waits");
}

pub async fn a_paused_queue_gives_nothing_out(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    world.offer(&lease, vec![world.task("a"), world.task("b")]).await;
    let task = world.take_one().await;
    let paused = QueueSettings {
        paused: true,
        ..QueueSettings::default()
    };
    world.limit(paused).await;
    assert!(world.take(1).await.is_empty());
    world.complete(&task).await.expect("what is claimed goes on");
    world.limit(QueueSettings::default()).await;
    assert_eq!(names(&world.take(1).await), ["b"]);
}
