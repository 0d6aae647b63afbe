//! Lists of one workflow's runs.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::{Subject, World};
use crate::ids::{RunId, TenantId, WorkflowId};
use crate::records::{NewRun, Page, RunFilter, RunStatus, StatusSet, WorkflowRef, WorkflowVersion};

/// All pages of the list, one after another.
async fn all_pages(world: &World<'_>, filter: &RunFilter, limit: u32) -> Vec<RunId> {
    let (mut seen, mut page) = (Vec::new(), Page::first(limit));
    loop {
        let part = world.store.list_runs(&world.tenant, filter.clone(), page).await;
        let part = part.expect("listing works");
        assert!(part.items.len() <= limit as usize);
        seen.extend(part.items.iter().map(|item| item.id));
        page.cursor = part.next;
        if page.cursor.is_none() {
            return seen;
        }
    }
}

pub async fn the_runs_of_a_name_are_listed_whichever_workflows_had_it(subject: &Subject) {
    let world = World::of(subject).await;
    let other = World::of_tenant(subject, TenantId::new("other").expect("a tenant")).await;
    let again = WorkflowVersion {
        id: WorkflowId::generate(),
        ..world.flow.clone()
    };
    let renamed = WorkflowVersion {
        name: Arc::from("renamed"),
        ..world.flow.clone()
    };
    let mut made = Vec::new();
    for round in 0..12u64 {
        let workflow = [&world.flow, &again, &renamed][usize::try_from(round % 3).expect("small")];
        let status = if round % 2 == 0 {
            RunStatus::Waiting
        } else {
            RunStatus::Queued
        };
        let new = NewRun {
            workflow: workflow.clone(),
            projection: World::projection(status),
            ..world.new_run()
        };
        made.insert(0, (new.id, workflow.clone(), status, new.created_at));
        world.create(new).await;
        other.unheld().await;
        world.clock.advance(Duration::from_secs(1));
    }
    let (since, until) = (made[9].3, made[1].3);
    for target in [
        WorkflowRef::Name(world.flow.name.to_string()),
        WorkflowRef::Name("renamed".to_owned()),
        WorkflowRef::Id(world.flow.id),
        WorkflowRef::Id(again.id),
    ] {
        for statuses in [
            None,
            Some(StatusSet::of(&[RunStatus::Waiting])),
            Some(StatusSet::of(&[])),
        ] {
            let filter = RunFilter {
                statuses,
                workflow: Some(target.clone()),
                since: Some(since),
                until: Some(until),
            };
            let is_meant = |workflow: &WorkflowVersion| match &target {
                WorkflowRef::Name(name) => *name == *workflow.name,
                WorkflowRef::Id(id) => *id == workflow.id,
            };
            let expected = made.iter().filter(|(_, workflow, status, at)| {
                let wanted = statuses.is_none_or(|statuses| statuses.contains(*status));
                is_meant(workflow) && wanted && since <= *at && *at < until
            });
            let expected: Vec<RunId> = expected.map(|(id, ..)| *id).collect();
            for limit in [1, 3, 100] {
                assert_eq!(all_pages(&world, &filter, limit).await, expected, "{filter:?}");
            }
        }
    }
}
