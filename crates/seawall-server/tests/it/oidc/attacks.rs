//! Tokens that hold, and everything that must not.

use aws_lc_rs::hmac;
use seawall_server::identity::TokenError;
use seawall_server::identity::oidc::{LEEWAY_SECONDS, OidcError};
use serde_json::{Value, json};

use super::keys::{Signer, text};
use super::world::World;

async fn refusal(world: &World, token: &str) -> Option<TokenError> {
    match world.verifier.verify(token).await {
        Ok(_) => None,
        Err(OidcError::Token(error)) => Some(error),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_token_of_each_kind_of_key_stands_for_its_subject() {
    let signers = [Signer::rsa("r"), Signer::p256("p"), Signer::ed25519("e")];
    let world = World::new(&signers.iter().collect::<Vec<_>>()).await;
    for signer in &signers {
        let principal = world.verifier.verify(&world.token(signer)).await.unwrap();
        assert_eq!(&*principal.subject, "oidc:ada");
        assert_eq!(
            (principal.tenant.as_str(), principal.scopes.to_string()),
            ("default", "workflows:read runs:read metrics:read".to_owned())
        );
    }
    assert_eq!(world.issuer.asked(), 1);
}

#[tokio::test]
async fn a_key_signs_for_its_own_algorithm_and_no_other() {
    let signers = [Signer::rsa("r"), Signer::p256("p"), Signer::ed25519("e")];
    let world = World::new(&signers.iter().collect::<Vec<_>>()).await;
    let claims = world.claims();
    for signer in &signers {
        for alg in [
            "RS256", "ES256", "EdDSA", "HS256", "RS512", "PS256", "ES384", "none", "None", "rs256", "",
        ] {
            let token = signer.sign(&json!({"alg": alg, "kid": signer.kid}), &claims);
            let expected = (alg != signer.alg()).then_some(TokenError::Algorithm);
            assert_eq!(refusal(&world, &token).await, expected, "{} as {alg}", signer.kid);
        }
        // The public half as a secret: in its text, as bytes, as the whole key.
        let jwk = signer.jwk();
        let public = jwk["n"].as_str().or(jwk["x"].as_str()).unwrap().to_owned();
        for secret in [public, jwk.to_string(), String::new()] {
            let message = format!(
                "{}.{}",
                text(json!({"alg": "HS256", "kid": signer.kid}).to_string()),
                text(claims.to_string())
            );
            let tag = hmac::sign(
                &hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
                message.as_bytes(),
            );
            let token = format!("{message}.{}", text(tag.as_ref()));
            assert_eq!(refusal(&world, &token).await, Some(TokenError::Algorithm));
        }
    }
}

#[tokio::test]
async fn attacks_on_header_key_and_signature_fail() {
    let (ours, other) = (Signer::ed25519("e"), Signer::ed25519("e"));
    let world = World::new(&[&ours, &Signer::p256("p")]).await;
    let claims = world.claims();
    let good = world.token(&ours);
    assert_eq!(refusal(&world, &good).await, None);
    let with = |header: Value| ours.sign(&header, &claims);
    let cases = [
        (
            "another's key under our name",
            world.token(&other),
            TokenError::Signature,
        ),
        (
            "another's key in the header",
            other.sign(&json!({"alg": "EdDSA", "kid": "e", "jwk": other.jwk()}), &claims),
            TokenError::Signature,
        ),
        (
            "keys from elsewhere",
            other.sign(
                &json!({"alg": "EdDSA", "kid": "x", "jku": "https://evil.example"}),
                &claims,
            ),
            TokenError::UnknownKey,
        ),
        (
            "no name among several keys",
            with(json!({"alg": "EdDSA"})),
            TokenError::Algorithm,
        ),
        (
            "critical header",
            with(json!({"alg": "EdDSA", "kid": "e", "crit": ["b64"], "b64": false})),
            TokenError::Header,
        ),
        (
            "a logout",
            with(json!({"alg": "EdDSA", "kid": "e", "typ": "logout+jwt"})),
            TokenError::Type,
        ),
        (
            "an event",
            with(json!({"alg": "EdDSA", "kid": "e", "typ": "application/secevent+jwt"})),
            TokenError::Type,
        ),
        (
            "no signature",
            good[..=good.rfind('.').unwrap()].to_owned(),
            TokenError::Malformed,
        ),
        ("100 kB", format!("{good}{}", "A".repeat(100_000)), TokenError::TooLong),
        (
            "100 kB of claims",
            ours.token(&json!({"sub": "x".repeat(100_000)})),
            TokenError::TooLong,
        ),
    ];
    for (name, token, error) in cases {
        assert_eq!(refusal(&world, &token).await, Some(error), "{name}");
    }
    for end in 0..good.len() {
        assert!(refusal(&world, &good[..end]).await.is_some(), "cut at {end}");
    }
    assert_eq!(world.issuer.asked(), 1, "no attack made it ask again");
}

#[tokio::test]
async fn claims_that_are_missing_wrong_or_over_fail() {
    let ours = Signer::ed25519("e");
    let world = World::new(&[&ours]).await;
    let now = world.claims()["nbf"].as_i64().unwrap();
    let leeway = i64::from(LEEWAY_SECONDS);
    let cases = [
        ("iss", json!("https://issuer.example"), Some(TokenError::Issuer)),
        (
            "iss",
            json!(format!("{}/", world.issuer.url())),
            Some(TokenError::Issuer),
        ),
        ("aud", json!("another"), Some(TokenError::Audience)),
        ("aud", json!(["another", "seawall"]), None),
        ("exp", json!(now - leeway + 1), None),
        ("exp", json!(now - leeway), Some(TokenError::Expired)),
        ("nbf", json!(now + leeway), None),
        ("nbf", json!(now + leeway + 1), Some(TokenError::NotYetValid)),
        ("iat", json!(now + leeway + 1), Some(TokenError::NotYetValid)),
        ("exp", json!("never"), Some(TokenError::Claim("exp"))),
        ("sub", json!("a\nb"), Some(TokenError::Claim("sub"))),
        ("aud", Value::Null, Some(TokenError::Audience)),
        ("tenant", json!("acme"), None),
    ];
    for (name, value, error) in cases {
        let mut claims = world.claims();
        claims[name] = value.clone();
        assert_eq!(refusal(&world, &ours.token(&claims)).await, error, "{name}: {value}");
    }
    for name in ["iss", "aud", "sub", "exp", "nbf"] {
        let mut claims = world.claims();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(
            refusal(&world, &ours.token(&claims)).await,
            Some(TokenError::Claim(name))
        );
    }
}
