//! Keys that were cut, changed, put together from two, or are over.

use std::time::Duration;

use seawall_store::StoreClock as _;

use super::server::Server;
use crate::identity::kit::{key, key_until};

#[tokio::test]
async fn a_key_that_was_cut_or_changed_opens_nothing() {
    let server = Server::new();
    let good = server.key("acme").await;
    server.lets_in("as it was made", &good).await;
    for end in 1..good.len() {
        server.refuses(&format!("cut at {end}"), &good[..end]).await;
        server.refuses(&format!("begun at {end}"), &good[end..]).await;
    }
    for at in 0..good.len() {
        let other = if &good[at..=at] == "a" { "b" } else { "a" };
        let changed = format!("{}{other}{}", &good[..at], &good[at + 1..]);
        server.refuses(&format!("changed at {at}"), &changed).await;
    }
    for (name, changed) in [
        ("a letter more", format!("{good}A")),
        ("twice", format!("{good}{good}")),
        ("in capitals", good.to_uppercase()),
        ("of another kind", good.replacen("sw_", "sk_", 1)),
        ("its record's name", good.replacen("sw_", "key_", 1)),
    ] {
        server.refuses(name, &changed).await;
    }
    server.lets_in("as it was made", &good).await;
}

#[tokio::test]
async fn a_key_put_together_from_two_opens_neither_tenant() {
    let server = Server::new();
    let (mine, theirs) = (server.key("evil").await, server.key("acme").await);
    // The secret stands behind `sw_` and the 26 letters of the id.
    let (own, foreign) = (mine.split_at(30), theirs.split_at(30));
    server
        .refuses("their name, my secret", &format!("{}{}", foreign.0, own.1))
        .await;
    server
        .refuses("my name, their secret", &format!("{}{}", own.0, foreign.1))
        .await;
}

#[tokio::test]
async fn a_key_that_is_over_or_was_revoked_is_an_unknown_one() {
    let server = Server::new();
    let store = &**server.state.identity_store();
    let end = server.clock.wall.now().saturating_add(Duration::from_secs(10));
    let (_, short) = key_until(store, "acme", "runs:read", Some(end)).await;
    server.lets_in("before its end", &short).await;
    server.clock.wall.advance(Duration::from_secs(10));
    server.refuses("at its end", &short).await;
    let (gone, text) = key(store, "acme", "runs:read").await;
    let by = seawall_store::PrincipalName::parse("somebody").unwrap();
    let tenant = seawall_store::TenantId::new("acme").unwrap();
    store
        .revoke_key(&tenant, gone.id().to_store().unwrap(), by, None)
        .await
        .unwrap();
    server.refuses("revoked", &text).await;
}
