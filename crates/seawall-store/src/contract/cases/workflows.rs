//! Definitions and their versions.

use std::time::Duration;

use crate::contract::world::assert_refused;
use crate::contract::{Subject, World};
use crate::error::StoreError;
use crate::ids::{Digest, TenantId, WorkflowId};
use crate::records::{NewWorkflow, Page, WorkflowRef};
use crate::time::StoreClock as _;

fn named(name: &str) -> WorkflowRef {
    WorkflowRef::Name(name.to_owned())
}

pub async fn a_workflow_reads_back_as_it_was_created(subject: &Subject) {
    let (store, tenant) = (&subject.store, TenantId::default());
    let new = World::workflow("report", "{}");
    let made = store
        .create_workflow(&tenant, new.clone())
        .await
        .expect("the name is free");
    assert_eq!((made.id, &made.name, made.version), (new.id, &new.name, 1));
    assert_eq!(
        (&made.description, &made.source, made.digest),
        (&new.description, &new.source, new.digest)
    );
    assert_eq!(
        (made.created_at, made.updated_at),
        (subject.clock.now(), subject.clock.now())
    );
    assert!(!made.inline);
    for target in [named("report"), WorkflowRef::Id(new.id)] {
        assert_eq!(
            store.workflow(&tenant, &target).await.expect("reading works"),
            Some(made.clone())
        );
    }
    assert_eq!(
        store.workflow_version(&tenant, new.id, 1).await.expect("reading works"),
        Some(made)
    );
    assert_eq!(
        store.workflow_version(&tenant, new.id, 2).await.expect("reading works"),
        None
    );
    assert_eq!(
        store.workflow(&tenant, &named("other")).await.expect("reading works"),
        None
    );
    let bare = NewWorkflow {
        description: None,
        ..World::workflow("bare", "[]")
    };
    let made = store.create_workflow(&tenant, bare).await.expect("the name is free");
    assert_eq!(made.description, None);
}

pub async fn a_workflow_name_is_taken_once_in_each_tenant(subject: &Subject) {
    let (store, tenant) = (&subject.store, TenantId::default());
    let first = store
        .create_workflow(&tenant, World::workflow("report", "1"))
        .await
        .expect("the name is free");
    assert_refused!(
        store.create_workflow(&tenant, World::workflow("report", "2")).await,
        StoreError::Exists
    );
    let found = store.workflow(&tenant, &named("report")).await.expect("reading works");
    assert_eq!(found, Some(first));
    let other = TenantId::new("other").expect("a tenant");
    store
        .create_workflow(&other, World::workflow("report", "2"))
        .await
        .expect("the name is free there");
}

pub async fn a_workflow_id_is_taken_once(subject: &Subject) {
    let (store, tenant) = (&subject.store, TenantId::default());
    let first = World::workflow("first", "1");
    let second = NewWorkflow {
        id: first.id,
        ..World::workflow("second", "2")
    };
    store.create_workflow(&tenant, first).await.expect("the name is free");
    assert_refused!(store.create_workflow(&tenant, second.clone()).await, StoreError::Exists);
    assert_refused!(store.keep_inline(&tenant, second).await, StoreError::Exists);
    assert_eq!(
        store.workflow(&tenant, &named("second")).await.expect("reading works"),
        None
    );
}

