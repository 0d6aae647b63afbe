//! Refresh tokens: each counts once.

use std::time::Duration;

use crate::contract::identity_world::{SESSION, TOKEN};
use crate::contract::{IdentityWorld, Subject};
use crate::records::{NewSession, NewToken, Revoked, Rotation, SessionEnd, SessionEndCause, SessionRecord};

pub async fn a_rotation_spends_a_token_and_brings_in_the_next(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let user = world.create_user("ann").await;
    let begun = world.begin(&user, "one").await;
    world.clock.advance(Duration::from_secs(60));
    let Rotation::Rotated { tenant, session, user } = world.rotate("one", "two").await else {
        unreachable!("the token is fresh")
    };
    assert_eq!(tenant, world.tenant);
    let rotated = SessionRecord {
        rotated_at: world.now(),
        rotations: 1,
        ..begun
    };
    assert_eq!((&session, &world.session(session.id).await), (&rotated, &rotated));
    assert_eq!(user, world.user(user.id).await);
    let again = world.rotate("two", "three").await;
    assert!(
        matches!(&again, Rotation::Rotated { session, .. } if session.rotations == 2),
        "{again:?}"
    );
    assert_eq!(world.rotate("never", "four").await, Rotation::Unknown);
}

pub async fn a_spent_token_ends_its_family(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let user = world.create_user("ann").await;
    let begun = world.begin(&user, "one").await;
    let other = world.begin(&user, "other").await;
    world.rotate("one", "two").await;
    world.rotate("two", "three").await;
    let answer = world.rotate("one", "four").await;
    let Rotation::Reused { tenant, session } = answer else {
        unreachable!("it is spent: {answer:?}")
    };
    let cause = SessionEndCause::Reused;
    assert_eq!(
        (tenant, session.id, session.user),
        (world.tenant.clone(), begun.id, user.id)
    );
    assert_eq!(session.ended, Some(SessionEnd { at: world.now(), cause }));
    assert_eq!(world.session(begun.id).await, session);
    // Whoever has the latest one has lost it, and what was offered never came in.
    assert_eq!(world.rotate("three", "five").await, Rotation::Revoked);
    assert_eq!(world.rotate("one", "six").await, Rotation::Revoked);
    assert_eq!(world.rotate("four", "seven").await, Rotation::Unknown);
    let told: Vec<_> = world
        .revocations(0, 10)
        .await
        .items
        .iter()
        .map(|item| item.what)
        .collect();
    assert_eq!(told, [Revoked::Session(begun.id)]);
    let others = world.rotate("other", "next").await;
    assert!(
        matches!(&others, Rotation::Rotated { session, .. } if session.id == other.id),
        "{others:?}"
    );
}

pub async fn of_two_rotations_at_once_one_spends_the_token(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let user = world.create_user("ann").await;
    let begun = world.begin(&user, "one").await;
    let (first, second) = tokio::join!(world.rotate("one", "mine"), world.rotate("one", "thine"));
    assert!(matches!(first, Rotation::Rotated { .. }), "{first:?}");
    assert!(matches!(second, Rotation::Reused { .. }), "{second:?}");
    assert!(world.session(begun.id).await.ended.is_some());
    // There is no grace, for either of them.
    assert_eq!(world.rotate("mine", "next").await, Rotation::Revoked);
}

pub async fn the_same_rotation_again_is_no_reuse_until_its_token_is_spent(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let user = world.create_user("ann").await;
    world.begin(&user, "one").await;
    let first = world.rotate("one", "two").await;
    // The store's answer was lost, and the caller calls again.
    assert_eq!(world.rotate("one", "two").await, first);
    assert!(matches!(world.rotate("two", "three").await, Rotation::Rotated { .. }));
    let late = world.rotate("one", "two").await;
    assert!(matches!(late, Rotation::Reused { .. }), "{late:?}");
}

pub async fn a_token_expires_and_its_session_at_the_latest(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let user = world.create_user("ann").await;
    world.begin(&user, "short").await;
    let endless = NewSession {
        token: NewToken {
            lives: SESSION * 2,
            ..IdentityWorld::token("endless")
        },
        ..IdentityWorld::new_session(&user, "")
    };
    world.begin_with(endless).await;
    world.clock.advance(TOKEN - Duration::from_millis(1));
    assert!(matches!(
        world.rotate("short", "shorter").await,
        Rotation::Rotated { .. }
    ));
    world.clock.advance(TOKEN);
    assert_eq!(world.rotate("shorter", "next").await, Rotation::Expired);
    // An expired token that was spent is as stolen as another.
    let spent = world.rotate("short", "next").await;
    assert!(matches!(spent, Rotation::Reused { .. }), "{spent:?}");
    world.clock.advance(SESSION);
    assert_eq!(world.rotate("endless", "next").await, Rotation::Expired);
    assert_eq!(world.rotate("shorter", "next").await, Rotation::Revoked);
}

pub async fn a_session_is_rotated_so_often_and_not_more(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let user = world.create_user("ann").await;
    let begun = world.begin(&user, "0").await;
    for number in 0..SessionRecord::MAX_ROTATIONS {
        let answer = world.rotate(&number.to_string(), &(number + 1).to_string()).await;
        assert!(matches!(answer, Rotation::Rotated { .. }), "{answer:?}");
    }
    let last = SessionRecord::MAX_ROTATIONS.to_string();
    assert_eq!(world.rotate(&last, "next").await, Rotation::Expired);
    assert_eq!(world.session(begun.id).await.rotations, SessionRecord::MAX_ROTATIONS);
}
