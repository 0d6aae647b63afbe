//! Keys in a store, as an admin would have made them.

use axum::Router;
use http::Request;
use seawall_server::identity::{ApiKey, KeyId};
use seawall_store::{
    IdentityStore, KeyCreated, KeyName, NewKey, PrincipalName, Scopes, SecretHash, TenantId, Timestamp,
};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::support::{Answer, send};

/// A key of this tenant with these scopes, and its text.
pub(crate) async fn key(store: &dyn IdentityStore, tenant: &str, scopes: &str) -> (ApiKey, String) {
    key_until(store, tenant, scopes, None).await
}

pub(crate) async fn key_until(
    store: &dyn IdentityStore,
    tenant: &str,
    scopes: &str,
    expires_at: Option<Timestamp>,
) -> (ApiKey, String) {
    let id = seawall_store::KeyId::generate();
    let key = ApiKey::generate(KeyId::of_store(id).unwrap());
    let new = NewKey {
        id,
        name: KeyName::parse("test").unwrap(),
        hash: SecretHash::from_bytes(*key.hash().as_bytes()),
        scopes: Scopes::parse(scopes).unwrap(),
        created_by: PrincipalName::parse("test").unwrap(),
        expires_at,
        most: 1000,
    };
    let made = store
        .create_key(&TenantId::new(tenant).unwrap(), new, None)
        .await
        .unwrap();
    assert!(matches!(made, KeyCreated::Created(_)));
    let text = key.reveal().expose_secret().to_owned();
    (key, text)
}

/// Somebody with a key.
pub(crate) struct Caller<'a> {
    pub(crate) app: &'a Router,
    pub(crate) key: String,
}

impl Caller<'_> {
    pub(crate) async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .header("prefer", "wait=1")
            .header("x-api-key", &self.key);
        send(self.app, request, body.to_string()).await
    }

    pub(crate) async fn made(&self, path: &str, body: Value) -> Value {
        let answer = self.call("POST", path, &body).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.json());
        answer.json()
    }
}
