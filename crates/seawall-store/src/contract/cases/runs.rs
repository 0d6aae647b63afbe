//! Creating, reading and listing runs.

use std::time::Duration;

use crate::contract::world::assert_refused;
use crate::contract::{READER, Subject, TTL, World};
use crate::error::StoreError;
use crate::ids::{Epoch, NodeId, RunId, Seq, TenantId};
use crate::records::{CreatedRun, NewRun, Page, ParentLink, RunFilter, RunStatus, StatusSet, WorkflowRef};
use crate::time::Timestamp;

pub async fn a_run_reads_back_as_it_was_created(subject: &Subject) {
    let world = World::of(subject).await;
    let new = NewRun {
        segment: World::segment(1, 3, "three events"),
        parent: Some(ParentLink {
            run: RunId::generate(),
            step: "call".to_owned(),
            item: Some(7),
            generation: 2,
        }),
        ..world.new_run()
    };
    let created = world.create(new.clone()).await;
    assert!(matches!(created, CreatedRun::New { lease: None }), "{created:?}");
    let record = world.record(new.id).await;
    assert_eq!(
        (record.id, record.workflow, record.parent),
        (new.id, new.workflow, new.parent)
    );
    assert_eq!((record.created_by, record.created_at), (new.created_by, new.created_at));
    assert_eq!((record.projection, record.last_seq), (new.projection, Seq(3)));
    assert_eq!((record.epoch, record.holder, record.deaths), (Epoch(0), None, 0));
    assert_eq!(record.due, Some(Timestamp::ZERO));
    assert_eq!(world.journal(new.id).await, (3, "three events".to_owned()));
    let unknown = world
        .store
        .run(&world.tenant, RunId::generate())
        .await
        .expect("reading works");
    assert_eq!(unknown, None);
}

pub async fn a_run_that_is_born_ended_is_due_for_nobody(subject: &Subject) {
    let world = World::of(subject).await;
    let new = NewRun {
        projection: World::projection(RunStatus::Succeeded),
        ..world.new_run()
    };
    let created = world.create(new.clone()).await;
    assert!(matches!(created, CreatedRun::New { lease: None }), "{created:?}");
    let record = world.record(new.id).await;
    assert_eq!((record.holder, record.epoch, record.due), (None, Epoch(0), None));
    let due = world.store.next_due(READER).await.expect("the store works");
    assert_eq!(due, None);
}

pub async fn a_run_born_held_is_at_epoch_one(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let lease = world.held(node).await;
    assert_eq!(
        (lease.node, lease.epoch, &lease.tenant),
        (node, Epoch(1), &world.tenant)
    );
    let record = world.record(lease.run).await;
    assert_eq!(
        (record.key, record.holder, record.epoch),
        (lease.key, Some(node), Epoch(1))
    );
    assert_eq!(record.due, None);
    assert_eq!(world.leases(node).await, vec![lease]);
    assert!(world.claim(node, 10).await.is_empty(), "a held run is not claimable");
}

pub async fn a_run_is_not_born_held_by_a_dead_node(subject: &Subject) {
    let world = World::of(subject).await;
    let dead = world.node().await;
    world.clock.advance(TTL);
    world.store.bury_expired().await.expect("burying works");
    for node in [dead, NodeId::generate()] {
        let new = NewRun {
            hold: Some(node),
            ..world.new_run()
        };
        assert_refused!(
            world.store.create_run(&world.tenant, new.clone()).await,
            StoreError::NodeDead
        );
        assert_eq!(
            world.store.run(&world.tenant, new.id).await.expect("reading works"),
            None
        );
    }
}

pub async fn a_run_id_is_taken_once(subject: &Subject) {
    let world = World::of(subject).await;
    let other = World::of_tenant(subject, TenantId::new("other").expect("a tenant")).await;
    let id = world.unheld().await;
    let before = world.record(id).await;
    for there in [&world, &other] {
        let again = NewRun {
            id,
            projection: World::projection(RunStatus::Failed),
            ..there.new_run()
        };
        assert_refused!(there.store.create_run(&there.tenant, again).await, StoreError::Exists);
    }
    assert_eq!(world.record(id).await, before);
    assert_eq!(world.journal(id).await, (1, "created".to_owned()));
}

