//! Queues: their settings, their counts, and who is told.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use crate::contract::cases::watching::soon;
use crate::contract::tasks_world::{LEASE, queue};
use crate::contract::world::assert_refused;
use crate::contract::{Subject, World};
use crate::error::StoreError;
use crate::records::{Page, QueueSettings, Rate, TaskEnder, TaskOffered};
use crate::watch::QueueWatch;

fn settings() -> QueueSettings {
    QueueSettings {
        concurrency: Some(3),
        concurrency_per_key: Some(2),
        rate: Some(Rate {
            limit: 100,
            per: Duration::from_secs(60),
        }),
        paused: true,
    }
}

pub async fn a_queue_is_there_with_its_first_task_or_settings(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let found = async || {
        world
            .store
            .queue(&world.tenant, &queue("mail"))
            .await
            .expect("reading works")
    };
    assert_eq!(found().await, None);
    world.offer(&lease, vec![world.task("send")]).await;
    assert_eq!(world.mail().await.settings, QueueSettings::default());
    let task = world.take_one().await;
    assert_eq!(world.mail().await.claimed, 1);
    world.complete(&task).await.expect("it is claimed");
    assert_eq!(found().await, None, "nothing is left to say");
    assert_eq!(world.limit(settings()).await, world.mail().await);
    assert_eq!(world.mail().await.settings, settings());
    let record = world.limit(QueueSettings::default()).await;
    assert_eq!((record.offered, record.settings), (0, QueueSettings::default()));
    assert_eq!(found().await, None);
}

pub async fn a_queue_counts_what_waits_and_what_is_claimed(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let first = world.now();
    let sized = |bytes: usize, priority| TaskOffered {
        payload: vec![b'x'; bytes].into(),
        priority,
        ..world.task("send")
    };
    world.offer(&lease, vec![sized(10, -50)]).await;
    world.clock.advance(Duration::from_secs(1));
    let second = world.now();
    world.offer(&lease, vec![sized(200, 0), sized(3000, 0)]).await;
    let mail = world.mail().await;
    assert_eq!((mail.offered, mail.claimed, mail.offered_bytes), (3, 0, 3210));
    assert_eq!(mail.oldest, Some(first), "by its offer, not by its place");
    let task = world.take_one().await;
    let mail = world.mail().await;
    assert_eq!((mail.offered, mail.claimed, mail.offered_bytes), (2, 1, 3010));
    world.take(2).await;
    let mail = world.mail().await;
    assert_eq!((mail.offered, mail.claimed, mail.offered_bytes), (0, 3, 0));
    assert_eq!(mail.oldest, None);
    world.complete(&task).await.expect("it is claimed");
    world.clock.advance(LEASE);
    let lapsed = world.store.lapsed_tasks(10).await.expect("reading works").tasks;
    for task in lapsed {
        world
            .end(task.id, task.lease, TaskEnder::Lapse)
            .await
            .expect("it is over");
    }
    world
        .offer(
            &lease,
            vec![TaskOffered {
                offered_at: second,
                ..world.task("late")
            }],
        )
        .await;
    let mail = world.mail().await;
    assert_eq!((mail.offered, mail.claimed, mail.oldest), (1, 0, Some(second)));
}

pub async fn queues_are_listed_by_name_in_pages_that_stay_right(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let set = async |name: &str, settings| {
        let set = world.store.set_queue(&world.tenant, &queue(name), settings, None).await;
        set.expect("setting works");
    };
    for name in ["m", "b", "z", "b.2", "a"] {
        set(name, settings()).await;
    }
    let task = TaskOffered {
        queue: queue("k"),
        ..world.task("send")
    };
    world.offer(&lease, vec![task]).await;
    let page = async |page: Page| {
        let listed = world
            .store
            .list_queues(&world.tenant, page)
            .await
            .expect("listing works");
        let names: Vec<_> = listed.items.iter().map(|queue| queue.name.to_string()).collect();
        (names.join(" "), listed.next)
    };
    let (names, next) = page(Page::first(2)).await;
    assert_eq!(names, "a b");
    // What comes before the page's end is not seen again, and what goes away is not missed.
    set("aa", settings()).await;
    set("b", QueueSettings::default()).await;
    let (names, next) = page(Page { limit: 2, cursor: next }).await;
    assert_eq!(names, "b.2 k");
    let (names, next) = page(Page { limit: 2, cursor: next }).await;
    assert_eq!((names.as_str(), next), ("m z", None));
    assert_eq!(page(Page::first(200)).await.0, "a aa b.2 k m z");
}

fn is_told(watch: &QueueWatch) -> bool {
    let waiting = pin!(watch.changed());
    waiting.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

pub async fn workers_are_told_of_what_became_claimable(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let watch = world.store.watchers().watch_queue(world.tenant.clone(), queue("mail"));
    world.offer(&lease, vec![world.task("a"), world.task("b")]).await;
    soon("an offer", watch.changed()).await;
    let one = QueueSettings {
        concurrency: Some(1),
        ..QueueSettings::default()
    };
    world.limit(one).await;
    soon("new settings", watch.changed()).await;
    let task = world.take_one().await;
    assert!(!is_told(&watch), "a claim makes nothing claimable");
    world.complete(&task).await.expect("it is claimed");
    soon("a slot that became free", watch.changed()).await;
    assert_eq!(world.take(5).await.len(), 1);
}

pub async fn the_keeper_of_leases_is_told_of_an_earlier_end(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    let watchers = world.store.watchers();
    world.offer(&lease, vec![world.task("send")]).await;
    let task = world.take_one().await;
    soon("a claim", watchers.wait_for_lapses()).await;
    world.withdraw(&lease, task.id, Duration::from_secs(1)).await;
    soon("a withdrawal", watchers.wait_for_lapses()).await;
}

pub async fn the_holder_is_told_of_a_tasks_end(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = world.held(world.node().await).await;
    world.offer(&lease, vec![world.task("a"), world.task("b")]).await;
    let task = world.take_one().await;
    let watch = world.store.watch(lease.run);
    let inbox = watch.inbox();
    world.complete(&task).await.expect("it is claimed");
    soon("an end", inbox.notified()).await;
    let open = world
        .store
        .tasks_of_run(&world.tenant, lease.run)
        .await
        .expect("reading");
    world.withdraw(&lease, open[0].id, Duration::ZERO).await;
    soon("a withdrawal", inbox.notified()).await;
}

pub async fn settings_are_replaced_only_where_they_are_as_expected(subject: &Subject) {
    let world = World::of(subject).await;
    let set = async |settings: QueueSettings, expected: QueueSettings| {
        let mail = queue("mail");
        let set = world.store.set_queue(&world.tenant, &mail, settings, Some(expected));
        set.await
    };
    let none = QueueSettings::default();
    assert_refused!(set(none.clone(), settings()).await, StoreError::PreconditionFailed);
    set(settings(), none.clone()).await.expect("it has none");
    assert_refused!(set(none.clone(), none.clone()).await, StoreError::PreconditionFailed);
    assert_eq!(world.mail().await.settings, settings());
    set(none, settings()).await.expect("they are these");
}
