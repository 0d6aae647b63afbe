//! Tokens of an issuer that is trusted, and of those who would like to be.

use http::Request;
use serde_json::{Value, json};

use super::server::{Server, forged, part, with};
use crate::oidc::issuer::{Mood, TestIssuer};
use crate::oidc::keys::Signer;
use crate::support::send_as_it_is;

struct World {
    issuer: TestIssuer,
    server: Server,
    signers: [Signer; 3],
}

impl World {
    async fn new() -> Self {
        let signers = [Signer::rsa("r"), Signer::p256("p"), Signer::ed25519("e")];
        let issuer = TestIssuer::start(signers.iter().map(Signer::jwk).collect()).await;
        let server = Server::trusting(Some(&issuer));
        Self {
            issuer,
            server,
            signers,
        }
    }

    fn claims(&self) -> Value {
        let now = self.server.now();
        json!({"iss": self.issuer.url(), "aud": "seawall", "sub": "ada", "iat": now, "nbf": now, "exp": now + 300})
    }
}

#[tokio::test]
async fn the_tokens_of_the_issuer_are_taken_beside_those_of_the_server() {
    let world = World::new().await;
    let server = &world.server;
    for signer in &world.signers {
        let token = signer.token(&world.claims());
        server.lets_in(signer.alg(), &token).await;
        // A viewer, as nobody says what else.
        let write = Request::post("/api/v1/workflows").header("authorization", format!("Bearer {token}"));
        let refused = send_as_it_is(&server.app, write, "{}").await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (403, "insufficient-scope".to_owned())
        );
    }
    server.lets_in("own token", &server.token().await).await;
    server.lets_in("key", &server.key("acme").await).await;
}

#[tokio::test]
async fn a_token_of_the_issuer_with_other_claims_is_refused() {
    let world = World::new().await;
    let (server, signer, claims) = (&world.server, &world.signers[2], world.claims());
    let now = server.now();
    let signed = |name: &str, value: Value| signer.token(&with(&claims, name, value));
    server
        .lets_in("at the edge of its time", &signed("exp", json!(now - 29)))
        .await;
    server
        .lets_in("for several", &signed("aud", json!(["another", "seawall"])))
        .await;
    let cases = [
        ("exp", json!(now - 30)),
        ("nbf", json!(now + 31)),
        ("iat", json!(now + 31)),
        ("aud", json!("another")),
        ("aud", json!("seawall-api")),
        ("aud", json!([])),
        ("iss", json!("seawall")),
        ("iss", json!("https://issuer.example")),
        ("iss", json!(format!("{}/", world.issuer.url()))),
        ("sub", json!("")),
        ("sub", json!("ada\r\nx-admin: true")),
    ];
    for (name, value) in cases {
        let shown = format!("{name}: {value}");
        server.refuses(&shown, &signed(name, value)).await;
    }
    for name in ["exp", "nbf", "iss", "aud", "sub"] {
        let shown = format!("without {name}");
        server.refuses(&shown, &signed(name, Value::Null)).await;
    }
}

#[tokio::test]
async fn algorithms_and_keys_are_not_confused() {
    let world = World::new().await;
    let (server, claims) = (&world.server, world.claims());
    let own = server.token().await;
    let own_header = part(&own, 0);
    for signer in &world.signers {
        let header = |alg: &str| json!({"alg": alg, "typ": "JWT", "kid": signer.kid});
        for alg in ["none", "None", "", "HS256", "RS512", "PS256", "ES384"] {
            let token = signer.sign(&header(alg), &claims);
            server.refuses(&format!("{} as {alg}", signer.kid), &token).await;
            let (message, _) = token.rsplit_once('.').unwrap();
            server
                .refuses(&format!("{} unsigned as {alg}", signer.kid), &format!("{message}."))
                .await;
        }
        // The public half, which everybody has, as a secret.
        let jwk = signer.jwk();
        let public = jwk["n"].as_str().or(jwk["x"].as_str()).unwrap().to_owned();
        for secret in [public, jwk.to_string(), String::new()] {
            let token = forged(&header("HS256"), &claims, secret.as_bytes());
            server.refuses(&format!("{} as a secret", signer.kid), &token).await;
            // As ours: neither its name nor its claims make it one.
            let as_ours = forged(&own_header, &part(&own, 1), secret.as_bytes());
            server.refuses(&format!("{} as our secret", signer.kid), &as_ours).await;
        }
        let named_as_ours = with(&own_header, "alg", json!(signer.alg()));
        server
            .refuses(
                "the issuer's signature under our name",
                &signer.sign(&named_as_ours, &claims),
            )
            .await;
        server
            .refuses("our claims, by the issuer", &signer.token(&part(&own, 1)))
            .await;
    }
    let stranger = Signer::ed25519("e");
    let cases = [
        ("a stranger's key under a known name", stranger.token(&claims)),
        (
            "a stranger's key in the header",
            stranger.sign(&json!({"alg": "EdDSA", "kid": "e", "jwk": stranger.jwk()}), &claims),
        ),
        (
            "a stranger's keys from elsewhere",
            stranger.sign(
                &json!({"alg": "EdDSA", "kid": "x", "jku": "https://evil.example/keys"}),
                &claims,
            ),
        ),
        (
            "a logout",
            world.signers[2].sign(&json!({"alg": "EdDSA", "kid": "e", "typ": "logout+jwt"}), &claims),
        ),
    ];
    for (name, token) in cases {
        server.refuses(name, &token).await;
    }
}

#[tokio::test]
async fn while_the_issuer_is_away_its_tokens_cannot_be_judged_and_all_else_can() {
    let world = World::new().await;
    let (server, signer) = (&world.server, &world.signers[1]);
    world.issuer.becomes(Mood::Status(500));
    let answer = server.ask(&signer.token(&world.claims())).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code()),
        (503, "service-unavailable".to_owned())
    );
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    server.lets_in("own token", &server.token().await).await;
    server.lets_in("key", &server.key("acme").await).await;
    server
        .refuses(
            "what no key makes true",
            &signer.sign(&json!({"alg": "none", "kid": "p"}), &world.claims()),
        )
        .await;
}
