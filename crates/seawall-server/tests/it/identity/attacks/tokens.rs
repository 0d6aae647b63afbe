//! The server's own access tokens.

use http::Request;
use serde_json::{Value, json};

use super::server::{SECRET, Server, derived, forged, part, with};
use crate::oidc::keys::text;
use crate::support::send_as_it_is;

const LABEL: &str = "access-tokens/hs256";

#[tokio::test]
async fn a_token_with_other_claims_is_refused_though_it_is_signed() {
    let server = Server::new();
    let good = server.token().await;
    server.lets_in("as it was issued", &good).await;
    let (header, claims, key) = (part(&good, 0), part(&good, 1), derived(SECRET, LABEL));
    let now = server.now();
    let signed = |name: &str, value: Value| forged(&header, &with(&claims, name, value), &key);
    server
        .lets_in("signed by this test", &forged(&header, &claims, &key))
        .await;
    server
        .lets_in("expired in a moment", &signed("exp", json!(now - 4)))
        .await;
    server
        .lets_in("begun on a clock that is ahead", &signed("nbf", json!(now + 5)))
        .await;
    let cases = [
        ("exp", json!(now - 5)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!("9999999999")),
        ("exp", json!(1e300)),
        ("nbf", json!(now + 6)),
        ("iat", json!(now + 6)),
        ("aud", json!("another-api")),
        ("aud", json!(["seawall-api"])),
        ("aud", json!("")),
        ("iss", json!("https://issuer.example")),
        ("iss", json!("SEAWALL")),
        ("sub", json!("key_01h455vb4pex5vsknk084sn02q")),
        ("sub", json!("service:bootstrap")),
        ("kind", json!("user")),
        ("kind", json!("oidc")),
        ("kind", json!("root")),
        ("tenant", json!("../acme")),
        ("scope", json!("runs:read everything")),
        ("admin", json!(true)),
    ];
    for (name, value) in cases {
        let shown = format!("{name}: {value}");
        server.refuses(&shown, &signed(name, value)).await;
    }
    for name in [
        "iss", "aud", "sub", "kind", "tenant", "scope", "jti", "iat", "nbf", "exp",
    ] {
        let shown = format!("without {name}");
        server.refuses(&shown, &signed(name, Value::Null)).await;
    }
}

#[tokio::test]
async fn a_token_of_another_algorithm_key_or_form_is_refused() {
    let server = Server::new();
    let good = server.token().await;
    let (header, claims, key) = (part(&good, 0), part(&good, 1), derived(SECRET, LABEL));
    for alg in [
        "none", "None", "NONE", "nOnE", "", "HS512", "HS384", "RS256", "ES256", "EdDSA", "PS256", "hs256",
    ] {
        let token = forged(&with(&header, "alg", json!(alg)), &claims, &key);
        server.refuses(&format!("signed, alg {alg}"), &token).await;
        let (message, _) = token.rsplit_once('.').unwrap();
        server
            .refuses(&format!("unsigned, alg {alg}"), &format!("{message}."))
            .await;
        server.refuses(&format!("cut off, alg {alg}"), message).await;
    }
    let (message, signature) = good.rsplit_once('.').unwrap();
    let raised = with(&claims, "scope", json!("runs:read keys:admin"));
    let swapped = format!(
        "{}.{}.{signature}",
        good.split('.').next().unwrap(),
        text(raised.to_string())
    );
    let foreign = derived("the secret key of quite another server", LABEL);
    let kid = header["kid"].as_str().unwrap();
    let cases = [
        ("unsigned", format!("{message}.")),
        ("other claims under the signature", swapped),
        ("another secret, our name", forged(&header, &claims, &foreign)),
        (
            "another secret, its name",
            forged(&with(&header, "kid", json!("sw-other")), &claims, &foreign),
        ),
        (
            "a key of another use",
            forged(&header, &claims, &derived(SECRET, "audit-chain/hmac-sha256")),
        ),
        ("the secret itself", forged(&header, &claims, SECRET.as_bytes())),
        ("no key", forged(&header, &claims, b"")),
        ("the key's name as key", forged(&header, &claims, kid.as_bytes())),
        (
            "no name of a key",
            forged(&with(&header, "kid", Value::Null), &claims, &key),
        ),
        (
            "a name with a path",
            forged(&with(&header, "kid", json!("../../dev/null")), &claims, b""),
        ),
        (
            "a key in the header",
            forged(&with(&header, "jwk", json!({"kty": "oct", "k": ""})), &claims, b""),
        ),
        (
            "another type",
            forged(&with(&header, "typ", json!("JWT")), &claims, &key),
        ),
        (
            "something critical",
            forged(&with(&header, "crit", json!(["exp"])), &claims, &key),
        ),
        ("compressed", forged(&with(&header, "zip", json!("DEF")), &claims, &key)),
        ("padded", format!("{good}=")),
        ("a part more", format!("{good}.{signature}")),
        ("claims that are none", forged(&header, &json!([]), &key)),
        ("points alone", "..".to_owned()),
    ];
    for (name, token) in cases {
        server.refuses(name, &token).await;
    }
    for end in (1..good.len()).step_by(13) {
        server.refuses(&format!("cut at {end}"), &good[..end]).await;
    }
    server.lets_in("as it was issued", &good).await;
}

#[tokio::test]
async fn a_token_is_over_when_its_time_is_whoever_holds_it() {
    let server = Server::new();
    let good = server.token().await;
    server.lets_in("new", &good).await;
    let lives = seawall_server::identity::token::ACCESS_LIFETIME + std::time::Duration::from_secs(4);
    server.clock.wall.advance(lives);
    server.lets_in("in its last second", &good).await;
    server.clock.wall.advance(std::time::Duration::from_secs(1));
    server.refuses("over", &good).await;
}

#[tokio::test]
async fn what_is_no_credential_at_all_is_refused_without_a_word_on_why() {
    let server = Server::new();
    let good = server.token().await;
    let long = format!("Bearer {good}{}", "A".repeat(9_000));
    let get = || Request::get("/api/v1/runs");
    for (name, request) in [
        ("too long", get().header("authorization", long)),
        (
            "two tokens",
            get().header("authorization", format!("Bearer {good} {good}")),
        ),
        (
            "twice",
            get()
                .header("authorization", format!("Bearer {good}"))
                .header("authorization", "Bearer x"),
        ),
        (
            "a list",
            get().header("authorization", format!("Bearer {good}, Bearer {good}")),
        ),
        (
            "in a cookie",
            get().header("cookie", format!("authorization=Bearer {good}; access_token={good}")),
        ),
        (
            "by a form of RFC 6750 that is not taken",
            Request::get(format!("/api/v1/runs?access_token={good}")),
        ),
        (
            "for a proxy",
            get().header("proxy-authorization", format!("Bearer {good}")),
        ),
    ] {
        let answer = send_as_it_is(&server.app, request, ()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (401, "unauthenticated".to_owned()),
            "{name}"
        );
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{name}");
        let body = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(!body.contains(&good), "{name}: {body}");
    }
}
