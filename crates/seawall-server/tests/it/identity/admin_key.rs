//! The key with which a store begins.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use seawall_server::identity::ApiKey;
use seawall_server::{AdminKey, AdminKeyError, Config, client_credential, put_admin_key};
use seawall_store::{
    AuditFilter, Fault, FaultPoint, IdentityStore, KeyStore as _, MemoryOptions, MemoryStore, Page, PrincipalName,
    StoreOp, SystemClock, TenantId,
};

use crate::support::{map, send, state};

fn store() -> MemoryStore {
    MemoryStore::with_options(Arc::new(SystemClock), MemoryOptions::default())
}

fn config(folder: &Path, variables: &[(&str, &str)]) -> Config {
    let mut map = map(variables);
    map.insert("DATA_DIR".to_owned(), folder.to_str().unwrap().to_owned());
    Config::from_map(&map).unwrap()
}

/// What was done, newest first.
async fn trail(store: &dyn IdentityStore) -> Vec<String> {
    let tenant = TenantId::default();
    let found = store.list_audit(&tenant, AuditFilter::default(), Page::first(Page::MAX));
    let records = found.await.unwrap().items.into_iter();
    records
        .map(|record| record.body.entry.action.as_str().to_owned())
        .collect()
}

#[tokio::test]
async fn the_first_start_makes_a_key_that_only_this_user_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin.key");
    // Of a start that was cut off: everybody may read it.
    fs::write(path.with_extension("key.new"), "half a k").unwrap();
    let state = state(&[]);
    let store = &**state.identity_store();
    let config = config(folder.path(), &[]);
    assert_eq!(
        put_admin_key(&config, store).await.unwrap(),
        AdminKey::Made(path.clone())
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(
        put_admin_key(&config, store).await.unwrap(),
        AdminKey::There(path.clone())
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "a restart changes nothing");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(
        trail(store).await,
        ["admin_key.created"],
        "nor is it written down again"
    );

    let app = seawall_server::router(&state);
    let request = http::Request::get("/api/v1/runs").header("x-api-key", text.trim());
    assert_eq!(send(&app, request, ()).await.status, 200);

    let credential = client_credential(&config, true).unwrap();
    assert!(credential.is_sensitive());
    assert_eq!(credential.to_str().unwrap(), format!("Bearer {}", text.trim()));
    assert!(
        client_credential(&config, false).is_none(),
        "strangers are not shown it"
    );
}

#[tokio::test]
async fn a_key_that_was_revoked_or_lies_elsewhere_is_not_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin.key");
    let (store, config) = (store(), config(folder.path(), &[]));
    put_admin_key(&config, &store).await.unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let id = text.trim().parse::<ApiKey>().unwrap().id().to_store().unwrap();
    let by = PrincipalName::parse("somebody").unwrap();
    store.revoke_key(&TenantId::default(), id, by, None).await.unwrap();
    assert_eq!(
        put_admin_key(&config, &store).await.unwrap(),
        AdminKey::There(path.clone())
    );
    assert!(
        store
            .key_for_authentication(id)
            .await
            .unwrap()
            .unwrap()
            .record
            .revoked
            .is_some()
    );

    fs::remove_file(&path).unwrap();
    assert_eq!(
        put_admin_key(&config, &store).await.unwrap(),
        AdminKey::Elsewhere(path.clone())
    );
    assert!(!path.exists(), "a key that opens nothing is not left there");
    fs::write(&path, "not a key").unwrap();
    let refused = put_admin_key(&config, &store).await.unwrap_err();
    assert!(matches!(refused, AdminKeyError::NoKey { .. }), "{refused}");
}

#[tokio::test]
async fn a_key_of_the_right_id_and_another_secret_is_not_taken_for_the_one_that_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin.key");
    let (store, config) = (store(), config(folder.path(), &[]));
    put_admin_key(&config, &store).await.unwrap();
    let mut text = fs::read_to_string(&path).unwrap();
    let other = if &text[40..41] == "A" { "B" } else { "A" };
    text.replace_range(40..41, other);
    fs::write(&path, &text).unwrap();
    assert_eq!(
        put_admin_key(&config, &store).await.unwrap(),
        AdminKey::Elsewhere(path.clone())
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "it is somebody's");
}

#[tokio::test]
async fn a_key_that_was_written_down_but_not_kept_is_kept_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin.key");
    let fail = |point: &FaultPoint| (point.op == StoreOp::Identity).then_some(Fault::BeforeWrite);
    let options = MemoryOptions {
        faults: Some(Arc::new(fail)),
        ..MemoryOptions::default()
    };
    let broken = MemoryStore::with_options(Arc::new(SystemClock), options);
    let config = config(folder.path(), &[]);
    assert!(put_admin_key(&config, &broken).await.is_err());
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(
        put_admin_key(&config, &store()).await.unwrap(),
        AdminKey::Made(path.clone())
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_key_that_is_given_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let (store, config) = (
        store(),
        config(folder.path(), &[("ADMIN_API_KEY", "given-by-somebody")]),
    );
    for _ in 0..2 {
        assert_eq!(put_admin_key(&config, &store).await.unwrap(), AdminKey::Configured);
    }
    // Each time that a process began with it.
    assert_eq!(trail(&store).await, ["admin_key.configured"; 2]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let presented = |variables: &[(&str, &str)], own: bool| {
        let credential = client_credential(&self::config(folder.path(), variables), own);
        credential.map(|value| value.to_str().unwrap().to_owned())
    };
    let (own, admin) = (
        ("SEAWALL_API_KEY", "my-own-key"),
        ("ADMIN_API_KEY", "given-by-somebody"),
    );
    for here in [true, false] {
        assert_eq!(presented(&[own, admin], here).as_deref(), Some("Bearer my-own-key"));
        assert_eq!(presented(&[own], here).as_deref(), Some("Bearer my-own-key"));
        assert_eq!(presented(&[], here), None);
    }
    assert_eq!(presented(&[admin], true).as_deref(), Some("Bearer given-by-somebody"));
    assert_eq!(presented(&[admin], false), None, "strangers are not shown it");
}
