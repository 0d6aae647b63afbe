//! Schedules, their firings, and what is due.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::world::assert_refused;
use crate::contract::{Subject, World};
use crate::error::StoreError;
use crate::ids::{RunId, ScheduleId, TenantId};
use crate::records::{
    AppendThen, DueSchedules, Fired, Firing, NewSchedule, Overlap, Page, RunStatus, ScheduleChange, ScheduleRecord,
    ScheduledRun,
};
use crate::time::Timestamp;

const SECOND: Duration = Duration::from_secs(1);

impl World<'_> {
    pub(super) fn new_schedule(&self, next_at: Option<Timestamp>) -> NewSchedule {
        NewSchedule {
            id: ScheduleId::generate(),
            settings: Arc::from(&b"settings"[..]),
            created_at: self.now(),
            next_at,
            most: 100,
        }
    }

    pub(super) async fn schedule_at(&self, next_at: Option<Timestamp>) -> ScheduleRecord {
        let created = self
            .store
            .create_schedule(&self.tenant, self.new_schedule(next_at))
            .await;
        created.expect("the id is new")
    }

    pub(super) async fn schedule(&self, id: ScheduleId) -> ScheduleRecord {
        let found = self.store.schedule(&self.tenant, id).await.expect("reading works");
        found.expect("the schedule exists")
    }

    /// A firing at these times, in seconds from now, the last one the cursor; the next would be an hour later.
    pub(super) async fn firing(&self, id: ScheduleId, overlap: Overlap, seconds: &[u64]) -> Firing {
        let times: Vec<Timestamp> = seconds.iter().map(|s| self.later(Duration::from_secs(*s))).collect();
        let cursor = times.last().copied().unwrap_or(self.now());
        Firing {
            tenant: self.tenant.clone(),
            schedule: id,
            change: self.schedule(id).await.change,
            cursor,
            next_at: Some(cursor.saturating_add(3600 * SECOND)),
            takes_waiting: false,
            overlap,
            runs: times
                .into_iter()
                .map(|fire_at| ScheduledRun {
                    fire_at,
                    run: self.new_run(),
                })
                .collect(),
            missed: 0,
            failed: 0,
            error: None,
        }
    }

    pub(super) async fn fire(&self, firing: Firing) -> Fired {
        self.store.fire(firing).await.expect("nobody else has fired")
    }

    pub(super) async fn due_schedules(&self) -> DueSchedules {
        self.store.due_schedules(10).await.expect("reading works")
    }

    pub(super) async fn due_ids(&self) -> Vec<ScheduleId> {
        let due = self.due_schedules().await.due;
        due.into_iter().map(|due| due.record.id).collect()
    }

    /// Lets a queued run be claimed and end.
    pub(super) async fn end_run(&self, run: RunId) {
        let node = self.node().await;
        let claimed = self.claim(node, 100).await;
        let lease = claimed.into_iter().map(|run| run.lease).find(|lease| lease.run == run);
        let lease = lease.expect("the run is due");
        let mut end = self.next(&lease, "ended").await;
        end.projection = Self::projection(RunStatus::Succeeded);
        end.then = AppendThen::End;
        self.append(end).await;
    }
}

pub(super) fn ids(firing: &Firing) -> Vec<RunId> {
    firing.runs.iter().map(|scheduled| scheduled.run.id).collect()
}

pub async fn a_tenant_has_no_more_schedules_than_it_may(subject: &Subject) {
    let world = World::of(subject).await;
    let other = World::of_tenant(subject, TenantId::new("other").expect("a tenant")).await;
    let bounded = |most| NewSchedule {
        most,
        ..world.new_schedule(None)
    };
    let create = async |of: &World<'_>, new| of.store.create_schedule(&of.tenant, new).await;
    let first = create(&world, bounded(2)).await.expect("there is room");
    let second = bounded(2);
    create(&world, second.clone()).await.expect("there is room");
    assert_refused!(
        create(&world, bounded(2)).await,
        StoreError::TooManySchedules { most: 2 }
    );
    // One that is there is there, however many there are.
    assert_refused!(create(&world, second).await, StoreError::Exists);
    create(&other, bounded(1)).await.expect("others have their own");
    let deleted = world.store.delete_schedule(&world.tenant, first.id, None).await;
    deleted.expect("it is there");
    create(&world, bounded(2)).await.expect("there is room again");
    let all = world.store.list_schedules(&world.tenant, Page::first(10)).await;
    assert_eq!(all.expect("listing works").items.len(), 2);
}