pub async fn runs_are_listed_newest_first_in_pages_that_stay_right(subject: &Subject) {
    let world = World::of(subject).await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(world.unheld().await);
    }
    made.reverse();
    let mut seen = Vec::new();
    let mut page = Page::first(2);
    loop {
        let part = world
            .store
            .list_runs(&world.tenant, RunFilter::default(), page)
            .await
            .expect("listing works");
        seen.extend(part.items.iter().map(|item| item.id));
        assert!(part.items.len() <= 2);
        world.unheld().await;
        page.cursor = part.next;
        if page.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, made);
    let all = world
        .store
        .list_runs(&world.tenant, RunFilter::default(), Page::first(8))
        .await
        .expect("listing works");
    assert_eq!((all.items.len(), all.next), (8, None));
    for item in all.items {
        assert_eq!(world.record(item.id).await, item);
    }
}

pub async fn runs_are_filtered_by_status_workflow_and_time(subject: &Subject) {
    let world = World::of(subject).await;
    let inline = world
        .store
        .keep_inline(&world.tenant, World::workflow("quick", "q"))
        .await
        .expect("kept")
        .pinned();
    let old = world.unheld().await;
    world.clock.advance(Duration::from_secs(60));
    let since = world.now();
    let young = NewRun {
        workflow: inline.clone(),
        projection: World::projection(RunStatus::Waiting),
        ..world.new_run()
    };
    let young_id = young.id;
    world.create(young).await;
    let flow = world.flow.clone();
    world
        .store
        .delete_workflow(&world.tenant, &WorkflowRef::Id(flow.id), None)
        .await
        .expect("it exists");
    let status = |status| RunFilter {
        statuses: Some(StatusSet::of(&[status])),
        ..RunFilter::default()
    };
    let any_of = |statuses: &[RunStatus]| RunFilter {
        statuses: Some(StatusSet::of(statuses)),
        ..RunFilter::default()
    };
    let workflow = |target| RunFilter {
        workflow: Some(target),
        ..RunFilter::default()
    };
    let from = |since| RunFilter {
        since: Some(since),
        ..RunFilter::default()
    };
    let to = |until| RunFilter {
        until: Some(until),
        ..RunFilter::default()
    };
    let cases = [
        (any_of(&[]), vec![]),
        (any_of(&[RunStatus::Failed, RunStatus::Queued]), vec![old]),
        (any_of(&[RunStatus::Waiting, RunStatus::Queued]), vec![young_id, old]),
        (any_of(&RunStatus::ALL), vec![young_id, old]),
        (to(since), vec![old]),
        (to(world.record(old).await.created_at), vec![]),
        (to(since.saturating_add(Duration::from_millis(1))), vec![young_id, old]),
        (status(RunStatus::Queued), vec![old]),
        (status(RunStatus::Waiting), vec![young_id]),
        (status(RunStatus::Failed), vec![]),
        (workflow(WorkflowRef::Name("flow".to_owned())), vec![old]),
        (workflow(WorkflowRef::Id(flow.id)), vec![old]),
        (workflow(WorkflowRef::Name("quick".to_owned())), vec![young_id]),
        (workflow(WorkflowRef::Id(inline.id)), vec![young_id]),
        (workflow(WorkflowRef::Name("nobody".to_owned())), vec![]),
        (from(since), vec![young_id]),
        (from(since.saturating_add(Duration::from_millis(1))), vec![]),
        (from(world.record(old).await.created_at), vec![young_id, old]),
    ];
    for (filter, expected) in cases {
        let part = world
            .store
            .list_runs(&world.tenant, filter.clone(), Page::first(10))
            .await
            .expect("listing works");
        let ids: Vec<_> = part.items.iter().map(|item| item.id).collect();
        assert_eq!(ids, expected, "{filter:?}");
        assert_eq!(part.next, None, "{filter:?}");
    }
}

