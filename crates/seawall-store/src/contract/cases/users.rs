//! Users.

use crate::contract::world::assert_refused;
use crate::contract::{IdentityWorld, Subject};
use crate::error::StoreError;
use crate::ids::UserId;
use crate::records::{Email, NewUser, Page, SessionEndCause, UserChange, UserCreated, UserRole};

async fn create(world: &IdentityWorld<'_>, new: NewUser) -> UserCreated {
    let created = world.store.create_user(&world.tenant, new, None).await;
    created.expect("the id is new")
}

pub async fn a_user_reads_back_as_it_was_created(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let new = NewUser {
        role: UserRole::Admin,
        ..IdentityWorld::new_user("ann")
    };
    let UserCreated::Created(made) = create(&world, new.clone()).await else {
        unreachable!("the address is free")
    };
    assert_eq!((made.id, &made.email, made.role), (new.id, &new.email, UserRole::Admin));
    assert_eq!((made.active, made.version, made.attempts), (true, 1, 0));
    assert_eq!((made.created_at, made.updated_at), (world.now(), world.now()));
    assert_eq!((made.last_login_at, made.locked_until), (None, None));
    assert_eq!(world.user(new.id).await, made);
    // However it was typed.
    let typed = Email::parse(" Ann@EXAMPLE.com ").expect("an address");
    let found = world.store.user_for_login(&typed).await.expect("reading works");
    let found = found.expect("the user exists");
    assert_eq!((&found.record, &found.tenant), (&made, &world.tenant));
    assert_eq!(found.password, new.password);
    let nobody = world.store.user_for_login(&IdentityWorld::email("bob")).await;
    assert_eq!(nobody.expect("reading works"), None);
}

pub async fn an_address_belongs_to_one_user_of_all_tenants(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let other = IdentityWorld::of_tenant(subject, "other");
    let ann = world.create_user("ann").await;
    for of in [&world, &other] {
        assert_eq!(
            create(of, IdentityWorld::new_user("ann")).await,
            UserCreated::EmailTaken
        );
    }
    let same_id = NewUser {
        id: ann.id,
        ..IdentityWorld::new_user("bob")
    };
    let refused = other.store.create_user(&other.tenant, same_id, None).await;
    assert_refused!(refused, StoreError::Exists);
    let deleted = world.store.delete_user(&world.tenant, ann.id, None, None).await;
    deleted.expect("it is there");
    other.create_user("ann").await;
}

pub async fn two_who_want_one_address_at_once_do_not_both_get_it(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let other = IdentityWorld::of_tenant(subject, "other");
    let (one, two) = tokio::join!(
        create(&world, IdentityWorld::new_user("ann")),
        create(&other, IdentityWorld::new_user("ann"))
    );
    assert!(matches!(one, UserCreated::Created(_)), "{one:?}");
    assert_eq!(two, UserCreated::EmailTaken);
}

pub async fn a_tenant_has_no_more_users_than_it_may(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let other = IdentityWorld::of_tenant(subject, "other");
    let bounded = |name| NewUser {
        most: 1,
        ..IdentityWorld::new_user(name)
    };
    create(&world, bounded("ann")).await;
    assert_eq!(create(&world, bounded("bob")).await, UserCreated::TooMany { most: 1 });
    let theirs = create(&other, bounded("bob")).await;
    assert!(matches!(theirs, UserCreated::Created(_)), "{theirs:?}");
}

pub async fn users_are_listed_newest_first_in_pages(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.insert(0, world.create_user(name).await.id);
    }
    let first = world
        .store
        .list_users(&world.tenant, Page::first(2))
        .await
        .expect("listing works");
    let rest = Page {
        limit: 2,
        cursor: first.next,
    };
    let second = world
        .store
        .list_users(&world.tenant, rest)
        .await
        .expect("listing works");
    let found: Vec<UserId> = first.items.iter().chain(&second.items).map(|user| user.id).collect();
    assert_eq!((found, second.next), (ids, None));
}

