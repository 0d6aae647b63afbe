//! No tenant sees or touches what is another's.

use crate::contract::world::assert_refused;
use crate::contract::{Subject, World};
use crate::error::StoreError;
use crate::ids::{ApprovalId, Seq, TenantId};
use crate::records::{ApprovalFilter, Page, RunFilter, WorkflowRef};

fn stranger() -> TenantId {
    TenantId::new("stranger").expect("a tenant")
}

pub async fn no_tenant_sees_anothers_workflows(subject: &Subject) {
    let world = World::of(subject).await;
    let (store, stranger) = (world.store, stranger());
    let inline = store
        .keep_inline(&world.tenant, World::workflow("quick", "q"))
        .await
        .expect("kept");
    let targets = [
        WorkflowRef::Name("flow".to_owned()),
        WorkflowRef::Id(world.flow.id),
        WorkflowRef::Id(inline.id),
    ];
    for target in &targets {
        assert_eq!(store.workflow(&stranger, target).await.expect("reading works"), None);
        let update = store
            .update_workflow(&stranger, target, World::workflow("flow", "2"), None)
            .await;
        assert_refused!(update, StoreError::NotFound);
        assert_refused!(
            store.delete_workflow(&stranger, target, None).await,
            StoreError::NotFound
        );
        assert_refused!(
            store.list_versions(&stranger, target, Page::first(10)).await,
            StoreError::NotFound
        );
    }
    for id in [world.flow.id, inline.id] {
        assert_eq!(
            store.workflow_version(&stranger, id, 1).await.expect("reading works"),
            None
        );
    }
    let listed = store
        .list_workflows(&stranger, Page::first(10))
        .await
        .expect("listing works");
    assert!(listed.items.is_empty(), "{listed:?}");
    let own = store.workflow(&world.tenant, &targets[0]).await.expect("reading works");
    assert_eq!(own.map(|record| record.version), Some(1));
}

pub async fn no_tenant_sees_anothers_runs(subject: &Subject) {
    let world = World::of(subject).await;
    let stranger = stranger();
    let run = world.unheld().await;
    let before = world.record(run).await;
    assert_eq!(world.store.run(&stranger, run).await.expect("reading works"), None);
    assert_refused!(
        world.store.journal(&stranger, run, Seq(0), 1000).await,
        StoreError::NotFound
    );
    assert_refused!(
        world.store.send(&stranger, run, World::message("k")).await,
        StoreError::NotFound
    );
    let filters = [
        RunFilter::default(),
        RunFilter {
            workflow: Some(WorkflowRef::Id(world.flow.id)),
            ..RunFilter::default()
        },
        RunFilter {
            workflow: Some(WorkflowRef::Name("flow".to_owned())),
            ..RunFilter::default()
        },
    ];
    for filter in filters {
        let listed = world
            .store
            .list_runs(&stranger, filter, Page::first(10))
            .await
            .expect("listing works");
        assert!(listed.items.is_empty(), "{listed:?}");
    }
    assert_eq!(world.record(run).await, before);
}

pub async fn no_tenant_sees_anothers_approvals(subject: &Subject) {
    let world = World::of(subject).await;
    let stranger = stranger();
    let node = world.node().await;
    let lease = world.held(node).await;
    let id = ApprovalId::generate();
    let mut append = world.next(&lease, "asked").await;
    append.opened.push(world.opened(id));
    world.append(append).await;
    assert_eq!(world.store.approval(&stranger, id).await.expect("reading works"), None);
    let decided = world.store.decide_approval(&stranger, id, World::message("k")).await;
    assert_refused!(decided, StoreError::NotFound);
    for run in [None, Some(lease.run)] {
        let filter = ApprovalFilter { status: None, run };
        let listed = world
            .store
            .list_approvals(&stranger, filter, Page::first(10))
            .await
            .expect("listing works");
        assert!(listed.items.is_empty(), "{listed:?}");
    }
    assert!(world.inbox(&lease).await.is_empty());
}