pub async fn an_update_makes_the_next_version_and_keeps_the_old_one(subject: &Subject) {
    let (store, tenant) = (&subject.store, TenantId::default());
    let first = store
        .create_workflow(&tenant, World::workflow("report", "1"))
        .await
        .expect("the name is free");
    subject.clock.advance(Duration::from_secs(5));
    let new = World::workflow("report", "2");
    let second = store
        .update_workflow(&tenant, &named("report"), new.clone(), None)
        .await
        .expect("it exists");
    assert_eq!((second.id, second.version), (first.id, 2));
    assert_eq!((&second.source, second.digest), (&new.source, new.digest));
    assert_eq!(
        (second.created_at, second.updated_at),
        (first.created_at, subject.clock.now())
    );
    let target = WorkflowRef::Id(first.id);
    let third = store
        .update_workflow(&tenant, &target, World::workflow("report", "3"), Some(second.digest))
        .await;
    let third = third.expect("the digest is the latest version's");
    assert_eq!(third.version, 3);
    // The text of version 1 is not the latest one: it makes a version of its own.
    let fourth = store
        .update_workflow(&tenant, &target, World::workflow("report", "1"), None)
        .await;
    assert_eq!(fourth.as_ref().expect("it exists").version, 4);
    for (version, kept) in [(1, first), (2, second), (3, third)] {
        let found = store
            .workflow_version(&tenant, kept.id, version)
            .await
            .expect("reading works");
        assert_eq!(found, Some(kept));
    }
    assert_eq!(
        store.workflow(&tenant, &target).await.expect("reading works"),
        fourth.ok()
    );
}

pub async fn an_update_with_the_same_digest_makes_no_version(subject: &Subject) {
    let (store, tenant) = (&subject.store, TenantId::default());
    let first = store
        .create_workflow(&tenant, World::workflow("report", "1"))
        .await
        .expect("the name is free");
    subject.clock.advance(Duration::from_secs(5));
    let same = World::workflow("report", "1");
    let answer = store
        .update_workflow(&tenant, &named("report"), same, Some(first.digest))
        .await;
    assert_eq!(answer.expect("it exists"), first);
    assert_eq!(
        store.workflow(&tenant, &named("report")).await.expect("reading works"),
        Some(first.clone())
    );
    assert_eq!(
        store
            .workflow_version(&tenant, first.id, 2)
            .await
            .expect("reading works"),
        None
    );
}

pub async fn another_expected_digest_refuses_update_and_delete(subject: &Subject) {
    let (store, tenant) = (&subject.store, TenantId::default());
    let first = store
        .create_workflow(&tenant, World::workflow("report", "1"))
        .await
        .expect("the name is free");
    let second = store
        .update_workflow(&tenant, &named("report"), World::workflow("report", "2"), None)
        .await;
    let second = second.expect("it exists");
    let target = named("report");
    for text in ["3", "2"] {
        let update = store
            .update_workflow(&tenant, &target, World::workflow("report", text), Some(first.digest))
            .await;
        assert_refused!(update, StoreError::PreconditionFailed);
    }
    let delete = store.delete_workflow(&tenant, &target, Some(first.digest)).await;
    assert_refused!(delete, StoreError::PreconditionFailed);
    assert_eq!(
        store.workflow(&tenant, &target).await.expect("reading works"),
        Some(second.clone())
    );
    store
        .delete_workflow(&tenant, &target, Some(second.digest))
        .await
        .expect("the digest is the latest version's");
}

pub async fn a_missing_workflow_is_not_found(subject: &Subject) {
    let (store, tenant) = (&subject.store, TenantId::default());
    let digest = Some(Digest::of(b"x"));
    for target in [named("nobody"), WorkflowRef::Id(WorkflowId::generate())] {
        let update = store
            .update_workflow(&tenant, &target, World::workflow("nobody", "1"), digest)
            .await;
        assert_refused!(update, StoreError::NotFound);
        assert_refused!(
            store.delete_workflow(&tenant, &target, digest).await,
            StoreError::NotFound
        );
        assert_refused!(
            store.list_versions(&tenant, &target, Page::first(10)).await,
            StoreError::NotFound
        );
        assert_eq!(store.workflow(&tenant, &target).await.expect("reading works"), None);
    }
}

