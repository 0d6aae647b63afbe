use std::time::Duration;

use secrecy::ExposeSecret as _;
use tokio::time::Instant;

use super::world::{PASSWORD, actor, world};
use crate::identity::accounts::logins::refused_after;
use crate::identity::accounts::{AccountError, Actor, UserPatch};
use crate::identity::{AccessTokens, MasterKey, Role, Scopes};

const ADA: &str = "ada@example.org";
const WRONG: &str = "wrong horse battery";

#[tokio::test(start_paused = true)]
async fn a_login_gives_tokens_of_the_user_s_role_that_go_on_and_end_with_a_logout() {
    let world = world();
    let ada = world.user(ADA, Role::Operator).await;
    let pair = world.login("Ada@Example.ORG", PASSWORD).await.unwrap();
    let tokens = AccessTokens::new(&MasterKey::of_development());
    let verified = tokens
        .verify(pair.access.text.expose_secret(), world.accounts.now())
        .unwrap();
    let principal = verified.principal;
    assert_eq!(
        (&*principal.subject, principal.scopes),
        (&*ada.id.to_string(), Role::Operator.scopes())
    );

    let next = world
        .accounts
        .refresh(pair.refresh.reveal().expose_secret(), None)
        .await
        .unwrap();
    let logout = Actor {
        principal,
        request: None,
    };
    world.accounts.logout(&logout).await.unwrap();
    world.accounts.logout(&logout).await.unwrap();
    let refused = world
        .accounts
        .refresh(next.refresh.reveal().expose_secret(), None)
        .await;
    assert!(matches!(refused.err(), Some(AccountError::WrongToken)));
    let keyless = world.accounts.logout(&actor(Scopes::ALL)).await;
    assert!(matches!(keyless.err(), Some(AccountError::NoLogin)));
    let actions: Vec<_> = world.trail().await.into_iter().map(|(action, ..)| action).collect();
    assert_eq!(actions, ["logout", "login", "user.created"]);
}

#[tokio::test(start_paused = true)]
async fn a_spent_refresh_token_ends_the_login_for_whoever_has_the_next_one() {
    let world = world();
    world.user(ADA, Role::Viewer).await;
    let first = world.login(ADA, PASSWORD).await.unwrap().refresh.reveal();
    let second = world.accounts.refresh(first.expose_secret(), None).await.unwrap();
    let second = second.refresh.reveal();
    for token in [first.expose_secret(), second.expose_secret(), "swr_x", ""] {
        let refused = world.accounts.refresh(token, None).await;
        assert!(matches!(refused.err(), Some(AccountError::WrongToken)));
    }
    let (action, outcome, actor, _) = world.trail().await.remove(0);
    assert_eq!((&*action, outcome, &*actor), ("session.reused", "denied", "anonymous"));
    // Another login is not meant.
    assert!(world.login(ADA, PASSWORD).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn five_wrong_passwords_lock_an_account_against_the_right_one_for_a_while() {
    let world = world();
    world.user(ADA, Role::Viewer).await;
    for _ in 0..5 {
        assert!(world.login(ADA, WRONG).await.is_err());
    }
    assert!(matches!(
        world.login(ADA, PASSWORD).await.err(),
        Some(AccountError::WrongLogin)
    ));
    world.clock.advance(Duration::from_secs(59));
    assert!(world.login(ADA, PASSWORD).await.is_err());
    world.clock.advance(Duration::from_secs(1));
    assert!(world.login(ADA, PASSWORD).await.is_ok());
    // The success has cleared the count.
    for _ in 0..4 {
        assert!(world.login(ADA, WRONG).await.is_err());
    }
    assert!(world.login(ADA, PASSWORD).await.is_ok());
    let denied: Vec<_> = world
        .trail()
        .await
        .into_iter()
        .filter(|(_, outcome, ..)| *outcome == "denied")
        .collect();
    // Only what was looked at: a locked account does not let anybody fill the trail.
    assert_eq!(denied.len(), 9);
    let fifth = &denied[4];
    assert_eq!((&*fifth.0, &*fifth.2), ("login", "anonymous"));
    assert_eq!(fifth.3, r#"{"attempts":5,"locks":true,"reason":"password"}"#);
}

#[tokio::test(start_paused = true)]
async fn refused_logins_tell_by_neither_answer_nor_time_who_exists() {
    let world = world();
    world.user(ADA, Role::Viewer).await;
    let gone = world.user("gone@example.org", Role::Viewer).await;
    let patch = UserPatch {
        active: Some(false),
        ..UserPatch::default()
    };
    world
        .accounts
        .update_user(&actor(Scopes::ALL), gone.id, patch, None)
        .await
        .unwrap();
    world.user("locked@example.org", Role::Viewer).await;
    for _ in 0..5 {
        assert!(world.login("locked@example.org", WRONG).await.is_err());
    }
    for (email, password) in [
        ("nobody@example.org", PASSWORD),
        (ADA, WRONG),
        ("gone@example.org", PASSWORD),
        ("locked@example.org", PASSWORD),
        ("locked@example.org", WRONG),
    ] {
        let began = Instant::now();
        let refused = world.login(email, password).await.err().unwrap();
        assert_eq!(refused.to_string(), "the address or the password is wrong", "{email}");
        assert_eq!(began.elapsed().as_millis(), 250, "{email}");
    }
}

#[test]
fn under_load_too_the_time_of_a_refusal_says_nothing_of_the_work() {
    let millis = |millis| refused_after(Duration::from_millis(millis)).as_millis();
    for (worked, answered) in [(0, 250), (249, 250), (250, 500), (1_100, 1_250), (1_249, 1_250)] {
        assert_eq!(millis(worked), answered);
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_changes_a_user_s_rights_ends_the_logins() {
    let world = world();
    let admin = actor(Scopes::ALL);
    let ada = world.user(ADA, Role::Operator).await;
    let other = "another horse battery";
    let patches = [
        UserPatch {
            role: Some(Role::Viewer),
            ..UserPatch::default()
        },
        UserPatch {
            password: Some(super::world::password(other)),
            ..UserPatch::default()
        },
        UserPatch {
            active: Some(false),
            ..UserPatch::default()
        },
    ];
    let mut text = PASSWORD;
    for patch in patches {
        let changes_password = patch.password.is_some();
        let login = world.login(ADA, text).await.unwrap().refresh.reveal();
        world.accounts.update_user(&admin, ada.id, patch, None).await.unwrap();
        let refused = world.accounts.refresh(login.expose_secret(), None).await;
        assert!(matches!(refused.err(), Some(AccountError::WrongToken)));
        if changes_password {
            text = other;
        }
    }
    assert!(world.login(ADA, text).await.is_err(), "inactive");
    // What stays as it is ends nothing.
    let patch = |active, role| UserPatch {
        active: Some(active),
        role: Some(role),
        password: None,
    };
    world
        .accounts
        .update_user(&admin, ada.id, patch(true, Role::Viewer), None)
        .await
        .unwrap();
    let login = world.login(ADA, text).await.unwrap().refresh.reveal();
    world
        .accounts
        .update_user(&admin, ada.id, patch(true, Role::Viewer), None)
        .await
        .unwrap();
    assert!(world.accounts.refresh(login.expose_secret(), None).await.is_ok());
}
