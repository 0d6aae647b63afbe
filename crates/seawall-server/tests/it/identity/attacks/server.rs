use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::Router;
use http::Request;
use seawall_engine::Engine;
use seawall_server::identity::oidc::{Issuer, OidcConfig, OidcVerifier};
use seawall_server::identity::{AccessTokens, Principal};
use seawall_server::{AppState, Parts};
use seawall_store::{MemoryOptions, MemoryStore, StoreClock as _};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use crate::identity::kit::key;
use crate::oidc::issuer::TestIssuer;
use crate::oidc::keys::text;
use crate::oidc::world::TestClock;
use crate::support::{Answer, config, send_as_it_is};

pub(super) const SECRET: &str = "the secret key of the server under attack";

/// A server whose clock stands still.
pub(super) struct Server {
    pub(super) app: Router,
    pub(super) state: AppState,
    pub(super) clock: TestClock,
}

impl Server {
    pub(super) fn new() -> Self {
        Self::trusting(None)
    }

    /// It takes the tokens of this issuer too, whose audience is `seawall`.
    pub(super) fn trusting(issuer: Option<&TestIssuer>) -> Self {
        let (clock, tasks) = (TestClock::default(), TaskTracker::new());
        let oidc = issuer.map(|issuer| {
            let config = OidcConfig::new(Issuer::new(issuer.url(), true).unwrap(), "seawall");
            OidcVerifier::new(config, Arc::new(clock.clone()), tasks.clone()).unwrap()
        });
        let store = MemoryStore::with_options(Arc::new(clock.wall.clone()), MemoryOptions::default());
        let store = Arc::new(store);
        let state = AppState::new(Parts {
            engine: Engine::without_runtime(),
            store: Arc::clone(&store) as _,
            identity: store,
            config: Arc::new(config(&[("SECRET_KEY", SECRET)])),
            clock: Arc::new(clock.clone()),
            oidc,
            tasks,
        });
        Self {
            app: seawall_server::router(&state),
            state,
            clock,
        }
    }

    /// Seconds of the Unix epoch.
    pub(super) fn now(&self) -> i64 {
        self.clock.wall.now().as_millis() / 1_000
    }

    /// A key of this tenant that may read runs.
    pub(super) async fn key(&self, tenant: &str) -> String {
        key(&**self.state.identity_store(), tenant, "runs:read").await.1
    }

    /// A token that such a key was exchanged for.
    pub(super) async fn token(&self) -> String {
        let store = &**self.state.identity_store();
        let (key, _) = key(store, "acme", "runs:read").await;
        let id = key.id().to_type_id();
        let tenant = seawall_store::TenantId::new("acme").unwrap();
        let principal = Principal::key(tenant, &id, "runs:read".parse().unwrap());
        let tokens = AccessTokens::new(self.state.config().secret_key.master());
        let token = tokens.issue(&principal, self.clock.wall.now()).unwrap();
        token.text.expose_secret().to_owned()
    }

    pub(super) async fn ask(&self, credential: &str) -> Answer {
        let request = Request::get("/api/v1/runs").header("authorization", format!("Bearer {credential}"));
        send_as_it_is(&self.app, request, ()).await
    }

    pub(super) async fn lets_in(&self, name: &str, credential: &str) {
        let answer = self.ask(credential).await;
        assert_eq!(answer.status, 200, "{name}: {:?}", answer.body);
    }

    /// Refused like everything else that does not hold: nothing in the answer tells them apart, or tells the credential.
    pub(super) async fn refuses(&self, name: &str, credential: &str) {
        let answer = self.ask(credential).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (401, "unauthenticated".to_owned()),
            "{name}"
        );
        assert_eq!(
            answer.header("www-authenticate"),
            r#"Bearer error="invalid_token""#,
            "{name}"
        );
        let mut body = answer.json();
        body.as_object_mut().unwrap().remove("request_id");
        let expected = json!({
            "type": "/problems/unauthenticated",
            "title": seawall_guard::problem::kinds::UNAUTHENTICATED.title,
            "detail": seawall_guard::problem::kinds::UNAUTHENTICATED.detail,
            "status": 401,
            "code": "unauthenticated",
            "instance": "/api/v1/runs",
        });
        assert_eq!(body, expected, "{name}");
    }
}

/// The key that a use of `SECRET_KEY` has (HKDF-SHA-256), worked out once more.
pub(super) fn derived(secret: &str, label: &str) -> Vec<u8> {
    let extracted = mac(b"seawall/secret-key/v1", secret.as_bytes());
    mac(&extracted, &[label.as_bytes(), &[1]].concat())
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, message).as_ref().to_vec()
}

/// A token with this header and these claims, signed as HS256 is with `key`, whatever the header says.
pub(super) fn forged(header: &Value, claims: &Value, key: &[u8]) -> String {
    let message = format!("{}.{}", text(header.to_string()), text(claims.to_string()));
    let signature = text(mac(key, message.as_bytes()));
    format!("{message}.{signature}")
}

/// Header (0) or claims (1).
pub(super) fn part(token: &str, index: usize) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(index).unwrap();
    let bytes = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// `value` with one member changed or, for null, taken out.
pub(super) fn with(value: &Value, name: &str, new: Value) -> Value {
    let mut changed = value.clone();
    let members = changed.as_object_mut().unwrap();
    if new.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), new);
    }
    changed
}
