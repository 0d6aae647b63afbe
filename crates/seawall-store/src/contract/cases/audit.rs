//! The audit chain.

use std::time::Duration;

use futures_util::future::join_all;

use crate::contract::{IdentityWorld, Subject};
use crate::records::{
    AuditDetails, AuditEntry, AuditFilter, AuditHead, AuditOutcome, AuditRecord, Mac, NewAudit, Page,
};

const SECOND: Duration = Duration::from_secs(1);

async fn append(world: &IdentityWorld<'_>, actor: &str, action: &str) -> AuditRecord {
    let new = IdentityWorld::audit(actor, action);
    world
        .store
        .append_audit(&world.tenant, new)
        .await
        .expect("there is room")
}

pub async fn an_audit_record_is_sealed_over_its_place_and_the_seal_before(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    assert!(world.chain().await.is_empty());
    let first = append(&world, "ann", "key.created").await;
    assert_eq!(
        (first.body.seq, first.body.at, first.body.previous),
        (1, world.now(), Mac::ZERO)
    );
    assert_eq!(first.body.entry, IdentityWorld::entry("ann", "key.created"));
    let bare = AuditEntry {
        object: None,
        request: None,
        details: AuditDetails::default(),
        outcome: AuditOutcome::Denied,
        ..IdentityWorld::entry("bob", "login")
    };
    let bare = NewAudit {
        entry: bare,
        ..IdentityWorld::audit("bob", "login")
    };
    let second = world
        .store
        .append_audit(&world.tenant, bare)
        .await
        .expect("there is room");
    assert_eq!((second.body.seq, second.body.previous), (2, first.mac));
    // The chain is held against its seals there.
    assert_eq!(world.chain().await, [first, second]);
}

pub async fn appends_side_by_side_make_one_chain(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let appends = (0..50).map(|_| append(&world, "ann", "key.created"));
    let mut places: Vec<u64> = join_all(appends).await.iter().map(|record| record.body.seq).collect();
    places.sort_unstable();
    assert_eq!(places, (1..=50).collect::<Vec<u64>>());
    assert_eq!(world.chain().await.len(), 50);
}

pub async fn each_tenant_has_a_chain_of_its_own(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let other = IdentityWorld::of_tenant(subject, "other");
    append(&world, "ann", "key.created").await;
    let head = other.store.audit_head(&other.tenant).await.expect("reading works");
    assert_eq!(head, AuditHead::EMPTY);
    let theirs = append(&other, "eve", "login").await;
    assert_eq!((theirs.body.seq, theirs.body.previous), (1, Mac::ZERO));
    assert_eq!((world.chain().await.len(), other.chain().await.len()), (1, 1));
    let listed = other
        .store
        .list_audit(&other.tenant, AuditFilter::default(), Page::first(10))
        .await;
    assert_eq!(listed.expect("listing works").items, [theirs]);
}

pub async fn a_chain_is_read_in_order_from_any_place(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    for _ in 0..5 {
        append(&world, "ann", "key.created").await;
    }
    let read = async |after, limit| {
        let records = world
            .store
            .audit_after(&world.tenant, after, limit)
            .await
            .expect("reading works");
        records.iter().map(|record| record.body.seq).collect::<Vec<_>>()
    };
    assert_eq!(read(0, 2).await, [1, 2]);
    assert_eq!(read(2, 10).await, [3, 4, 5]);
    assert!(read(5, 10).await.is_empty());
}

pub async fn audit_records_are_found_newest_first_by_actor_action_and_time(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    for (actor, action) in [
        ("ann", "login"),
        ("bob", "login"),
        ("ann", "key.created"),
        ("ann", "login"),
    ] {
        append(&world, actor, action).await;
        world.clock.advance(SECOND);
    }
    let third = world.now().as_millis() - 2000;
    let ann = Some(IdentityWorld::principal("ann"));
    let login = Some(IdentityWorld::entry("ann", "login").action);
    let since = Some(crate::Timestamp::from_millis(third));
    let filter = |actor, action, since| AuditFilter { actor, action, since };
    let cases = [
        (filter(None, None, None), vec![4, 3, 2, 1]),
        (filter(ann.clone(), None, None), vec![4, 3, 1]),
        (filter(None, login.clone(), None), vec![4, 2, 1]),
        (filter(ann.clone(), login.clone(), None), vec![4, 1]),
        (filter(None, None, since), vec![4, 3]),
        (filter(ann, login, since), vec![4]),
        (filter(Some(IdentityWorld::principal("eve")), None, None), vec![]),
    ];
    for (filter, expected) in cases {
        let mut page = Page::first(1);
        let mut found = Vec::new();
        loop {
            let listed = world.store.list_audit(&world.tenant, filter.clone(), page).await;
            let listed = listed.expect("listing works");
            found.extend(listed.items.iter().map(|record| record.body.seq));
            page.cursor = listed.next;
            if listed.next.is_none() {
                break;
            }
        }
        assert_eq!(found, expected, "{filter:?}");
    }
}
