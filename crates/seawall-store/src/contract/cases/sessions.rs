//! Sessions: how they begin, end and are forgotten.

use std::time::Duration;

use crate::contract::identity_world::SESSION;
use crate::contract::world::assert_refused;
use crate::contract::{IdentityWorld, Subject};
use crate::error::StoreError;
use crate::ids::{SessionId, UserId};
use crate::records::{
    NewSession, Revoked, Rotation, SessionBegun, SessionEnd, SessionEndCause, SessionRevoked, UserChange,
};

pub async fn a_session_reads_back_as_it_was_begun(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let other = IdentityWorld::of_tenant(subject, "other");
    let user = world.create_user("ann").await;
    let new = IdentityWorld::new_session(&user, "token");
    let begun = world.store.begin_session(&world.tenant, new, None).await;
    let Ok(SessionBegun::Begun {
        session,
        user: now,
        ended,
    }) = begun
    else {
        unreachable!("the user is active: {begun:?}")
    };
    assert_eq!((session.id, session.user, session.rotations), (new.id, user.id, 0));
    assert_eq!((session.created_at, session.rotated_at), (world.now(), world.now()));
    assert_eq!((session.expires_at, &session.ended), (world.later(SESSION), &None));
    assert_eq!(now, world.user(user.id).await);
    assert!(ended.is_empty());
    assert_eq!(world.session(new.id).await, session);
    let theirs = other.store.session(&other.tenant, new.id).await;
    assert_eq!(theirs.expect("reading works"), None);
    let refused = other.store.revoke_session(&other.tenant, new.id, None).await;
    assert_refused!(refused, StoreError::NotFound);
    let stranger = other
        .store
        .begin_session(&other.tenant, IdentityWorld::new_session(&user, "t2"), None)
        .await;
    assert_eq!(stranger.expect("an outcome"), SessionBegun::Refused);
}

pub async fn a_session_begins_only_for_an_unchanged_active_user(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let user = world.create_user("ann").await;
    let begin = async |new: NewSession| {
        let begun = world.store.begin_session(&world.tenant, new, None).await;
        begun.expect("an outcome")
    };
    let update = async |active| {
        let change = UserChange {
            active: Some(active),
            ..UserChange::default()
        };
        let updated = world
            .store
            .update_user(&world.tenant, user.id, change, None, None)
            .await;
        updated.expect("it is there")
    };
    let inactive = update(false).await;
    assert_eq!(
        begin(IdentityWorld::new_session(&inactive, "one")).await,
        SessionBegun::Refused
    );
    let active = update(true).await;
    // The password was looked at before the change.
    assert_eq!(
        begin(IdentityWorld::new_session(&user, "two")).await,
        SessionBegun::Refused
    );
    let nobody = NewSession {
        user: UserId::generate(),
        ..IdentityWorld::new_session(&active, "three")
    };
    assert_eq!(begin(nobody).await, SessionBegun::Refused);
    assert_eq!(world.user(user.id).await.last_login_at, None);
    world.begin(&active, "four").await;
    assert_eq!(world.rotate("one", "next").await, Rotation::Unknown);
}

pub async fn ids_and_tokens_of_sessions_are_taken_once(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let user = world.create_user("ann").await;
    let first = world.begin(&user, "token").await;
    let same_id = NewSession {
        id: first.id,
        ..IdentityWorld::new_session(&user, "another")
    };
    for new in [same_id, IdentityWorld::new_session(&user, "token")] {
        let refused = world.store.begin_session(&world.tenant, new, None).await;
        assert_refused!(refused, StoreError::Exists);
    }
    world.begin(&user, "second").await;
    let taken = world
        .store
        .rotate_token(IdentityWorld::hash("token"), IdentityWorld::token("second"))
        .await;
    assert_refused!(taken, StoreError::Exists);
    // Nothing was spent.
    assert!(matches!(world.rotate("token", "third").await, Rotation::Rotated { .. }));
}

