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
fn a_header_that_was_changed_does_not_hold_though_it_is_signed() {
    let token = issued();
    let (header, claims) = (part(&token, 0), part(&token, 1));
    let own = *master(SECRET).derive(KeyUse::AccessTokens).bytes();
    let cases = [
        ("alg", json!("none"), TokenError::Algorithm),
        ("alg", json!("nOnE"), TokenError::Algorithm),
        ("alg", json!("RS256"), TokenError::Algorithm),
        ("alg", json!("HS512"), TokenError::Algorithm),
        ("alg", json!("hs256"), TokenError::Algorithm),
        ("alg", json!(""), TokenError::Algorithm),
        ("alg", json!(null), TokenError::Malformed),
        ("kid", json!("sw-x"), TokenError::UnknownKey),
        ("kid", json!("../../dev/null"), TokenError::UnknownKey),
        ("kid", json!(null), TokenError::UnknownKey),
        ("crit", json!(["exp"]), TokenError::Header),
        ("typ", json!("JWT"), TokenError::Type),
        ("typ", json!(null), TokenError::Type),
    ];
    for (name, value, error) in cases {
        let mut header = header.clone();
        header[name] = value.clone();
        let token = forged(&header, &claims, &own);
        assert_eq!(tokens().verify(&token, NOW).err(), Some(error), "{name}: {value}");
        let unsigned = &token[..=token.rfind('.').unwrap()];
        assert_eq!(
            tokens().verify(unsigned, NOW).err(),
            Some(TokenError::Malformed),
            "{name}"
        );
    }
    let mut with_key = header;
    with_key["jwk"] = json!({"kty": "oct", "k": ""});
    let token = forged(&with_key, &claims, b"");
    assert_eq!(tokens().verify(&token, NOW).err(), Some(TokenError::Signature));
}

#[test]
fn what_another_key_signed_or_what_is_no_token_does_not_hold() {
    let token = issued();
    let (header, claims) = (part(&token, 0), part(&token, 1));
    let foreign = master("another key of at least 32 bytes.");
    let elsewhere = AccessTokens::new(&foreign).issue(&principal(), NOW).unwrap();
    let other = *foreign.derive(KeyUse::AccessTokens).bytes();
    let sibling = *master(SECRET).derive(KeyUse::AuditChain).bytes();
    let cases = [
        (forged(&header, &claims, &other), TokenError::Signature),
        (forged(&header, &claims, &sibling), TokenError::Signature),
        (forged(&header, &claims, b""), TokenError::Signature),
        (elsewhere.text.expose_secret().to_owned(), TokenError::UnknownKey),
        (format!("{token}{}", "A".repeat(100_000)), TokenError::TooLong),
        ("sw_01h455vb4pex5vsknk084sn02q_secret".to_owned(), TokenError::Malformed),
        (String::new(), TokenError::Malformed),
    ];
    for (token, error) in cases {
        assert_eq!(tokens().verify(&token, NOW).err(), Some(error), "{token:.80}");
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
