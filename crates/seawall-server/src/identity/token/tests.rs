use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use seawall_store::{TenantId, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::*;
use crate::identity::jws::{Jws, TokenError};
use crate::identity::{KeyUse, MasterKey, Principal, Role};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_250);
const SECRET: &str = "a secret key of at least 32 bytes";

fn master(secret: &str) -> MasterKey {
    MasterKey::new(&SecretString::from(secret)).unwrap()
}

fn tokens() -> AccessTokens {
    AccessTokens::new(&master(SECRET))
}

fn principal() -> Principal {
    let tenant = TenantId::new("acme").unwrap();
    Principal::user(tenant, "usr_01h455vb4pex5vsknk084sn02q", Role::Operator.scopes()).with_session("fam_1")
}

fn issued() -> String {
    tokens()
        .issue(&principal(), NOW)
        .unwrap()
        .text
        .expose_secret()
        .to_owned()
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The issued token with other content, signed by whoever has `key`.
fn forged(header: &Value, claims: &Value, key: &[u8]) -> String {
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = crypto::sign(message.as_bytes(), &EncodingKey::from_secret(key), Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

/// A token of ours with one member of header (0) or claims (1) changed or, for null, taken out; properly signed.
fn changed(index: usize, name: &str, value: Value) -> String {
    let token = issued();
    let mut parts = [part(&token, 0), part(&token, 1)];
    let members = parts[index].as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    forged(
        &parts[0],
        &parts[1],
        master(SECRET).derive(KeyUse::AccessTokens).bytes(),
    )
}

#[test]
fn a_token_stands_for_its_principal_for_fifteen_minutes() {
    let token = issued();
    assert_eq!(part(&token, 0)["typ"], "at+jwt");
    let at = |millis: i64| Timestamp::from_millis(NOW.as_millis() + millis);
    let verified = tokens().verify(&token, NOW).unwrap();
    assert_eq!(verified.principal, principal());
    assert_eq!(verified.expires_at, Timestamp::from_millis(1_700_000_900_000));
    let lifetime = i64::try_from(ACCESS_LIFETIME.as_millis()).unwrap();
    let leeway = i64::from(LEEWAY_SECONDS) * 1_000;
    let cases = [
        (lifetime - 251 + leeway, Ok(())),
        (lifetime - 250 + leeway, Err(TokenError::Expired)),
        (-250 - leeway, Ok(())),
        (-251 - leeway, Err(TokenError::NotYetValid)),
    ];
    for (millis, expected) in cases {
        assert_eq!(tokens().verify(&token, at(millis)).map(|_| ()), expected, "{millis}");
    }
    assert!(tokens().is_own(&token));
}

#[test]
fn two_tokens_are_never_the_same() {
    assert_ne!(issued(), issued());
}

#[test]
fn what_was_cut_or_changed_on_the_way_does_not_hold() {
    let token = issued();
    for end in 0..token.len() {
        assert!(tokens().verify(&token[..end], NOW).is_err(), "{end}");
    }
    for at in 0..token.len() {
        let other = if &token[at..=at] == "A" { "B" } else { "A" };
        let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        assert!(tokens().verify(&changed, NOW).is_err(), "{at}");
    }
}

#[test]
fn attacks_on_header_key_and_signature_fail() {
    let token = issued();
    let (header, claims) = (part(&token, 0), part(&token, 1));
    let with = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        header
    };
    let own = *master(SECRET).derive(KeyUse::AccessTokens).bytes();
    let other = *master("another key of at least 32 bytes.")
        .derive(KeyUse::AccessTokens)
        .bytes();
    let sibling = *master(SECRET).derive(KeyUse::AuditChain).bytes();
    let unsigned = |header: &Value| {
        let token = forged(header, &claims, &own);
        token[..=token.rfind('.').unwrap()].to_owned()
    };
    let cases = [
        ("no signature", unsigned(&header), TokenError::Malformed),
        (
            "alg none without one",
            unsigned(&with("alg", json!("none"))),
            TokenError::Malformed,
        ),
        (
            "alg none with one",
            forged(&with("alg", json!("none")), &claims, &own),
            TokenError::Algorithm,
        ),
        (
            "alg None",
            forged(&with("alg", json!("nOnE")), &claims, &own),
            TokenError::Algorithm,
        ),
        (
            "alg RS256",
            forged(&with("alg", json!("RS256")), &claims, &own),
            TokenError::Algorithm,
        ),
        (
            "alg HS512",
            forged(&with("alg", json!("HS512")), &claims, &own),
            TokenError::Algorithm,
        ),
        (
            "alg empty",
            forged(&with("alg", json!("")), &claims, &own),
            TokenError::Algorithm,
        ),
        ("wrong key", forged(&header, &claims, &other), TokenError::Signature),
        ("empty key", forged(&header, &claims, b""), TokenError::Signature),
        (
            "key of another use",
            forged(&header, &claims, &sibling),
            TokenError::Signature,
        ),
        (
            "key of another server",
            AccessTokens::new(&master("another key of at least 32 bytes."))
                .issue(&principal(), NOW)
                .unwrap()
                .text
                .expose_secret()
                .to_owned(),
            TokenError::UnknownKey,
        ),
        (
            "unknown kid",
            forged(&with("kid", json!("sw-x")), &claims, &own),
            TokenError::UnknownKey,
        ),
        (
            "path as kid",
            forged(&with("kid", json!("../../dev/null")), &claims, b""),
            TokenError::UnknownKey,
        ),
        (
            "no kid",
            forged(&with("kid", Value::Null), &claims, &own),
            TokenError::UnknownKey,
        ),
        (
            "critical header",
            forged(&with("crit", json!(["exp"])), &claims, &own),
            TokenError::Header,
        ),
        (
            "own key in the header",
            forged(&with("jwk", json!({"kty": "oct", "k": ""})), &claims, b""),
            TokenError::Signature,
        ),
        (
            "another type",
            forged(&with("typ", json!("JWT")), &claims, &own),
            TokenError::Type,
        ),
        (
            "no type",
            forged(&with("typ", Value::Null), &claims, &own),
            TokenError::Type,
        ),
        ("100 kB", format!("{token}{}", "A".repeat(100_000)), TokenError::TooLong),
        (
            "an API key",
            "sw_01h455vb4pex5vsknk084sn02q_secret".to_owned(),
            TokenError::Malformed,
        ),
    ];
    for (name, token, error) in cases {
        assert_eq!(tokens().verify(&token, NOW).err(), Some(error), "{name}");
    }
}

#[test]
fn claims_that_are_missing_wrong_or_of_another_form_do_not_hold() {
    let begin = NOW.as_millis() / 1_000;
    let cases = [
        ("iss", json!("https://issuer.example"), TokenError::Issuer),
        ("aud", json!("another-api"), TokenError::Audience),
        ("aud", json!(["seawall-api"]), TokenError::Claim("(all)")),
        ("exp", json!(begin - 60), TokenError::Expired),
        ("exp", json!("2999-01-01"), TokenError::Claim("(all)")),
        ("nbf", json!(begin + 60), TokenError::NotYetValid),
        ("iat", json!(begin + 60), TokenError::NotYetValid),
        ("tenant", json!("../acme"), TokenError::Claim("tenant")),
        ("scope", json!("runs:read everything"), TokenError::Claim("scope")),
        ("kind", json!("god"), TokenError::Claim("kind")),
        ("sub", json!(""), TokenError::Claim("sub")),
        ("sub", json!(7), TokenError::Claim("(all)")),
        ("admin", json!(true), TokenError::Claim("(all)")),
    ];
    for (name, value, error) in cases {
        assert_eq!(
            tokens().verify(&changed(1, name, value.clone()), NOW).err(),
            Some(error),
            "{name}: {value}"
        );
    }
    for name in [
        "iss", "aud", "sub", "kind", "tenant", "scope", "jti", "iat", "nbf", "exp",
    ] {
        let without = changed(1, name, Value::Null);
        assert_eq!(
            tokens().verify(&without, NOW).err(),
            Some(TokenError::Claim("(all)")),
            "{name}"
        );
    }
    assert!(
        tokens().verify(&changed(1, "sid", Value::Null), NOW).is_ok(),
        "only logins have one"
    );
}

#[test]
fn a_token_of_the_former_secret_holds_where_that_is_known() {
    let token = issued();
    let new = || AccessTokens::new(&master("the key that came after, of 32 bytes"));
    assert_eq!(new().verify(&token, NOW).err(), Some(TokenError::UnknownKey));
    let both = new().with_former(&master(SECRET));
    assert_eq!(both.verify(&token, NOW).unwrap().principal, principal());
    let next = both.issue(&principal(), NOW).unwrap();
    assert_eq!(
        tokens().verify(next.text.expose_secret(), NOW).err(),
        Some(TokenError::UnknownKey)
    );
}

#[test]
fn neither_keys_nor_tokens_are_printed() {
    let token = tokens().issue(&principal(), NOW).unwrap();
    let printed = format!("{:?} {token:?}", tokens());
    let text = token.text.expose_secret();
    assert!(!printed.contains(&text[text.len() - 20..]));
    assert!(Jws::parse(text).is_ok());
    assert_eq!(
        token.expires_at.since(NOW),
        ACCESS_LIFETIME - Duration::from_millis(250)
    );
}
