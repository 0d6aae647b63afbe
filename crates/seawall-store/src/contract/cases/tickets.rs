//! Tickets for browsers.

use std::time::Duration;

use crate::contract::world::assert_refused;
use crate::contract::{IdentityWorld, Subject, World};
use crate::error::StoreError;
use crate::ids::RunId;
use crate::records::{NewTicket, TicketRecord};

const MINUTE: Duration = Duration::from_secs(60);

fn ticket(run: RunId, secret: &str) -> NewTicket {
    NewTicket {
        hash: IdentityWorld::hash(secret),
        run,
        principal: IdentityWorld::principal("ann"),
        lives: MINUTE,
    }
}

async fn shown(world: &IdentityWorld<'_>, run: RunId, secret: &str) -> Option<TicketRecord> {
    let found = world.store.ticket(run, IdentityWorld::hash(secret)).await;
    found.expect("reading works")
}

pub async fn a_ticket_counts_for_its_run_until_it_expires(subject: &Subject) {
    let (runs, world) = (World::of(subject).await, IdentityWorld::of(subject));
    let (run, other) = (runs.unheld().await, runs.unheld().await);
    let issued = world.store.issue_ticket(&world.tenant, ticket(run, "secret")).await;
    let issued = issued.expect("the run is there");
    assert_eq!(
        (&issued.tenant, issued.run, issued.principal.as_str()),
        (&world.tenant, run, "ann")
    );
    assert_eq!(issued.expires_at, world.later(MINUTE));
    assert_eq!(shown(&world, run, "secret").await.as_ref(), Some(&issued));
    world.clock.advance(MINUTE - Duration::from_millis(1));
    // A browser that lost its connection comes back.
    assert_eq!(shown(&world, run, "secret").await, Some(issued));
    assert_eq!(shown(&world, other, "secret").await, None);
    assert_eq!(shown(&world, run, "guess").await, None);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(shown(&world, run, "secret").await, None);
}

pub async fn a_ticket_needs_a_run_of_the_tenant(subject: &Subject) {
    let (runs, world) = (World::of(subject).await, IdentityWorld::of(subject));
    let other = IdentityWorld::of_tenant(subject, "other");
    let run = runs.unheld().await;
    let foreign = other.store.issue_ticket(&other.tenant, ticket(run, "secret")).await;
    assert_refused!(foreign, StoreError::NotFound);
    let missing = world
        .store
        .issue_ticket(&world.tenant, ticket(RunId::generate(), "secret"))
        .await;
    assert_refused!(missing, StoreError::NotFound);
    assert_eq!(shown(&world, run, "secret").await, None);
    let issue = async || world.store.issue_ticket(&world.tenant, ticket(run, "secret")).await;
    issue().await.expect("the run is there");
    assert_refused!(issue().await, StoreError::Exists);
}

pub async fn tickets_are_forgotten_when_they_have_expired(subject: &Subject) {
    let (runs, world) = (World::of(subject).await, IdentityWorld::of(subject));
    let run = runs.unheld().await;
    let issue = async |secret| {
        let issued = world.store.issue_ticket(&world.tenant, ticket(run, secret)).await;
        issued.expect("the run is there")
    };
    for secret in ["a", "b", "c"] {
        issue(secret).await;
    }
    world.clock.advance(Duration::from_secs(1));
    issue("young").await;
    let forget = async |limit| world.store.forget_tickets(limit).await.expect("there is room");
    world.clock.advance(MINUTE - Duration::from_millis(1001));
    assert_eq!(forget(10).await, 0);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!((forget(2).await, forget(2).await, forget(2).await), (2, 1, 0));
    assert!(shown(&world, run, "young").await.is_some());
}
