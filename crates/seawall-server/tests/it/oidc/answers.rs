//! Where the keys come from: rotation, an issuer that is down, slow or not itself, and who waits for it.

use std::time::Duration;

use futures_util::future::{join_all, poll_immediate};
use seawall_guard::problem::{Problem, kinds};
use seawall_server::identity::TokenError;
use seawall_server::identity::oidc::{FETCH_TIMEOUT, FRESH_FOR, MIN_INTERVAL, OidcError, STALE_FOR};
use serde_json::{Value, json};

use super::issuer::{Mood, TestIssuer};
use super::keys::Signer;
use super::world::World;

const UNKNOWN: OidcError = OidcError::Token(TokenError::UnknownKey);

async fn verify(world: &World, signer: &Signer) -> Result<(), OidcError> {
    world.verifier.verify(&world.token(signer)).await.map(|_| ())
}

fn unavailable(wait: Duration) -> Result<(), OidcError> {
    Err(OidcError::Unavailable { retry_after: wait })
}

#[tokio::test]
async fn a_new_key_is_found_and_one_that_was_taken_back_is_forgotten() {
    let (old, new) = (Signer::ed25519("old"), Signer::ed25519("new"));
    let world = World::new(&[&old]).await;
    assert_eq!(verify(&world, &old).await, Ok(()));
    world.issuer.becomes(Mood::Well(vec![new.jwk()]));
    assert_eq!(
        verify(&world, &new).await,
        Err(UNKNOWN),
        "the issuer was asked just now"
    );
    world.passes(MIN_INTERVAL);
    assert_eq!(verify(&world, &new).await, Ok(()));
    assert_eq!(verify(&world, &old).await, Err(UNKNOWN));
    assert_eq!(world.issuer.asked(), 2);
}

#[tokio::test]
async fn keys_that_nobody_knows_cost_the_issuer_one_question_in_each_interval() {
    let (ours, stranger) = (Signer::ed25519("ours"), Signer::ed25519("stranger"));
    let world = World::new(&[&ours]).await;
    assert_eq!(verify(&world, &ours).await, Ok(()));
    for interval in 1..=3 {
        world.passes(MIN_INTERVAL);
        let tries = (0..100).map(|number| {
            let header = json!({"alg": "EdDSA", "kid": format!("stranger-{number}")});
            let token = stranger.sign(&header, &world.claims());
            let world = &world;
            async move { world.verifier.verify(&token).await.map(|_| ()) }
        });
        assert!(join_all(tries).await.into_iter().all(|verdict| verdict == Err(UNKNOWN)));
        assert_eq!(world.issuer.asked(), 1 + interval);
    }
    assert_eq!(verify(&world, &ours).await, Ok(()));
}

#[tokio::test]
async fn all_who_come_first_wait_for_one_answer_and_who_goes_away_does_not_undo_it() {
    let ours = Signer::ed25519("ours");
    let world = World::new(&[&ours]).await;
    world.issuer.close();
    let mut waiting: Vec<_> = (0..50).map(|_| Box::pin(verify(&world, &ours))).collect();
    for one in &mut waiting {
        assert_eq!(poll_immediate(one.as_mut()).await, None);
    }
    drop(waiting.remove(0));
    world.issuer.open();
    assert_eq!(join_all(waiting).await, vec![Ok(()); 49]);
    assert_eq!(world.issuer.asked(), 1);
}

#[tokio::test]
async fn nobody_waits_for_a_refresh_of_keys_that_are_there() {
    let (ours, new) = (Signer::ed25519("ours"), Signer::ed25519("new"));
    let world = World::new(&[&ours]).await;
    assert_eq!(verify(&world, &ours).await, Ok(()));
    world.passes(FRESH_FOR);
    world.issuer.becomes(Mood::Well(vec![ours.jwk(), new.jwk()]));
    world.issuer.close();
    assert_eq!(verify(&world, &ours).await, Ok(()), "the issuer has not answered yet");
    // A name that is not known waits for the answer that is under way.
    let mut unknown = Box::pin(verify(&world, &new));
    assert_eq!(poll_immediate(unknown.as_mut()).await, None);
    world.issuer.open();
    assert_eq!(unknown.await, Ok(()));
    assert_eq!(world.issuer.asked(), 2);
}