pub async fn a_deleted_workflow_frees_its_name_and_keeps_its_versions(subject: &Subject) {
    let (store, tenant) = (&subject.store, TenantId::default());
    let old = store
        .create_workflow(&tenant, World::workflow("report", "1"))
        .await
        .expect("the name is free");
    store
        .delete_workflow(&tenant, &named("report"), None)
        .await
        .expect("it exists");
    for target in [named("report"), WorkflowRef::Id(old.id)] {
        assert_eq!(store.workflow(&tenant, &target).await.expect("reading works"), None);
        assert_refused!(
            store.delete_workflow(&tenant, &target, None).await,
            StoreError::NotFound
        );
        assert_refused!(
            store.list_versions(&tenant, &target, Page::first(10)).await,
            StoreError::NotFound
        );
        let update = store
            .update_workflow(&tenant, &target, World::workflow("report", "2"), None)
            .await;
        assert_refused!(update, StoreError::NotFound);
    }
    let listed = store
        .list_workflows(&tenant, Page::first(10))
        .await
        .expect("listing works");
    assert!(listed.items.is_empty(), "{listed:?}");
    let new = store
        .create_workflow(&tenant, World::workflow("report", "1"))
        .await
        .expect("the name is free again");
    assert_eq!(new.version, 1);
    assert_ne!(new.id, old.id);
    assert_eq!(
        store.workflow_version(&tenant, old.id, 1).await.expect("reading works"),
        Some(old)
    );
}

pub async fn an_inline_definition_is_kept_once_for_each_digest(subject: &Subject) {
    let (store, tenant) = (&subject.store, TenantId::default());
    let named_one = store
        .create_workflow(&tenant, World::workflow("report", "1"))
        .await
        .expect("the name is free");
    let first = store
        .keep_inline(&tenant, World::workflow("report", "1"))
        .await
        .expect("inline takes no name");
    assert_ne!(first.id, named_one.id);
    assert_eq!(
        (first.inline, first.version, first.created_at),
        (true, 1, subject.clock.now())
    );
    subject.clock.advance(Duration::from_secs(1));
    let again = store
        .keep_inline(&tenant, World::workflow("report", "1"))
        .await
        .expect("it is kept already");
    assert_eq!(again, first);
    let second = store
        .keep_inline(&tenant, World::workflow("report", "2"))
        .await
        .expect("inline takes no name");
    assert_ne!(second.id, first.id);
    let other = TenantId::new("other").expect("a tenant");
    let foreign = store
        .keep_inline(&other, World::workflow("report", "1"))
        .await
        .expect("inline takes no name");
    assert_ne!(foreign.id, first.id);
}

pub async fn an_inline_definition_has_neither_name_nor_further_versions(subject: &Subject) {
    let (store, tenant) = (&subject.store, TenantId::default());
    let kept = store
        .keep_inline(&tenant, World::workflow("quick", "1"))
        .await
        .expect("inline takes no name");
    let by_id = WorkflowRef::Id(kept.id);
    assert_eq!(
        store.workflow(&tenant, &named("quick")).await.expect("reading works"),
        None
    );
    assert_eq!(
        store.workflow(&tenant, &by_id).await.expect("reading works"),
        Some(kept.clone())
    );
    assert_eq!(
        store
            .workflow_version(&tenant, kept.id, 1)
            .await
            .expect("reading works"),
        Some(kept.clone())
    );
    let versions = store
        .list_versions(&tenant, &by_id, Page::first(10))
        .await
        .expect("found by id");
    assert_eq!(versions.items, vec![kept]);
    let update = store
        .update_workflow(&tenant, &by_id, World::workflow("quick", "2"), None)
        .await;
    assert_refused!(update, StoreError::NotFound);
    assert_refused!(store.delete_workflow(&tenant, &by_id, None).await, StoreError::NotFound);
    let listed = store
        .list_workflows(&tenant, Page::first(10))
        .await
        .expect("listing works");
    assert!(listed.items.is_empty(), "{listed:?}");
    store
        .create_workflow(&tenant, World::workflow("quick", "1"))
        .await
        .expect("the name is free");
}
