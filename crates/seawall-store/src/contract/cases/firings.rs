//! Firings of schedules: the runs they make, and those they do not make.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::cases::schedules::ids;
use crate::contract::world::assert_refused;
use crate::contract::{Subject, World};
use crate::error::StoreError;
use crate::records::{Firing, FiringError, NewRun, Overlap, ScheduleRecord, ScheduledRun};

const SECOND: Duration = Duration::from_secs(1);

pub async fn a_firing_makes_its_run_and_moves_the_cursor(subject: &Subject) {
    let world = World::of(subject).await;
    let created = world.schedule_at(Some(world.now())).await;
    let mut firing = world.firing(created.id, Overlap::Skip, &[0]).await;
    firing.missed = 7;
    let new: NewRun = firing.runs[0].run.clone();
    let fired = world.fire(firing.clone()).await;
    assert_eq!((fired.made, fired.skipped, fired.waits), (vec![new.id], 0, false));
    let record = world.schedule(created.id).await;
    let expected = ScheduleRecord {
        change: record.change,
        cursor: firing.cursor,
        next_at: firing.next_at,
        last_fired_at: Some(firing.runs[0].fire_at),
        last_run: Some(new.id),
        missed: 7,
        ..created
    };
    assert_eq!(record, expected);
    let run = world.record(new.id).await;
    assert_eq!((run.holder, run.due), (None, Some(world.now())));
    assert_eq!((run.created_by, run.projection), (new.created_by, new.projection));
    assert_eq!(world.journal(new.id).await, (1, "created".to_owned()));
}

pub async fn a_firing_that_somebody_else_made_changes_nothing(subject: &Subject) {
    let world = World::of(subject).await;
    let created = world.schedule_at(Some(world.now())).await;
    let mine = world.firing(created.id, Overlap::Allow, &[0]).await;
    let theirs = Firing {
        runs: vec![ScheduledRun {
            fire_at: mine.runs[0].fire_at,
            run: world.new_run(),
        }],
        ..mine.clone()
    };
    world.fire(mine.clone()).await;
    let before = world.schedule(created.id).await;
    // Also the same one once more: what became of it says the record.
    for late in [theirs.clone(), mine] {
        assert_refused!(world.store.fire(late).await, StoreError::PreconditionFailed);
    }
    assert_eq!(world.schedule(created.id).await, before);
    let unmade = world.store.run(&world.tenant, theirs.runs[0].run.id).await;
    assert_eq!(unmade.expect("reading works"), None);
}

pub async fn a_firing_before_the_last_run_has_ended_is_skipped(subject: &Subject) {
    let world = World::of(subject).await;
    let created = world.schedule_at(Some(world.now())).await;
    // Of three at once the first is in the way of the others.
    let first = world.firing(created.id, Overlap::Skip, &[0, 1, 2]).await;
    let fired = world.fire(first.clone()).await;
    assert_eq!(
        (&fired.made, fired.skipped, fired.waits),
        (&vec![ids(&first)[0]], 2, false)
    );
    let second = world.firing(created.id, Overlap::Skip, &[3]).await;
    let fired = world.fire(second).await;
    assert_eq!((fired.made.len(), fired.skipped, fired.waits), (0, 1, false));
    let record = world.schedule(created.id).await;
    assert_eq!((record.skipped, record.last_run), (3, Some(ids(&first)[0])));
    assert_eq!(record.last_fired_at, Some(first.runs[0].fire_at));
    assert_eq!(record.cursor, world.later(3 * SECOND));
    world.end_run(ids(&first)[0]).await;
    let third = world.firing(created.id, Overlap::Skip, &[4]).await;
    assert_eq!(world.fire(third.clone()).await.made, ids(&third));
}