#[tokio::test]
async fn while_the_issuer_is_down_its_last_keys_are_used_for_a_bounded_time() {
    let ours = Signer::ed25519("ours");
    let world = World::new(&[&ours]).await;
    assert_eq!(verify(&world, &ours).await, Ok(()));
    world.issuer.becomes(Mood::Status(503));
    let moment = Duration::from_millis(1);
    for step in [FRESH_FOR, STALE_FOR - FRESH_FOR - moment] {
        world.passes(step);
        assert_eq!(verify(&world, &ours).await, Ok(()));
        world.settled().await;
    }
    assert_eq!(world.issuer.asked(), 3);
    world.passes(MIN_INTERVAL);
    assert_eq!(verify(&world, &ours).await, unavailable(MIN_INTERVAL));
    world.issuer.becomes(Mood::Well(vec![ours.jwk()]));
    world.passes(MIN_INTERVAL);
    assert_eq!(verify(&world, &ours).await, Ok(()));
}

#[tokio::test]
async fn an_issuer_that_is_not_itself_gives_no_keys() {
    let ours = Signer::ed25519("ours");
    let issuer = TestIssuer::start(Vec::new()).await;
    let (keys, own) = (json!({"keys": [ours.jwk()]}), issuer.url().to_owned());
    let saying = |issuer: &str, address: &str, keys: &Value| {
        Mood::Saying(json!({"issuer": issuer, "jwks_uri": address}), keys.clone())
    };
    let address = issuer.keys_url();
    let elsewhere = address.replace("127.0.0.1", "192.0.2.1");
    let many = json!({"keys": vec![ours.jwk(); 65]});
    let large = json!({"keys": [ours.jwk()], "more": "x".repeat(300_000)});
    let moods = [
        ("an error", Mood::Status(500)),
        ("not there", Mood::Status(404)),
        ("created", Mood::Status(201)),
        ("a redirect", Mood::Redirecting),
        ("too much", Mood::Endless),
        ("no JSON", Mood::Nonsense),
        ("another issuer", saying("https://issuer.example", &address, &keys)),
        ("a slash more", saying(&format!("{own}/"), &address, &keys)),
        ("plain HTTP beyond this machine", saying(&own, &elsewhere, &keys)),
        ("a file", saying(&own, "file:///etc/passwd", &keys)),
        ("no address", saying(&own, "keys", &keys)),
        ("no keys", saying(&own, &address, &json!({"keys": []}))),
        (
            "none that can be used",
            saying(&own, &address, &json!({"keys": [{"kty": "oct", "k": "AA"}]})),
        ),
        ("no key set", saying(&own, &address, &json!([ours.jwk()]))),
        ("too many keys", saying(&own, &address, &many)),
        ("too large a key set", saying(&own, &address, &large)),
    ];
    for (name, mood) in moods {
        issuer.becomes(mood);
        let world = World::of(issuer.clone());
        assert_eq!(verify(&world, &ours).await, unavailable(MIN_INTERVAL), "{name}");
    }
    issuer.becomes(saying(&own, &address, &keys));
    assert_eq!(verify(&World::of(issuer), &ours).await, Ok(()), "the same, honest");
}

#[tokio::test]
async fn an_issuer_that_is_not_there_is_a_503_and_is_not_asked_by_everybody() {
    let ours = Signer::ed25519("ours");
    let world = World::new(&[&ours]).await;
    world.issuer.becomes(Mood::Status(500));
    for _ in 0..10 {
        let error = verify(&world, &ours).await.unwrap_err();
        let problem = Problem::from(error);
        assert_eq!(problem.kind(), &kinds::SERVICE_UNAVAILABLE);
        assert!(problem.has_extension("dependency"));
    }
    assert_eq!(world.issuer.asked(), 1);
    // What no key could make true is refused without asking.
    let unsigned = ours.sign(&json!({"alg": "none", "kid": "ours"}), &world.claims());
    let refused = world.verifier.verify(&unsigned).await.unwrap_err();
    assert_eq!(Problem::from(refused).kind(), &kinds::UNAUTHENTICATED);
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_never_answers_is_given_up() {
    let ours = Signer::ed25519("ours");
    let world = World::new(&[&ours]).await;
    world.issuer.close();
    let begun = tokio::time::Instant::now();
    assert_eq!(verify(&world, &ours).await, unavailable(MIN_INTERVAL));
    assert!(begun.elapsed() <= FETCH_TIMEOUT + Duration::from_secs(1));
}