pub async fn a_change_of_a_user_is_the_next_version(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let made = world.create_user("ann").await;
    world.clock.advance(std::time::Duration::from_secs(1));
    let change = UserChange {
        role: Some(UserRole::Viewer),
        ..UserChange::default()
    };
    let update = async |change: &UserChange, expected| {
        let (store, tenant) = (world.store, &world.tenant);
        store.update_user(tenant, made.id, change.clone(), expected, None).await
    };
    let updated = update(&change, Some(1)).await.expect("it is version 1");
    assert_eq!(
        (updated.version, updated.role, updated.active),
        (2, UserRole::Viewer, true)
    );
    assert_eq!((updated.created_at, updated.updated_at), (made.created_at, world.now()));
    assert_eq!(world.user(made.id).await, updated);
    assert_refused!(update(&change, Some(1)).await, StoreError::PreconditionFailed);
    assert_eq!(world.user(made.id).await, updated);
    let change = UserChange {
        active: Some(false),
        password: Some(IdentityWorld::password("$other")),
        ..UserChange::default()
    };
    let updated = update(&change, None).await.expect("it is there");
    assert_eq!(
        (updated.version, updated.role, updated.active),
        (3, UserRole::Viewer, false)
    );
    let login = world.store.user_for_login(&made.email).await.expect("reading works");
    let login = login.expect("inactive users are there");
    assert_eq!(
        (login.record, login.password),
        (updated, IdentityWorld::password("$other"))
    );
}

pub async fn no_tenant_sees_or_changes_anothers_users(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let other = IdentityWorld::of_tenant(subject, "other");
    let made = world.create_user("ann").await;
    let session = world.begin(&made, "token").await;
    let made = world.user(made.id).await;
    let (store, stranger) = (other.store, &other.tenant);
    assert_eq!(store.user(stranger, made.id).await.expect("reading works"), None);
    let listed = store.list_users(stranger, Page::first(10)).await;
    assert!(listed.expect("listing works").items.is_empty());
    let change = UserChange {
        active: Some(false),
        ..UserChange::default()
    };
    let updated = store.update_user(stranger, made.id, change, None, None).await;
    assert_refused!(updated, StoreError::NotFound);
    let deleted = store.delete_user(stranger, made.id, None, None).await;
    assert_refused!(deleted, StoreError::NotFound);
    let tried = store.begin_login(stranger, made.id, super::logins::POLICY).await;
    assert_refused!(tried, StoreError::NotFound);
    let ended = store.revoke_sessions_of(stranger, made.id, None).await;
    assert_refused!(ended, StoreError::NotFound);
    assert_eq!(world.user(made.id).await, made);
    assert_eq!(world.session(session.id).await.ended, None);
}

pub async fn what_a_login_rested_on_ends_its_sessions(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let role = UserChange {
        role: Some(UserRole::Viewer),
        ..UserChange::default()
    };
    let cases = [
        (role.clone(), false),
        (
            UserChange {
                active: Some(true),
                ..role.clone()
            },
            false,
        ),
        (
            UserChange {
                ends_sessions: true,
                ..role.clone()
            },
            true,
        ),
        (
            UserChange {
                password: Some(IdentityWorld::password("$new")),
                ..role.clone()
            },
            true,
        ),
        (
            UserChange {
                active: Some(false),
                ..role
            },
            true,
        ),
    ];
    let bystander = world.create_user("bystander").await;
    let theirs = world.begin(&bystander, "theirs").await;
    for (number, (change, ends)) in cases.into_iter().enumerate() {
        let user = world.create_user(&format!("user{number}")).await;
        let one = world.begin(&user, &format!("{number} one")).await;
        let two = world.begin(&user, &format!("{number} two")).await;
        let before = world.store.last_revocation().await.expect("reading works").0;
        let (store, tenant) = (world.store, &world.tenant);
        store
            .update_user(tenant, user.id, change, None, None)
            .await
            .expect("it is there");
        for session in [one, two] {
            let ended = world.session(session.id).await.ended;
            let expected = ends.then_some(SessionEndCause::UserChanged);
            assert_eq!(ended.map(|end| end.cause), expected, "case {number}");
        }
        let told = world.revocations(before, 10).await.items.len();
        assert_eq!(told, if ends { 2 } else { 0 }, "case {number}");
    }
    assert_eq!(world.session(theirs.id).await.ended, None);
}

pub async fn a_deleted_user_is_gone_with_all_sessions(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let user = world.create_user("ann").await;
    let session = world.begin(&user, "token").await;
    let (store, tenant) = (world.store, &world.tenant);
    let late = store.delete_user(tenant, user.id, Some(2), None).await;
    assert_refused!(late, StoreError::PreconditionFailed);
    store
        .delete_user(tenant, user.id, Some(1), None)
        .await
        .expect("it is version 1");
    assert_eq!(store.user(tenant, user.id).await.expect("reading works"), None);
    assert_refused!(
        store.delete_user(tenant, user.id, None, None).await,
        StoreError::NotFound
    );
    let ended = world.session(session.id).await.ended.map(|end| end.cause);
    assert_eq!(ended, Some(SessionEndCause::UserChanged));
    assert_eq!(world.rotate("token", "next").await, crate::records::Rotation::Revoked);
}
