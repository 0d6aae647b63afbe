//! Attempts at passwords.

use std::time::Duration;

use futures_util::future::join_all;

use crate::contract::world::assert_refused;
use crate::contract::{IdentityWorld, Subject};
use crate::error::StoreError;
use crate::ids::UserId;
use crate::records::{LockPolicy, LoginAttempt, UserChange};

/// Three attempts, then 10 s, 20 s, 25 s.
pub(super) const POLICY: LockPolicy = LockPolicy {
    after: 3,
    first: Duration::from_secs(10),
    longest: Duration::from_secs(25),
};

async fn attempt(world: &IdentityWorld<'_>, user: UserId) -> LoginAttempt {
    let answer = world.store.begin_login(&world.tenant, user, POLICY).await;
    answer.expect("the user is there")
}

pub async fn attempts_without_success_are_stopped_ever_longer(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let user = world.create_user("ann").await.id;
    for attempts in 1..=3 {
        assert_eq!(attempt(&world, user).await, LoginAttempt::Admitted { attempts });
    }
    for (attempts, seconds) in [(4, 10), (5, 20), (6, 25), (7, 25)] {
        let until = world.later(Duration::from_secs(seconds));
        assert_eq!(attempt(&world, user).await, LoginAttempt::Locked { until });
        assert_eq!(world.user(user).await.locked_until, Some(until));
        world
            .clock
            .advance(Duration::from_secs(seconds) - Duration::from_millis(1));
        assert_eq!(attempt(&world, user).await, LoginAttempt::Locked { until });
        world.clock.advance(Duration::from_millis(1));
        // None of those that were refused has counted.
        assert_eq!(attempt(&world, user).await, LoginAttempt::Admitted { attempts });
    }
    assert_eq!(world.user(user).await.version, 1);
    let nobody = world.store.begin_login(&world.tenant, UserId::generate(), POLICY).await;
    assert_refused!(nobody, StoreError::NotFound);
}

pub async fn guesses_side_by_side_are_all_counted(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let user = world.create_user("ann").await.id;
    let guesses = join_all((0..50).map(|_| attempt(&world, user))).await;
    let admitted = guesses
        .iter()
        .filter(|guess| matches!(guess, LoginAttempt::Admitted { .. }));
    assert_eq!(admitted.count(), 3);
}

pub async fn a_login_forgets_the_attempts_before_it(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let user = world.create_user("ann").await;
    for _ in 0..3 {
        attempt(&world, user.id).await;
    }
    // The third one was right, and the lock that it would have brought is void.
    world.begin(&user, "token").await;
    let after = world.user(user.id).await;
    assert_eq!((after.attempts, after.locked_until), (0, None));
    assert_eq!(after.last_login_at, Some(world.now()));
    assert_eq!(attempt(&world, user.id).await, LoginAttempt::Admitted { attempts: 1 });
}

pub async fn another_password_forgets_attempts_and_lock(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let user = world.create_user("ann").await.id;
    for _ in 0..4 {
        attempt(&world, user).await;
    }
    let (store, tenant) = (world.store, &world.tenant);
    let other = UserChange::default();
    let kept = store
        .update_user(tenant, user, other, None, None)
        .await
        .expect("it is there");
    assert_eq!(kept.attempts, 3);
    assert!(kept.locked_until.is_some());
    let password = UserChange {
        password: Some(IdentityWorld::password("$new")),
        ..UserChange::default()
    };
    let freed = store
        .update_user(tenant, user, password, None, None)
        .await
        .expect("it is there");
    assert_eq!((freed.attempts, freed.locked_until), (0, None));
}
