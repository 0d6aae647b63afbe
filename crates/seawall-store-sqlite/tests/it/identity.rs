//! What identity needs of this backend beyond the contract: that a change and its audit record are one, whatever fails.

use seawall_store::contract::IdentityWorld;
use seawall_store::{
    AuditHead, AuditRecord, AuditStore as _, KeyCreated, KeyStore as _, NewAudit, RevocationNo, RevocationStore as _,
    StoreError, UserStore as _,
};
use seawall_store_sqlite::{FailAction, SqliteStore};

use crate::kit::{Kit, start, until_queued};

fn audit(action: &str) -> NewAudit {
    IdentityWorld::audit("ann", action)
}

/// The chain, held against its seals and its head; only the actions are answered.
async fn chain(kit: &Kit, store: &SqliteStore) -> Vec<String> {
    let records = store.audit_after(&kit.tenant, 0, AuditRecord::MAX_READ).await.unwrap();
    let mut head = AuditHead::EMPTY;
    for record in &records {
        let expected = audit(record.body.entry.action.as_str()).after(head, &kit.tenant, record.body.at);
        assert_eq!(*record, expected);
        head = record.head();
    }
    assert_eq!(store.audit_head(&kit.tenant).await.unwrap(), head);
    records
        .iter()
        .map(|record| record.body.entry.action.to_string())
        .collect()
}

#[tokio::test]
async fn a_change_and_its_audit_record_are_lost_together() {
    let kit = Kit::new();
    let store = kit.open();
    store.append_audit(&kit.tenant, audit("first")).await.unwrap();
    let new = IdentityWorld::new_key("ci");
    for action in [FailAction::Full, FailAction::Io] {
        kit.failures.once("commit.before", action);
        let lost = store.create_key(&kit.tenant, new.clone(), Some(audit("lost"))).await;
        assert!(matches!(lost, Err(StoreError::Unavailable { .. })), "{lost:?}");
        assert_eq!(store.key(&kit.tenant, new.id).await.unwrap(), None);
        assert_eq!(chain(&kit, &store).await, ["first"]);
    }
    let made = store.create_key(&kit.tenant, new.clone(), Some(audit("made"))).await;
    assert!(matches!(made, Ok(KeyCreated::Created(_))), "{made:?}");
    assert_eq!(chain(&kit, &store).await, ["first", "made"]);
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_stands_with_its_audit_record() {
    let kit = Kit::new();
    let store = kit.open();
    let new = IdentityWorld::new_key("ci");
    kit.failures.once("commit.after", FailAction::LoseAnswer);
    let lost = store.create_key(&kit.tenant, new.clone(), Some(audit("made"))).await;
    assert!(matches!(lost, Err(StoreError::Ambiguous { .. })), "{lost:?}");
    let again = store.create_key(&kit.tenant, new.clone(), Some(audit("again"))).await;
    assert!(matches!(again, Err(StoreError::Exists)), "{again:?}");
    assert_eq!(chain(&kit, &store).await, ["made"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_changes_is_one_chain_without_those_that_were_refused() {
    let kit = Kit::new();
    let store = kit.open();
    let taken = IdentityWorld::new_key("taken");
    store.create_key(&kit.tenant, taken.clone(), None).await.unwrap();
    kit.failures.shut("commit.before");
    let append = |action: &'static str| {
        let (store, tenant) = (store.clone(), kit.tenant.clone());
        start(async move { store.append_audit(&tenant, audit(action)).await.map(|_| ()) })
    };
    let first = append("first");
    kit.failures.wait_until_standing();
    // All of these are one batch.
    let second = append("second");
    until_queued(&store, 1).await;
    let (other, tenant) = (store.clone(), kit.tenant.clone());
    let refused = start(async move { other.create_key(&tenant, taken, Some(audit("refused"))).await });
    until_queued(&store, 2).await;
    let third = append("third");
    until_queued(&store, 3).await;
    kit.failures.release();
    for done in [first, second, third] {
        done.await.unwrap().unwrap();
    }
    assert!(matches!(refused.await.unwrap(), Err(StoreError::Exists)));
    assert_eq!(chain(&kit, &store).await, ["first", "second", "third"]);
}

#[tokio::test]
async fn chains_and_revocations_go_on_after_a_restart() {
    let kit = Kit::new();
    let store = kit.open();
    let new = IdentityWorld::new_key("ci");
    store
        .create_key(&kit.tenant, new.clone(), Some(audit("made")))
        .await
        .unwrap();
    drop(store);
    let store = kit.open();
    let by = IdentityWorld::principal("ann");
    store
        .revoke_key(&kit.tenant, new.id, by, Some(audit("revoked")))
        .await
        .unwrap();
    drop(store);
    let store = kit.open();
    assert_eq!(chain(&kit, &store).await, ["made", "revoked"]);
    assert_eq!(store.last_revocation().await.unwrap(), RevocationNo(1));
}

#[tokio::test]
async fn a_tail_that_was_cut_off_shows_at_the_head() {
    let kit = Kit::new();
    let store = kit.open();
    for action in ["first", "second"] {
        store.append_audit(&kit.tenant, audit(action)).await.unwrap();
    }
    drop(store);
    kit.raw().execute("DELETE FROM audit WHERE seq = 2", []).unwrap();
    let store = kit.open();
    let records = store.audit_after(&kit.tenant, 0, 10).await.unwrap();
    let head = store.audit_head(&kit.tenant).await.unwrap();
    assert_eq!((records.len(), head.seq), (1, 2));
    assert_ne!(records[0].head(), head);
    // Nor does the next record hide it.
    let next = store.append_audit(&kit.tenant, audit("third")).await.unwrap();
    assert_eq!((next.body.seq, next.body.previous), (3, head.mac));
}

#[tokio::test]
async fn stored_nonsense_is_refused() {
    let kit = Kit::new();
    let store = kit.open();
    let (user, key) = (IdentityWorld::new_user("ann"), IdentityWorld::new_key("ci"));
    store.create_user(&kit.tenant, user.clone(), None).await.unwrap();
    store.create_key(&kit.tenant, key.clone(), None).await.unwrap();
    drop(store);
    let raw = kit.raw();
    raw.execute("UPDATE users SET role = 9", []).unwrap();
    raw.execute("UPDATE api_keys SET scopes = 'ALL'", []).unwrap();
    drop(raw);
    let store = kit.open();
    let found = store.user_for_login(&user.email).await;
    assert!(matches!(found, Err(StoreError::Corrupt { .. })), "{found:?}");
    let found = store.key_for_authentication(key.id).await;
    assert!(matches!(found, Err(StoreError::Corrupt { .. })), "{found:?}");
}
