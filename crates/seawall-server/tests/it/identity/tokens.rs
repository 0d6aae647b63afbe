//! Access tokens hold as long as what they were made with.

use std::time::Duration;

use seawall_server::identity::{Principal, Role, Scopes};
use seawall_store::{
    Email, KeyStore as _, NewSession, NewToken, NewUser, PasswordHash, PrincipalName, SecretHash, SessionBegun,
    SessionId, SessionStore as _, StoreClock as _, UserCreated, UserId, UserRole, UserStore as _,
};
use secrecy::ExposeSecret as _;

use super::kit::key;
use super::known::{Came, World, acme, pass, present, status};

fn token(world: &World, principal: &Principal) -> String {
    let token = World::tokens().issue(principal, world.clock.now()).unwrap();
    token.text.expose_secret().to_owned()
}

/// Somebody who has logged in.
async fn session(world: &World) -> (UserId, SessionId) {
    let new = NewUser {
        id: UserId::generate(),
        email: Email::parse("ann@example.com").unwrap(),
        password: PasswordHash::parse("$hash").unwrap(),
        role: UserRole::Operator,
        most: 10,
    };
    let UserCreated::Created(user) = world.store.create_user(&acme(), new, None).await.unwrap() else {
        panic!("there is room");
    };
    let lives = Duration::from_secs(3600);
    let new = NewSession {
        id: SessionId::generate(),
        user: user.id,
        version: user.version,
        token: NewToken {
            hash: SecretHash::from_bytes([1; 32]),
            lives,
        },
        lives,
        most: 10,
    };
    let begun = world.store.begin_session(&acme(), new, None).await.unwrap();
    assert!(matches!(begun, SessionBegun::Begun { .. }));
    (user.id, new.id)
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_session_ends_its_tokens() {
    let mut world = World::new();
    let node = world.node().await;
    let (user, session) = session(&world).await;
    let principal = Principal::user(acme(), &user.to_string(), Role::Operator.scopes());
    let principal = principal.with_session(&session.to_string());
    let text = token(&world, &principal);
    let (came, found) = present(&node, &text).await;
    assert_eq!((came, found.unwrap()), (Came::AfterALook, principal));
    assert_eq!(status(&node, &text).await, (Came::AtOnce, 200));
    world.store.revoke_session(&acme(), session, None).await.unwrap();
    pass(Duration::from_secs(2)).await;
    assert_eq!(status(&node, &text).await.1, 401);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_no_session_or_of_a_foreign_one_holds_nothing() {
    let mut world = World::new();
    let node = world.node().await;
    let (user, session) = session(&world).await;
    let of = |tenant: &str, session: Option<&str>| {
        let tenant = seawall_store::TenantId::new(tenant).unwrap();
        let principal = Principal::user(tenant, &user.to_string(), Scopes::ALL);
        match session {
            Some(session) => principal.with_session(session),
            None => principal,
        }
    };
    let (own, other) = (session.to_string(), SessionId::generate().to_string());
    for principal in [
        of("acme", None),
        of("acme", Some(&other)),
        of("acme", Some("no id")),
        of("elsewhere", Some(&own)),
    ] {
        let text = token(&world, &principal);
        assert_eq!(status(&node, &text).await.1, 401, "{principal:?}");
    }
    assert_eq!(status(&node, &token(&world, &of("acme", Some(&own)))).await.1, 200);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_a_key_was_exchanged_for_ends_with_the_key() {
    let mut world = World::new();
    let node = world.node().await;
    let (key, _) = key(&*world.store, "acme", "runs:read").await;
    let id = key.id().to_store().unwrap();
    let text = token(&world, &Principal::key(acme(), &id.to_string(), Role::Viewer.scopes()));
    assert_eq!(status(&node, &text).await, (Came::AfterALook, 200));
    assert_eq!(status(&node, &text).await, (Came::AtOnce, 200));
    let by = PrincipalName::parse("somebody").unwrap();
    world.store.revoke_key(&acme(), id, by, None).await.unwrap();
    pass(Duration::from_secs(2)).await;
    assert_eq!(status(&node, &text).await.1, 401);
}

#[tokio::test(start_paused = true)]
async fn what_this_server_does_not_issue_holds_nothing() {
    let world = World::new();
    let node = world.idle_node();
    for principal in [
        // Without an admin key in the configuration, nobody is this.
        Principal::service(acme(), "bootstrap", Scopes::ALL),
        Principal::oidc(acme(), "ann", Scopes::ALL),
        Principal::key(acme(), "no id", Scopes::ALL),
    ] {
        let text = token(&world, &principal);
        assert_eq!(status(&node, &text).await, (Came::AtOnce, 401), "{principal:?}");
    }
    for text in ["a.b.c", "some-key", "eyJhbGciOiJub25lIn0.e30."] {
        assert_eq!(status(&node, text).await, (Came::AtOnce, 401), "{text}");
    }
}
