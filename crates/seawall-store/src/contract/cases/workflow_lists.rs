//! Pages of workflows and versions.

use crate::contract::{Subject, World};
use crate::ids::TenantId;
use crate::records::{Page, WorkflowRef};

pub async fn workflows_are_listed_newest_first_in_pages_that_stay_right(subject: &Subject) {
    let (store, tenant) = (&subject.store, TenantId::default());
    for name in ["a", "b", "c", "d", "e"] {
        store
            .create_workflow(&tenant, World::workflow(name, name))
            .await
            .expect("the name is free");
    }
    // An update does not move a workflow.
    let target = WorkflowRef::Name("a".to_owned());
    store
        .update_workflow(&tenant, &target, World::workflow("a", "a2"), None)
        .await
        .expect("it exists");
    store
        .keep_inline(&tenant, World::workflow("inline", "i"))
        .await
        .expect("inline takes no name");
    let mut seen = Vec::new();
    let mut page = Page::first(2);
    loop {
        let part = store.list_workflows(&tenant, page).await.expect("listing works");
        seen.push(
            part.items
                .iter()
                .map(|item| format!("{}{}", item.name, item.version))
                .collect::<Vec<_>>(),
        );
        let late = World::workflow(&format!("late-{}", seen.len()), "late");
        store.create_workflow(&tenant, late).await.expect("the name is free");
        page.cursor = part.next;
        if page.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, [vec!["e1", "d1"], vec!["c1", "b1"], vec!["a2"]]);
}

pub async fn a_list_that_ends_with_the_page_has_no_cursor(subject: &Subject) {
    let (store, tenant) = (&subject.store, TenantId::default());
    let none = store
        .list_workflows(&tenant, Page::first(1))
        .await
        .expect("listing works");
    assert!(none.items.is_empty() && none.next.is_none());
    for name in ["a", "b"] {
        store
            .create_workflow(&tenant, World::workflow(name, name))
            .await
            .expect("the name is free");
    }
    for (limit, ends) in [(1, false), (2, true), (3, true), (200, true)] {
        let part = store
            .list_workflows(&tenant, Page::first(limit))
            .await
            .expect("listing works");
        assert_eq!(part.items.len(), (limit as usize).min(2));
        assert_eq!(part.next.is_none(), ends, "limit {limit}");
    }
}

pub async fn versions_are_listed_newest_first(subject: &Subject) {
    let (store, tenant) = (&subject.store, TenantId::default());
    let made = store
        .create_workflow(&tenant, World::workflow("report", "1"))
        .await
        .expect("the name is free");
    store
        .create_workflow(&tenant, World::workflow("other", "1"))
        .await
        .expect("the name is free");
    let target = WorkflowRef::Name("report".to_owned());
    for text in ["2", "3"] {
        store
            .update_workflow(&tenant, &target, World::workflow("report", text), None)
            .await
            .expect("it exists");
    }
    let first = store
        .list_versions(&tenant, &target, Page::first(2))
        .await
        .expect("it exists");
    assert_eq!(first.items.iter().map(|item| item.version).collect::<Vec<_>>(), [3, 2]);
    let rest = Page {
        limit: 2,
        cursor: first.next,
    };
    let rest = store
        .list_versions(&tenant, &WorkflowRef::Id(made.id), rest)
        .await
        .expect("it exists");
    assert_eq!(rest.items, vec![made]);
    assert!(first.next.is_some() && rest.next.is_none());
}