pub async fn one_firing_waits_for_the_end_of_the_last_run(subject: &Subject) {
    let world = World::of(subject).await;
    let created = world.schedule_at(Some(world.now())).await;
    let first = world.firing(created.id, Overlap::Queue, &[0, 1, 2]).await;
    let fired = world.fire(first.clone()).await;
    assert_eq!(
        (&fired.made, fired.skipped, fired.waits),
        (&vec![ids(&first)[0]], 1, true)
    );
    let record = world.schedule(created.id).await;
    assert_eq!((record.waiting, record.skipped), (Some(first.runs[1].fire_at), 1));
    // Nothing to do until that run has ended.
    let due = world.due_schedules().await;
    assert_eq!((due.due.len(), due.awaited), (0, vec![ids(&first)[0]]));
    world.end_run(ids(&first)[0]).await;
    let due = world.due_schedules().await;
    assert_eq!((due.due.len(), due.awaited.len()), (1, 0));
    assert_eq!(due.due[0].record, record);
    let mut second = world.firing(created.id, Overlap::Queue, &[1]).await;
    second.takes_waiting = true;
    let fired = world.fire(second.clone()).await;
    assert_eq!((fired.made, fired.waits), (ids(&second), false));
    assert_eq!(world.schedule(created.id).await.waiting, None);
}

pub async fn a_waiting_firing_and_a_new_one_keep_their_order(subject: &Subject) {
    let world = World::of(subject).await;
    let created = world.schedule_at(Some(world.now())).await;
    let first = world.firing(created.id, Overlap::Queue, &[0, 1]).await;
    world.fire(first.clone()).await;
    world.end_run(ids(&first)[0]).await;
    let mut both = world.firing(created.id, Overlap::Queue, &[1, 2]).await;
    both.takes_waiting = true;
    let fired = world.fire(both.clone()).await;
    assert_eq!((fired.made, fired.skipped, fired.waits), (vec![ids(&both)[0]], 0, true));
    assert_eq!(world.schedule(created.id).await.waiting, Some(both.runs[1].fire_at));
}

pub async fn firings_that_may_overlap_all_make_runs(subject: &Subject) {
    let world = World::of(subject).await;
    let created = world.schedule_at(Some(world.now())).await;
    let firing = world.firing(created.id, Overlap::Allow, &[0, 1, 2]).await;
    let fired = world.fire(firing.clone()).await;
    assert_eq!((fired.made, fired.skipped, fired.waits), (ids(&firing), 0, false));
    let record = world.schedule(created.id).await;
    assert_eq!(
        (record.last_run, record.last_fired_at),
        (Some(ids(&firing)[2]), Some(firing.runs[2].fire_at))
    );
}

pub async fn a_firing_whose_run_exists_leaves_it_as_it_is(subject: &Subject) {
    let world = World::of(subject).await;
    let created = world.schedule_at(Some(world.now())).await;
    let mut firing = world.firing(created.id, Overlap::Skip, &[0]).await;
    let id = world.unheld().await;
    let before = world.record(id).await;
    firing.runs[0].run.id = id;
    let fired = world.fire(firing.clone()).await;
    assert_eq!((fired.made.len(), fired.skipped), (0, 0));
    assert_eq!(world.record(id).await, before);
    let record = world.schedule(created.id).await;
    assert_eq!((record.last_run, record.cursor), (None, firing.cursor));
}

pub async fn a_failed_firing_is_remembered_until_one_succeeds(subject: &Subject) {
    let world = World::of(subject).await;
    let created = world.schedule_at(Some(world.now())).await;
    let error = FiringError {
        code: Arc::from("workflow-not-found"),
        message: Arc::from("there is no such workflow"),
        at: world.now(),
    };
    let mut failed = world.firing(created.id, Overlap::Skip, &[]).await;
    failed.failed = 2;
    failed.error = Some(error.clone());
    world.fire(failed).await;
    let record = world.schedule(created.id).await;
    assert_eq!((record.failed, record.last_error), (2, Some(error.clone())));
    // One that makes no run says nothing about it.
    world.fire(world.firing(created.id, Overlap::Skip, &[]).await).await;
    assert_eq!(world.schedule(created.id).await.last_error, Some(error));
    world.fire(world.firing(created.id, Overlap::Skip, &[1]).await).await;
    let record = world.schedule(created.id).await;
    assert_eq!((record.failed, record.last_error), (2, None));
}