pub async fn a_schedule_reads_back_as_it_was_created(subject: &Subject) {
    let world = World::of(subject).await;
    let new = world.new_schedule(Some(world.later(SECOND)));
    let created = world
        .store
        .create_schedule(&world.tenant, new.clone())
        .await
        .expect("the id is new");
    let expected = ScheduleRecord {
        id: new.id,
        settings: new.settings.clone(),
        revision: 1,
        change: created.change,
        created_at: world.now(),
        updated_at: world.now(),
        cursor: world.now(),
        next_at: new.next_at,
        waiting: None,
        last_fired_at: None,
        last_run: None,
        skipped: 0,
        missed: 0,
        failed: 0,
        last_error: None,
    };
    assert_eq!(created, expected);
    assert_eq!(world.schedule(new.id).await, expected);
    let other = TenantId::new("other").expect("a tenant");
    assert_refused!(
        world.store.create_schedule(&other, new.clone()).await,
        StoreError::Exists
    );
    let unknown = world.store.schedule(&world.tenant, ScheduleId::generate()).await;
    assert_eq!(unknown.expect("reading works"), None);
}

pub async fn schedules_are_listed_newest_first_in_pages(subject: &Subject) {
    let world = World::of(subject).await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.insert(0, world.schedule_at(None).await);
    }
    let mut seen = Vec::new();
    let mut page = Page::first(2);
    loop {
        let part = world
            .store
            .list_schedules(&world.tenant, page)
            .await
            .expect("listing works");
        seen.extend(part.items);
        page.cursor = part.next;
        if page.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, made);
}

pub async fn an_update_writes_the_next_revision_and_sets_the_cursor(subject: &Subject) {
    let world = World::of(subject).await;
    let created = world.schedule_at(Some(world.later(SECOND))).await;
    let mut firing = world.firing(created.id, Overlap::Queue, &[10, 20]).await;
    firing.missed = 3;
    world.fire(firing).await;
    let before = world.schedule(created.id).await;
    assert!(before.waiting.is_some(), "{before:?}");
    let change = ScheduleChange {
        settings: Arc::from(&b"others"[..]),
        at: world.later(5 * SECOND),
        next_at: None,
    };
    for wrong in [0, 2] {
        let refused = world
            .store
            .update_schedule(&world.tenant, created.id, change.clone(), Some(wrong))
            .await;
        assert_refused!(refused, StoreError::PreconditionFailed);
    }
    assert_eq!(world.schedule(created.id).await, before);
    let updated = world
        .store
        .update_schedule(&world.tenant, created.id, change.clone(), Some(1))
        .await;
    let updated = updated.expect("the revision is right");
    let expected = ScheduleRecord {
        settings: change.settings.clone(),
        revision: 2,
        change: updated.change,
        updated_at: change.at,
        cursor: change.at,
        next_at: None,
        waiting: None,
        skipped: 1,
        ..before.clone()
    };
    assert_eq!(updated, expected);
    assert_ne!(updated.change, before.change);
    assert_eq!(world.schedule(created.id).await, expected);
    let nobody = world
        .store
        .update_schedule(&world.tenant, ScheduleId::generate(), change, None)
        .await;
    assert_refused!(nobody, StoreError::NotFound);
}

pub async fn a_deleted_schedule_is_gone_and_its_runs_stay(subject: &Subject) {
    let world = World::of(subject).await;
    let created = world.schedule_at(Some(world.now())).await;
    let made = world
        .fire(world.firing(created.id, Overlap::Skip, &[0]).await)
        .await
        .made;
    let refused = world.store.delete_schedule(&world.tenant, created.id, Some(9)).await;
    assert_refused!(refused, StoreError::PreconditionFailed);
    let firing = world.firing(created.id, Overlap::Skip, &[1]).await;
    world
        .store
        .delete_schedule(&world.tenant, created.id, Some(1))
        .await
        .expect("it exists");
    let again = world.store.delete_schedule(&world.tenant, created.id, None).await;
    assert_refused!(again, StoreError::NotFound);
    assert_refused!(world.store.fire(firing).await, StoreError::NotFound);
    assert_eq!(world.due_ids().await, []);
    assert_eq!(world.record(made[0]).await.projection.status, RunStatus::Queued);
}

