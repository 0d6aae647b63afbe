use seawall_store::{Digest, UserId};

use super::world::{PASSWORD, World, actor, password, world};
use crate::identity::accounts::{AccountError, UserPatch, UserRequest};
use crate::identity::{Role, Scope, Scopes};

fn to(role: Role) -> UserPatch {
    UserPatch {
        role: Some(role),
        ..UserPatch::default()
    }
}

/// Demotes, deactivates and deletes a user; how each of it ended.
async fn attacks(world: &World, id: UserId) -> [Option<AccountError>; 3] {
    let admin = actor(Scopes::ALL);
    let inactive = UserPatch {
        active: Some(false),
        ..UserPatch::default()
    };
    [
        world
            .accounts
            .update_user(&admin, id, to(Role::Operator), None)
            .await
            .err(),
        world.accounts.update_user(&admin, id, inactive, None).await.err(),
        world.accounts.delete_user(&admin, id, None).await.err(),
    ]
}

#[tokio::test(start_paused = true)]
async fn the_last_admin_stays_one_until_somebody_else_administers() {
    let world = world();
    let admin = actor(Scopes::ALL);
    let ada = world.user("ada@example.org", Role::Admin).await;
    let ben = world.user("ben@example.org", Role::Operator).await;
    for refused in attacks(&world, ada.id).await {
        assert!(matches!(refused, Some(AccountError::LastAdmin)), "{refused:?}");
    }
    // Others are not meant, nor is a change after which the last admin still is one.
    world
        .accounts
        .update_user(&admin, ada.id, to(Role::Admin), None)
        .await
        .unwrap();
    world
        .accounts
        .update_user(&admin, ben.id, to(Role::Viewer), None)
        .await
        .unwrap();
    // A key that administers no users does not help, nor does a revoked one.
    world.key(&admin, Scopes::of(&[Scope::RunsRead])).await.unwrap();
    let key = world.key(&admin, Scopes::of(&[Scope::UsersAdmin])).await.unwrap();
    world.accounts.revoke_key(&admin, key.record.id).await.unwrap();
    assert!(matches!(
        attacks(&world, ada.id).await[0],
        Some(AccountError::LastAdmin)
    ));
    world
        .accounts
        .update_user(&admin, ben.id, to(Role::Admin), None)
        .await
        .unwrap();
    world.accounts.delete_user(&admin, ada.id, None).await.unwrap();
    world.key(&admin, Scopes::of(&[Scope::UsersAdmin])).await.unwrap();
    world.accounts.delete_user(&admin, ben.id, None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn of_two_last_admins_that_leave_at_once_one_stays() {
    let world = world();
    let (ada, ben) = (
        world.user("ada@example.org", Role::Admin).await,
        world.user("ben@example.org", Role::Admin).await,
    );
    let admin = actor(Scopes::ALL);
    let (first, second) = tokio::join!(
        world.accounts.delete_user(&admin, ada.id, None),
        world.accounts.update_user(&admin, ben.id, to(Role::Viewer), None),
    );
    assert!(first.is_ok());
    assert!(matches!(second.err(), Some(AccountError::LastAdmin)));
}

#[tokio::test(start_paused = true)]
async fn nobody_gives_away_more_than_they_have() {
    let world = world();
    let some = actor(Scopes::of(&[Scope::UsersAdmin, Scope::KeysAdmin]).union(Role::Viewer.scopes()));
    let ada = world.user("ada@example.org", Role::Admin).await;
    let lacks = |error: Option<AccountError>| matches!(error, Some(AccountError::Lacks(_)));

    let request = |role| UserRequest {
        email: "eve@example.org".parse().unwrap(),
        password: password(PASSWORD),
        role,
    };
    assert!(lacks(
        world
            .accounts
            .create_user(&some, request(Role::Admin), None)
            .await
            .err()
    ));
    let eve = world
        .accounts
        .create_user(&some, request(Role::Viewer), None)
        .await
        .unwrap();
    assert!(lacks(
        world
            .accounts
            .update_user(&some, eve.id, to(Role::Operator), None)
            .await
            .err()
    ));
    // An account of more rights is not taken over by its password, nor by letting it in again, nor by making it less first.
    for patch in [
        to(Role::Viewer),
        UserPatch {
            password: Some(password(PASSWORD)),
            ..UserPatch::default()
        },
        UserPatch {
            active: Some(true),
            ..UserPatch::default()
        },
    ] {
        assert!(lacks(
            world.accounts.update_user(&some, ada.id, patch, None).await.err()
        ));
    }
    let error = world
        .key(&some, Scopes::of(&[Scope::UsersAdmin, Scope::AuditRead]))
        .await;
    assert!(matches!(error.err(), Some(AccountError::Lacks(Scope::AuditRead))));
    assert!(world.key(&some, some.principal.scopes).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_carried_out_and_not_answered_makes_nothing_twice() {
    let world = world();
    let (admin, once) = (actor(Scopes::ALL), Digest::of(b"a key"));
    let request = || UserRequest {
        email: "ada@example.org".parse().unwrap(),
        password: password(PASSWORD),
        role: Role::Viewer,
    };
    let first = world
        .accounts
        .create_user(&admin, request(), Some(&once))
        .await
        .unwrap();
    let again = world
        .accounts
        .create_user(&admin, request(), Some(&once))
        .await
        .unwrap();
    assert_eq!(again, first);
    let other = world
        .accounts
        .create_user(&admin, request(), Some(&Digest::of(b"another")))
        .await;
    assert!(matches!(other.err(), Some(AccountError::EmailTaken)));

    let key = || super::super::KeyRequest {
        name: seawall_store::KeyName::parse("k").unwrap(),
        scopes: Scopes::of(&[Scope::RunsRead]),
        expires_in: None,
    };
    let first = world.accounts.create_key(&admin, key(), Some(&once)).await.unwrap();
    let again = world.accounts.create_key(&admin, key(), Some(&once)).await;
    assert!(matches!(again.err(), Some(AccountError::Withheld)));
    // Once the idempotency key's life is over, it stands for another request.
    world.clock.advance(super::super::KEY_LIFE);
    let later = world.accounts.create_key(&admin, key(), Some(&once)).await.unwrap();
    assert_ne!(later.record.id, first.record.id);
    let taken = world.accounts.create_user(&admin, request(), Some(&once)).await;
    assert!(matches!(taken.err(), Some(AccountError::EmailTaken)));
}

#[tokio::test]
async fn what_is_kept_of_a_request_needs_the_secret_key_to_be_guessed() {
    use crate::identity::MasterKey;
    let plain = Digest::of(b"a body with a password");
    let [first, second] = ["a secret of at least 32 bytes .1", "a secret of at least 32 bytes .2"].map(|secret| {
        let master = MasterKey::new(&secret.to_owned().into()).unwrap();
        super::world::world_of(&master).accounts.fingerprint(&plain)
    });
    assert!(first != second && first != plain && second != plain);
}