pub async fn the_oldest_sessions_give_way(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let user = world.create_user("ann").await;
    let begin = async |token, most| {
        let new = NewSession {
            most,
            ..IdentityWorld::new_session(&user, token)
        };
        let (session, ended) = world.begin_with(new).await;
        (session.id, ended)
    };
    let (one, _) = begin("one", 3).await;
    let (two, _) = begin("two", 3).await;
    let (three, none) = begin("three", 3).await;
    assert!(none.is_empty());
    let (four, ended) = begin("four", 2).await;
    assert_eq!(ended, [one, two]);
    let told: Vec<_> = world
        .revocations(0, 10)
        .await
        .items
        .iter()
        .map(|item| item.what)
        .collect();
    assert_eq!(told, [Revoked::Session(one), Revoked::Session(two)]);
    let ended = world.session(one).await.ended;
    let cause = SessionEndCause::GaveWay;
    assert_eq!(ended, Some(SessionEnd { at: world.now(), cause }));
    assert_eq!(world.rotate("one", "next").await, Rotation::Revoked);
    // What has expired counts no more; none is allowed means one.
    world.clock.advance(SESSION);
    let (five, ended) = begin("five", 0).await;
    assert!(ended.is_empty());
    for id in [three, four, five] {
        assert_eq!(world.session(id).await.ended, None);
    }
}

pub async fn a_session_is_revoked_once(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let user = world.create_user("ann").await;
    let id = world.begin(&user, "token").await.id;
    let revoke = async |id| world.store.revoke_session(&world.tenant, id, None).await;
    let at = world.now();
    let SessionRevoked::Now(ended) = revoke(id).await.expect("it is there") else {
        unreachable!("it had not ended")
    };
    let cause = SessionEndCause::Revoked;
    assert_eq!(ended.ended, Some(SessionEnd { at, cause }));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(revoke(id).await.expect("it is there"), SessionRevoked::Before(ended));
    let told = world.revocations(0, 10).await.items;
    assert_eq!(
        told.iter().map(|item| item.what).collect::<Vec<_>>(),
        [Revoked::Session(id)]
    );
    assert_eq!(world.rotate("token", "next").await, Rotation::Revoked);
    assert_refused!(revoke(SessionId::generate()).await, StoreError::NotFound);
}

pub async fn all_sessions_of_a_user_are_revoked_at_once(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let (ann, bob) = (world.create_user("ann").await, world.create_user("bob").await);
    let one = world.begin(&ann, "one").await.id;
    let two = world.begin(&ann, "two").await.id;
    let other = world.begin(&bob, "other").await.id;
    let revoke = async |user| world.store.revoke_sessions_of(&world.tenant, user, None).await;
    assert_eq!(revoke(ann.id).await.expect("the user is there"), 2);
    assert_eq!(revoke(ann.id).await.expect("the user is there"), 0);
    for id in [one, two] {
        let ended = world.session(id).await.ended.map(|end| end.cause);
        assert_eq!(ended, Some(SessionEndCause::Revoked));
    }
    assert_eq!(world.session(other).await.ended, None);
    assert_eq!(world.revocations(0, 10).await.items.len(), 2);
    assert_refused!(revoke(UserId::generate()).await, StoreError::NotFound);
}

pub async fn sessions_are_forgotten_when_their_time_is_over(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let user = world.create_user("ann").await;
    let old = world.begin(&user, "old 0").await.id;
    for number in 0..3 {
        let (spent, next) = (format!("old {number}"), format!("old {}", number + 1));
        assert!(matches!(world.rotate(&spent, &next).await, Rotation::Rotated { .. }));
    }
    world.clock.advance(Duration::from_secs(1));
    let young = world.begin(&user, "young").await.id;
    world.clock.advance(SESSION - Duration::from_millis(1001));
    let forget = async |limit| world.store.forget_sessions(limit).await.expect("there is room");
    assert_eq!(forget(10).await, 0);
    world.clock.advance(Duration::from_millis(1));
    // Four tokens and their session.
    assert_eq!((forget(4).await, forget(4).await, forget(4).await), (4, 1, 0));
    let gone = world.store.session(&world.tenant, old).await;
    assert_eq!(gone.expect("reading works"), None);
    assert_eq!(world.rotate("old 0", "next").await, Rotation::Unknown);
    assert_eq!(world.session(young).await.ended, None);
    assert_eq!(forget(0).await, 0);
}