pub async fn a_filtered_list_goes_on_over_rows_that_do_not_match(subject: &Subject) {
    let world = World::of(subject).await;
    let mut waiting = Vec::new();
    for number in 0..9 {
        let mut new = world.new_run();
        if number % 3 == 0 {
            new.projection = World::projection(RunStatus::Waiting);
            waiting.insert(0, new.id);
        }
        world.create(new).await;
    }
    let filter = RunFilter {
        statuses: Some(StatusSet::of(&[RunStatus::Waiting])),
        ..RunFilter::default()
    };
    let mut page = Page::first(1);
    for (index, id) in waiting.iter().enumerate() {
        let part = world
            .store
            .list_runs(&world.tenant, filter.clone(), page)
            .await
            .expect("listing works");
        assert_eq!(part.items.iter().map(|item| item.id).collect::<Vec<_>>(), [*id]);
        assert_eq!(part.next.is_none(), index == 2, "page {index}");
        page.cursor = part.next;
    }
}

pub async fn a_list_of_several_statuses_keeps_the_order_over_pages(subject: &Subject) {
    let world = World::of(subject).await;
    let mut made = Vec::new();
    let statuses = [
        RunStatus::Waiting,
        RunStatus::Succeeded,
        RunStatus::Failed,
        RunStatus::Queued,
    ];
    for number in 0..13 {
        let mut new = world.new_run();
        let status = statuses[number * number % 4 + usize::from(number % 3 == 0)];
        new.projection = World::projection(status);
        if matches!(status, RunStatus::Waiting | RunStatus::Failed) {
            made.insert(0, new.id);
        }
        world.create(new).await;
    }
    let filter = RunFilter {
        statuses: Some(StatusSet::of(&[RunStatus::Failed, RunStatus::Waiting])),
        ..RunFilter::default()
    };
    let mut page = Page::first(2);
    let mut seen = Vec::new();
    loop {
        let part = world.store.list_runs(&world.tenant, filter.clone(), page).await;
        let part = part.expect("listing works");
        assert!(part.items.len() <= 2);
        seen.extend(part.items.iter().map(|item| item.id));
        page.cursor = part.next;
        if page.cursor.is_none() {
            break;
        }
    }
    assert!(made.len() > 4, "{made:?}");
    assert_eq!(seen, made);
}

pub async fn first_segments_come_in_the_order_asked_for_in_bounds(subject: &Subject) {
    let world = World::of(subject).await;
    let other = World::of_tenant(subject, TenantId::new("other").expect("a tenant")).await;
    let node = world.node().await;
    let mut runs = Vec::new();
    for number in 0..4 {
        let new = NewRun {
            segment: World::segment(1, 1, &format!("the birth of {number}")),
            hold: Some(node),
            ..world.new_run()
        };
        runs.push(new.id);
        let CreatedRun::New { lease: Some(lease) } = world.create(new).await else {
            unreachable!("it is born held")
        };
        world.append(world.next(&lease, "more").await).await;
    }
    let foreign = other.unheld().await;
    let asked = [runs[2], foreign, RunId::generate(), runs[0], runs[3]];
    let read = async |max_bytes: usize| {
        let found = world.store.first_segments(&world.tenant, &asked, max_bytes).await;
        found.expect("reading works")
    };
    let all = read(usize::MAX).await;
    let ids: Vec<_> = all.iter().map(|(run, _)| *run).collect();
    assert_eq!(ids, [runs[2], runs[0], runs[3]]);
    assert_eq!(all[1].1, World::segment(1, 1, "the birth of 0"));
    assert_eq!(read(40).await, all[..2]);
    assert_eq!(read(0).await, all[..1]);
}