pub async fn no_tenant_sees_or_changes_anothers_schedules(subject: &Subject) {
    let world = World::of(subject).await;
    let other = World::of_tenant(subject, TenantId::new("other").expect("a tenant")).await;
    let created = world.schedule_at(Some(world.now())).await;
    let change = ScheduleChange {
        settings: created.settings.clone(),
        at: world.now(),
        next_at: None,
    };
    let mut firing = world.firing(created.id, Overlap::Skip, &[0]).await;
    firing.tenant = other.tenant.clone();
    let (store, id) = (other.store, created.id);
    assert_eq!(store.schedule(&other.tenant, id).await.expect("reading works"), None);
    let listed = store.list_schedules(&other.tenant, Page::first(10)).await;
    assert_eq!(listed.expect("listing works").items, []);
    assert_refused!(
        store.update_schedule(&other.tenant, id, change, None).await,
        StoreError::NotFound
    );
    assert_refused!(
        store.delete_schedule(&other.tenant, id, None).await,
        StoreError::NotFound
    );
    assert_refused!(store.fire(firing).await, StoreError::NotFound);
    assert_eq!(world.schedule(id).await, created);
    let due = world.due_schedules().await.due;
    assert_eq!(
        (due.len(), &due[0].tenant, &due[0].record),
        (1, &world.tenant, &created)
    );
}

pub async fn due_schedules_come_earliest_first_up_to_the_limit(subject: &Subject) {
    let world = World::of(subject).await;
    let late = world.schedule_at(Some(world.later(2 * SECOND))).await;
    let early = world.schedule_at(Some(world.later(SECOND))).await;
    world.schedule_at(None).await;
    let none = world.due_schedules().await;
    assert_eq!((none.due.len(), none.next, none.now), (0, early.next_at, world.now()));
    world.clock.advance(SECOND);
    assert_eq!(world.due_ids().await, [early.id]);
    assert_eq!(
        world.due_schedules().await.next,
        late.next_at,
        "those that are due are not waited for"
    );
    world.clock.advance(SECOND);
    assert_eq!(world.due_ids().await, [early.id, late.id]);
    let one = world.store.due_schedules(1).await.expect("reading works");
    assert_eq!((one.due.len(), one.due[0].record.id, one.next), (1, early.id, None));
    world.fire(world.firing(early.id, Overlap::Skip, &[0]).await).await;
    assert_eq!(world.due_ids().await, [late.id]);
}

pub async fn a_schedule_that_is_due_twice_over_comes_once(subject: &Subject) {
    let world = World::of(subject).await;
    let created = world.schedule_at(Some(world.now())).await;
    let firing = world.firing(created.id, Overlap::Queue, &[0, 1]).await;
    world.fire(firing.clone()).await;
    world.end_run(ids(&firing)[0]).await;
    world.clock.advance(4000 * SECOND);
    assert_eq!(world.due_ids().await, [created.id]);
}

async fn soon<T>(what: &str, news: impl Future<Output = T>) -> T {
    let told = tokio::time::timeout(Duration::from_secs(10), news).await;
    assert!(told.is_ok(), "{what} is not told of");
    told.expect("it was told in time")
}

pub async fn a_change_of_schedules_is_told(subject: &Subject) {
    let world = World::of(subject).await;
    let watchers = world.store.watchers();
    let created = world.schedule_at(Some(world.now())).await;
    soon("a new schedule", watchers.wait_for_schedules()).await;
    let change = ScheduleChange {
        settings: created.settings.clone(),
        at: world.now(),
        next_at: created.next_at,
    };
    let updated = world
        .store
        .update_schedule(&world.tenant, created.id, change, None)
        .await;
    updated.expect("it exists");
    soon("a changed schedule", watchers.wait_for_schedules()).await;
    // A run that was made is work for the dispatcher.
    let firing = world.firing(created.id, Overlap::Skip, &[0]).await;
    let mut watch = world.store.watch(ids(&firing)[0]);
    world.fire(firing).await;
    soon("the work", watchers.wait_for_work()).await;
    let progress = soon("the run's creation", watch.progressed()).await;
    assert_eq!(progress.status, RunStatus::Queued);
}
